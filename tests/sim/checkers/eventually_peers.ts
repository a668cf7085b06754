/**
 * Every bridge lets through what the specs allow, and nothing else: worked out
 * anew from what is committed and what was published, compared with what each
 * host's network was told last.
 *
 * @module
 */
import type { PlacementDoc } from "../../../roles/master/core/documents.ts";
import type { Host } from "../host.ts";
import type { Eventually, World } from "./checker.ts";

function nameOf({ vm }: PlacementDoc): string {
  return vm.slice(vm.indexOf("/") + 1, vm.lastIndexOf("-"));
}

function allowedBy(
  { workload }: World,
  placement: PlacementDoc,
  generation: number,
): readonly string[] {
  const name = nameOf(placement);
  return workload.sent.get(generation)?.vmSpecs
    .find((spec) => spec.name === name)?.network.allowedPeers ?? [];
}

function sortedList(addresses: readonly string[]): string {
  return [...addresses].sort().join(" ");
}

function checkGuest(
  world: World,
  host: Host,
  placement: PlacementDoc,
): string | null {
  const { vm: id, incarnation, address = "", generation } = placement;
  const guest = host.guestNetworks.table.guest({ id, incarnation });
  const who = `${id} on ${host.name}`;
  if (guest === undefined) return `${who} is not on the network`;
  if (guest.network.address !== address) return `${who} is not at ${address}`;
  const all = [...world.transitions.placements.values()]
    .filter((other) => other.address !== undefined);
  const addressesOf = (found: readonly PlacementDoc[]) =>
    sortedList(found.map((other) => other.address ?? ""));
  const expected = allowedBy(world, placement, generation).map((peer) => {
    const mains = all.filter((other) =>
      nameOf(other) === peer && !other.surge && !other.leaving
    );
    return `${peer} is ${addressesOf(mains)}`;
  });
  const told = guest.network.peers.map(({ name, addresses }) =>
    `${name} is ${sortedList(addresses)}`
  );
  if (told.join("; ") !== expected.join("; ")) {
    return `${who} was told that ${told.join("; ")}, but ${
      expected.join("; ")
    }`;
  }
  const sources = addressesOf(
    all.filter((other) =>
      [other.generation, other.fallbackGeneration].some((number) =>
        allowedBy(world, other, number).includes(nameOf(placement))
      )
    ),
  );
  const admitted = sortedList(guest.network.sources);
  return admitted === sources
    ? null
    : `${who} admits ${admitted}, and should ${sources}`;
}

export const eventuallyPeers: Eventually = (world) => {
  if (!world.plan.hasNetworks) return null;
  for (const placement of world.transitions.placements.values()) {
    if (placement.leaving || placement.address === undefined) continue;
    const host = world.hosts.find(({ name }) => name === placement.worker);
    if (host === undefined) continue;
    const missing = checkGuest(world, host, placement);
    if (missing !== null) return missing;
  }
  const bridged = world.workers.filter(({ isBridged }) => isBridged);
  for (const { host } of bridged) {
    const routes = host.guestNetworks.table.plan?.host.routes.length;
    if (routes === undefined) continue;
    if (routes !== bridged.length - 1) {
      return `${host.name} has ${routes} routes to ${
        bridged.length - 1
      } others`;
    }
  }
  return null;
};
