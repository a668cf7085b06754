/**
 * What a new worker process clears up after the one before, which may have
 * died between keeping that a change is committed and unpinning what was before
 * it. Pure.
 *
 * @module
 */
import type { Action } from "./vm_messages.ts";
import type { Vm } from "./vm_state.ts";

/** For a copy that is at rest: unpins what nobody needs any more. A change under way unpins at its own end. */
export function tidy({ ledger, desired, guest }: Vm): Action[] {
  const { attempt, lastHealthy, switched } = ledger;
  if (guest.kind !== "on" || attempt?.settled !== true) return [];
  const keep = new Set([
    guest.target.runtimeHash,
    attempt.target.runtimeHash,
    ...(lastHealthy === null ? [] : [lastHealthy.runtimeHash]),
  ]);
  if (switched != null) keep.add(switched.booted);
  if (desired.kind === "order") {
    const { runtimeHash, fallback } = desired.order;
    keep.add(runtimeHash);
    if (fallback.kind === "spec") keep.add(fallback.runtimeHash);
  }
  return [{ kind: "prune", keep: [...keep] }];
}
