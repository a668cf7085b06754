/**
 * Writes a tick's plan into a draft: documents, worker revisions, and the
 * independent check that the result holds. No decisions.
 *
 * @module
 */
import { type Action, applyActions, reissues } from "./core/actions.ts";
import {
  generationKey,
  type PlacementDoc,
  placementKey,
} from "./core/documents.ts";
import type { ClusterChange } from "./core/generations.ts";
import {
  BrokenInvariant,
  checkTouched,
  type Touched,
} from "./core/plan_check.ts";
import type { ClusterTick } from "./core/tick.ts";
import type { Draft } from "./documents.ts";
import type { Networking } from "./networking.ts";

/** Puts the documents of a change into the draft. */
export function applyChange(draft: Draft, change: ClusterChange): void {
  draft.put("cluster", change.cluster.name, change.cluster);
  for (const doc of change.generations) {
    draft.put("generation", generationKey(doc.cluster, doc.generation), doc);
  }
}

/**
 * Applies every cluster's tick.
 *
 * @throws {BrokenInvariant} when the plan breaks one: a bug, which must not be committed.
 */
export function applyTick(
  draft: Draft,
  ticks: readonly ClusterTick[],
  networking: Networking,
): void {
  for (const { isChanged, change, volumes } of ticks) {
    if (isChanged) applyChange(draft, change);
    for (const doc of volumes) draft.put("volume", doc.vm, doc);
  }
  const planned = ticks.flatMap((tick) => tick.actions);
  if (planned.length === 0) return;
  const { actions, networks } = networking.withAddresses(draft, planned);
  networking.tellPeers(draft, actions, () => {
    for (const [name, network] of networks) {
      const worker = draft.get("worker", name);
      if (worker !== undefined) {
        draft.put("worker", name, { ...worker, network });
      }
    }
    return applyPlacements(draft, actions);
  });
  const broken = checkTouched({
    heldOn: (worker) => draft.heldOn(worker),
    placementsOn: (worker) => draft.placementsOn(worker),
    placementsOfVm: (vm) => placementsOfVm(draft, vm),
    worker: (name) => draft.get("worker", name),
  }, touchedBy(actions));
  if (broken.length > 0) {
    throw new BrokenInvariant(
      `the plan breaks an invariant: ${broken.join("; ")}`,
    );
  }
}

function* placementsOfVm(draft: Draft, vm: string): Generator<PlacementDoc> {
  for (const [, doc] of draft.entries("placement", `${vm}#`)) yield doc;
}

function touchedBy(actions: readonly Action[]): Touched {
  const workers = new Set<string>();
  const ports = new Set<string>();
  const addresses = new Set<string>();
  const vms = new Set<string>();
  for (const action of actions) {
    const { before, after } = action;
    if (after === null) continue;
    const isHeld = (port: number) => before?.ports.includes(port) === true;
    if (!after.ports.every(isHeld)) ports.add(after.worker);
    if (after.address !== before?.address) addresses.add(after.worker);
    if (action.kind !== "acknowledge") vms.add(after.vm);
    if (takesMore(action)) workers.add(after.worker);
  }
  return { workers, ports, addresses, vms };
}

/** What a worker holds already is no plan's fault, even if the worker now offers less. */
function takesMore({ before, after }: Action): boolean {
  if (after === null) return false;
  if (before === null) return true;
  return after.reserved.cpuMilli > before.reserved.cpuMilli ||
    after.reserved.memoryMib > before.reserved.memoryMib;
}

/** Tells the workers of a cluster to try a generation again. */
export function applyReissues(
  draft: Draft,
  cluster: string,
  generation: number,
): void {
  const placements = [...draft.entries("placement", `${cluster}/`)]
    .map(([, doc]) => doc);
  applyPlacements(draft, reissues(placements, generation));
}

/** The workers whose revision rose. */
function applyPlacements(
  draft: Draft,
  actions: readonly Action[],
): Set<string> {
  for (const { before, after, reason } of actions) {
    const doc = after ?? before;
    if (doc !== null) draft.explain(placementKey(doc), reason);
  }
  const applied = applyActions(
    actions,
    (worker) => draft.get("worker", worker)?.revision ?? 0,
  );
  for (const doc of applied.put) {
    draft.put("placement", placementKey(doc), doc);
  }
  for (const key of applied.removed) draft.delete("placement", key);
  for (const [name, revision] of applied.revisions) {
    const worker = draft.get("worker", name);
    if (worker !== undefined) {
      draft.put("worker", name, { ...worker, revision });
    }
  }
  return new Set(applied.revisions.keys());
}
