/**
 * Where exclusive VMs may run that a restored store knows nothing of. The
 * backup says where they were; since then they may have moved, and what is
 * never to run twice must not be started before that is settled. Pure.
 *
 * Every place a copy may be is written down as a copy that leaves: the plan
 * starts a VM elsewhere only when each of those workers has taken its new
 * orders and reports the copy gone, or is lost and fenced. So a restore uses
 * the rules that a move uses, and adds none.
 *
 * - The replaced store can be read: it says where the copies are. Where both
 *   agree nothing is in doubt, and the VM runs on untouched.
 * - It cannot: a copy may be on any worker the backup knows. One that joined
 *   later is not known: its own guard ends its VMs when its lease runs out.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { type PlacementDoc, placementKey } from "./documents.ts";

/** Content that nobody knows: such a copy stands for whatever copy of its VM is on that worker. */
export const UNKNOWN_CONTENT = "0".repeat(64);

/** What is known when a store is restored. */
export interface Restored {
  /** Instances that must never run twice, with a kept generation whose spec says so. */
  exclusive: ReadonlyMap<string, number>;
  /** Of the backup. */
  placements: readonly PlacementDoc[];
  /** Of the store that is replaced; null: it cannot be read, or was lost. */
  replaced: readonly PlacementDoc[] | null;
  /** All workers that the backup knows. */
  workers: readonly string[];
  /** An incarnation of this VM's cluster that was never given out. */
  nextIncarnation(vm: string): number;
}

function byVm(
  placements: readonly PlacementDoc[],
): Map<string, PlacementDoc[]> {
  const map = new Map<string, PlacementDoc[]>();
  for (const doc of placements) {
    const list = map.get(doc.vm);
    if (list === undefined) map.set(doc.vm, [doc]);
    else list.push(doc);
  }
  return map;
}

/** One copy on one worker, as text. */
function placeOf(doc: PlacementDoc): string {
  return `${placementKey(doc)} ${doc.worker} ${doc.leaving}`;
}

function isSamePlaces(a: PlacementDoc[], b: PlacementDoc[]): boolean {
  const places = new Set(a.map(placeOf));
  return places.size === b.length && b.every((doc) => places.has(placeOf(doc)));
}

/** A copy that leaves and takes no room: what it has is not known. */
function leavingAt(
  { vm, incarnation, worker, generation, runtimeHash }:
    & Pick<PlacementDoc, "vm" | "incarnation" | "worker" | "generation">
    & { runtimeHash: string },
): PlacementDoc {
  return {
    vm,
    incarnation,
    worker,
    generation,
    startedIn: generation,
    runtimeHash,
    policyHash: UNKNOWN_CONTENT,
    // The restored store's epoch is above all before it: that a worker has it is enough.
    orderRevision: 0,
    fallbackGeneration: 0,
    reserved: { cpuMilli: 0, memoryMib: 0 },
    ports: [],
    acknowledged: false,
    leaving: true,
    avoid: [],
    surge: false,
    decision: null,
  };
}

/** Documents that one restore writes at most, 1 KiB each: a thousand exclusive VMs on two hundred workers. */
const MAX_DOUBTS = 200_000;

/**
 * The placements that change: those of the backup that leave, and those that may be.
 *
 * @throws {AppError} `refused` when nobody knows where so many may be.
 */
export function doubtfulCopies(restored: Restored): PlacementDoc[] {
  const { exclusive, workers, nextIncarnation } = restored;
  const doubts = exclusive.size * workers.length;
  if (restored.replaced === null && doubts > MAX_DOUBTS) {
    throw new AppError(
      "refused",
      `Cannot restore without the database that is replaced: each of ${exclusive.size} exclusive VMs may run on any of ${workers.length} workers, and at most ${MAX_DOUBTS} such doubts are kept`,
      {
        hint:
          "put the last database beside it, as master.sqlite, even a copy that is some days old",
      },
    );
  }
  const ours = byVm(restored.placements);
  const theirs = restored.replaced === null ? null : byVm(restored.replaced);
  const changed: PlacementDoc[] = [];
  for (const [vm, generation] of exclusive) {
    const known = ours.get(vm) ?? [];
    const actual = theirs?.get(vm) ?? [];
    if (theirs !== null && isSamePlaces(known, actual)) continue;
    for (const doc of known) {
      if (!doc.leaving) changed.push({ ...doc, leaving: true });
    }
    const keys = new Set(known.map(placementKey));
    for (const { incarnation, worker, runtimeHash } of actual) {
      if (keys.has(placementKey({ vm, incarnation }))) continue;
      changed.push(
        leavingAt({ vm, incarnation, worker, generation, runtimeHash }),
      );
    }
    if (theirs !== null) continue;
    for (const worker of workers) {
      changed.push(leavingAt({
        vm,
        incarnation: nextIncarnation(vm),
        worker,
        generation,
        runtimeHash: UNKNOWN_CONTENT,
      }));
    }
  }
  return changed;
}
