/**
 * How long a VM keeps away from a worker where it failed. Doubles with each
 * failure there, so that a VM that fails everywhere does not go round and
 * round. What the host did to it and what it failed by itself are counted
 * apart: nobody waits longer for the fault of another.
 *
 * @module
 */
import { type Avoid, MAX_AVOIDED, type PlacementDoc } from "./documents.ts";

/** Long enough for a passing fault to pass. */
const FIRST_MS = 30_000;
/** Short enough that a mended host is used again the same hour. */
const LONGEST_MS = 600_000;

/** The list with this placement's worker added or its time doubled; counted once per order. */
export function avoidWorker(
  placement: PlacementDoc,
  { reason, isHost }: { reason: string; isHost: boolean },
  nowMs: number,
): Avoid[] {
  const known = placement.avoid.find((entry) =>
    entry.worker === placement.worker
  );
  if (known?.orderRevision === placement.orderRevision) return placement.avoid;
  const count = known?.isHost === isHost ? known.count + 1 : 1;
  const entry: Avoid = {
    worker: placement.worker,
    orderRevision: placement.orderRevision,
    count,
    untilMs: nowMs + Math.min(FIRST_MS * 2 ** (count - 1), LONGEST_MS),
    reason,
    isHost,
  };
  return [...placement.avoid.filter((other) => other !== known), entry]
    .slice(-MAX_AVOIDED);
}

/** This order's own failure on its worker, if it was recorded. */
export function recordedFailure(placement: PlacementDoc): Avoid | undefined {
  return placement.avoid.find((entry) =>
    entry.worker === placement.worker &&
    entry.orderRevision === placement.orderRevision
  );
}
