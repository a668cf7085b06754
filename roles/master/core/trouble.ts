/**
 * Whether a copy cannot do its work where it is: its worker is lost, or the
 * host fails it. That is never the fault of what it runs. Decides nothing
 * about what follows: moving.ts and surging.ts do.
 *
 * @module
 */
import { avoidWorker } from "./backoff.ts";
import type { Avoid, PlacementDoc } from "./documents.ts";
import type { PlanBuilder } from "./plan_builder.ts";
import { isAvailable } from "./snapshot.ts";

export interface Trouble {
  why: string;
  /** Nothing can be done with it there. */
  isLost: boolean;
  /** The workers to keep away from, this one included. */
  avoid: Avoid[];
}

/** What is wrong with this copy's host; null: nothing. */
export function troubleOf(
  plan: PlanBuilder,
  copy: PlacementDoc,
): Trouble | null {
  const { observed, nowMs } = plan.input;
  const isLost = observed.state(copy.worker) === "lost";
  const seen = observed.of(copy);
  const failure = seen?.hostFailure ?? null;
  if (!isLost && failure === null) return null;
  // The cache is everybody's: it would fail elsewhere too, and what runs here would be gone.
  if (failure?.kind === "cache" && isAvailable(seen)) return null;
  const why = isLost
    ? `${copy.worker} is lost`
    : `${copy.worker} failed (${failure?.kind}): ${failure?.message}`;
  const failed = { reason: why, isHost: true };
  return { why, isLost, avoid: avoidWorker(copy, failed, nowMs) };
}
