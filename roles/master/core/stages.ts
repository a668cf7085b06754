/**
 * The stages of a generation in seconds, the slowest VM counting: place from
 * the master's own clock, copy, boot and healthy as the workers measured them.
 * Only VMs that the generation changed count.
 *
 * @module
 */
import { compareFence, type OrderFence } from "../../model/assignment.ts";
import type { Action } from "./actions.ts";
import type { GenerationDoc, PlacementDoc } from "./documents.ts";
import { isReady, type Observations } from "./snapshot.ts";

/** The highest pair a worker has shown, and when it showed it, for people. */
export interface Acknowledgement {
  fence: OrderFence;
  atMs: number;
}

/** Undefined: the worker has shown none to this process. */
export type AcknowledgedBy = (worker: string) => Acknowledgement | undefined;

type Seconds = GenerationDoc["seconds"];

function slower(a: number | null, b: number | null): number | null {
  return b === null ? a : Math.max(a ?? 0, b);
}

function rounded(milliseconds: number): number {
  return Math.max(0, Math.round(milliseconds)) / 1000;
}

/** Orders that their workers have seen by now. */
export function acknowledgements(
  placements: readonly PlacementDoc[],
  epochOf: (worker: string) => number,
  acknowledgedBy: AcknowledgedBy,
): Action[] {
  const actions: Action[] = [];
  for (const placement of placements) {
    if (placement.acknowledged || placement.leaving) continue;
    const seen = acknowledgedBy(placement.worker);
    if (seen === undefined) continue;
    const isSeen = compareFence(seen.fence, {
      leaseEpoch: epochOf(placement.worker),
      revision: placement.orderRevision,
    }) >= 0;
    if (!isSeen) continue;
    actions.push({
      kind: "acknowledge",
      before: placement,
      after: { ...placement, acknowledged: true },
      reason: `${placement.worker} has received it`,
    });
  }
  return actions;
}

/** The stages of a generation that is being rolled out since `sinceMs`, never shorter than before. */
export function stageSeconds(
  generation: GenerationDoc,
  sinceMs: number,
  placements: readonly PlacementDoc[],
  fresh: readonly Action[],
  observed: Observations,
  acknowledgedBy: AcknowledgedBy,
): Seconds {
  const seconds = { ...generation.seconds };
  for (const { after } of fresh) {
    if (after === null || after.startedIn !== generation.generation) continue;
    const atMs = acknowledgedBy(after.worker)?.atMs;
    if (atMs === undefined) continue;
    seconds.place = slower(
      seconds.place,
      rounded(atMs - sinceMs),
    );
  }
  for (const placement of placements) {
    if (placement.leaving || placement.startedIn !== generation.generation) {
      continue;
    }
    const seen = observed.of(placement);
    if (seen?.runtimeHash !== placement.runtimeHash) continue;
    seconds.copy = slower(seconds.copy, seen.seconds.copy);
    seconds.boot = slower(seconds.boot, seen.seconds.boot);
    if (isReady(placement, seen)) {
      seconds.healthy = slower(seconds.healthy, seen.seconds.healthy);
    }
  }
  return seconds;
}

/** True when two sets of stages are equal. */
export function isSameSeconds(a: Seconds, b: Seconds): boolean {
  return a.copy === b.copy && a.place === b.place && a.boot === b.boot &&
    a.healthy === b.healthy;
}
