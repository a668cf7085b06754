/**
 * What a new worker process clears up after the one before, which may have
 * died between keeping what came of a change and unpinning what was before it.
 * Pure.
 *
 * @module
 */
import type { Action } from "./vm_messages.ts";
import type { Vm } from "./vm_state.ts";

/** Unpins what a copy neither runs nor may run next, or go back to. What is being fetched stays as well. */
export function tidy({ ledger, desired, guest }: Vm): Action[] {
  const { attempt, lastHealthy, switched } = ledger;
  const keep = new Set<string>();
  for (const target of [attempt?.target, lastHealthy]) {
    if (target != null) keep.add(target.runtimeHash);
  }
  if (guest.kind === "on") keep.add(guest.target.runtimeHash);
  if (switched != null) keep.add(switched.booted);
  const orders = [
    ledger.order,
    desired.kind === "order" ? desired.order : null,
  ];
  for (const order of orders) {
    if (order === null) continue;
    keep.add(order.runtimeHash);
    if (order.fallback.kind === "spec") keep.add(order.fallback.runtimeHash);
  }
  // To keep nothing is to forget the copy, which has an end of its own.
  return keep.size === 0 ? [] : [{ kind: "prune", keep: [...keep] }];
}
