/**
 * Whether a worker counts as there. Pure arithmetic over boot-time
 * milliseconds; who renews a lease and when is the service's business.
 *
 * ```
 * alive --leaseMs--> disconnected --lostAfterMs--> lost
 *   ^____________________|___________________________|   a renewal
 * ```
 *
 * @module
 */

/** What a guard needs to kill every exclusive VMM after its deadline has passed. */
const KILL_BUDGET_MS = 2000;
/** The worker's clock may run 1% slower than ours. */
const CLOCK_DRIFT = 1.01;

export type Liveness = "alive" | "disconnected" | "lost";

/** After this much silence, counted from the renewal's arrival, nothing exclusive can run there. */
export function lostAfterMs(leaseMs: number): number {
  return Math.ceil(leaseMs * CLOCK_DRIFT) + KILL_BUDGET_MS;
}

/** The state of a lease renewed at `renewedMs`. */
export function livenessOf(
  renewedMs: number,
  bootMs: number,
  leaseMs: number,
): Liveness {
  const silentMs = bootMs - renewedMs;
  if (silentMs < leaseMs) return "alive";
  return silentMs < lostAfterMs(leaseMs) ? "disconnected" : "lost";
}
