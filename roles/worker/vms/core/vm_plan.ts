/**
 * From an assignment to what each copy of a VM is told: the fence, and one
 * order or none per copy. Pure. How a copy gets there is the state machine's to
 * say.
 *
 * @module
 */
import { type CopyId, copyKey } from "../../../model/ids.ts";
import {
  type Assignment,
  compareFence,
  type Order,
  type OrderFence,
} from "../../../model/assignment.ts";

/** What becomes of an assignment. */
export type AssignmentPlan =
  | {
    readonly kind: "accepted";
    readonly fence: OrderFence;
    /** By copy; without an order it should not be here. Those come first: what they hold is wanted. */
    readonly orders: ReadonlyMap<
      string,
      { readonly copy: CopyId; readonly order: Order | null }
    >;
  }
  /** The pair is the one we have: nothing to do. */
  | { readonly kind: "ignored" }
  | { readonly kind: "denied"; readonly reason: string };

/**
 * Judges an assignment against the highest fence accepted and the copies known.
 * A lower pair, another worker's orders or two orders for one copy change nothing.
 */
export function planAssignment(
  worker: { name: string; fence: OrderFence; copies: Iterable<CopyId> },
  assignment: Assignment,
): AssignmentPlan {
  if (assignment.worker !== worker.name) {
    const reason =
      `the assignment is for worker "${assignment.worker}", this is "${worker.name}"`;
    return { kind: "denied", reason };
  }
  const newer = compareFence(assignment, worker.fence);
  if (newer === 0) return { kind: "ignored" };
  if (newer < 0) {
    const { leaseEpoch, revision } = worker.fence;
    const reason =
      `the assignment's pair (${assignment.leaseEpoch}, ${assignment.revision}) is lower than (${leaseEpoch}, ${revision})`;
    return { kind: "denied", reason };
  }
  const ordered = new Map<string, { copy: CopyId; order: Order }>();
  for (const order of assignment.orders) {
    const copy = { id: order.vm, incarnation: order.incarnation };
    const key = copyKey(copy);
    if (ordered.has(key)) {
      const reason = `the assignment has two orders for "${key}"`;
      return { kind: "denied", reason };
    }
    ordered.set(key, { copy, order });
  }
  const orders = new Map<string, { copy: CopyId; order: Order | null }>();
  for (const copy of worker.copies) {
    const key = copyKey(copy);
    if (!ordered.has(key)) orders.set(key, { copy, order: null });
  }
  for (const [key, each] of ordered) orders.set(key, each);
  const { leaseEpoch, revision } = assignment;
  return { kind: "accepted", fence: { leaseEpoch, revision }, orders };
}
