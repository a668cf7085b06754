/**
 * The network of guests in a store that is restored. What the replaced store
 * gave out after the backup was made is in use on workers until they are told
 * otherwise: it is remembered as such, so that nobody else is given it first.
 * Finds what core/addresses.ts decides on.
 *
 * @module
 */
import { AddressGiver } from "./core/addresses.ts";
import { placementKey, type WorkerNetwork } from "./core/documents.ts";
import { type Draft, FIRST_STORE, STORE_ID } from "./documents.ts";
import type { Placed } from "./restore_places.ts";

/** Subnets as the replaced store has them: each worker's own, no two alike. */
function takeSubnets(draft: Draft, { workers }: Placed): void {
  const theirs = new Map<string, WorkerNetwork>();
  for (const { name, network } of workers) {
    if (network !== undefined) theirs.set(name, network);
  }
  const taken = new Set([...theirs.values()].map(({ subnet }) => subnet));
  for (const [name, doc] of [...draft.entries("worker")]) {
    const { network: ours, ...rest } = doc;
    const network = theirs.get(name) ??
      // It was removed since, and its subnet may be another's.
      (ours !== undefined && taken.has(ours.subnet) ? undefined : ours);
    if (network === ours) continue;
    draft.put("worker", name, {
      ...rest,
      ...(network === undefined ? {} : { network }),
    });
  }
}

/** Every copy has an address of its worker, of its own, or none. */
function mendAddresses(draft: Draft): void {
  for (const [name, doc] of [...draft.entries("worker")]) {
    const placements = [...draft.placementsOn(name)];
    const prefix = doc.network?.subnet.replace(/0\/24$/, "");
    const used = new Set<string>();
    const wrong = placements.filter(({ address }) => {
      if (address === undefined) return false;
      const isGood = prefix !== undefined && address.startsWith(prefix) &&
        !used.has(address);
      used.add(address);
      return !isGood;
    });
    const giver = doc.network === undefined
      ? undefined
      : new AddressGiver(doc.network, used);
    for (const { address: _wrong, ...placement } of wrong) {
      const address = placement.leaving ? null : giver?.give() ?? null;
      draft.put("placement", placementKey(placement), {
        ...placement,
        ...(address === null ? {} : { address }),
      });
    }
    if (giver !== undefined && giver.network !== doc.network) {
      draft.put("worker", name, { ...doc, network: giver.network });
    }
  }
}

/** `placed` null: the replaced store cannot be read. */
export function restoreNetworks(draft: Draft, placed: Placed | null): void {
  if (placed !== null) {
    takeSubnets(draft, placed);
    const { lastSubnet } = placed;
    const store = draft.get("store", STORE_ID) ?? FIRST_STORE;
    if (lastSubnet !== undefined) {
      draft.put("store", STORE_ID, { ...store, lastSubnet });
    }
  }
  mendAddresses(draft);
}
