/**
 * From an assignment to what each VM is told: the fence, and one order or none
 * per VM. Pure. How a VM gets there is the state machine's to say.
 *
 * @module
 */
import {
  type Assignment,
  compareFence,
  type Order,
  type OrderFence,
} from "../../model/assignment.ts";

/** What becomes of an assignment. */
export type AssignmentPlan =
  | {
    readonly kind: "accepted";
    readonly fence: OrderFence;
    /** By VM id; null: it should not be here. */
    readonly orders: ReadonlyMap<string, Order | null>;
  }
  /** The pair is the one we have: nothing to do. */
  | { readonly kind: "ignored" }
  | { readonly kind: "denied"; readonly reason: string };

/**
 * Judges an assignment against the highest fence accepted and the VMs known.
 * A lower pair, another worker's orders or two orders for one VM change nothing.
 */
export function planAssignment(
  worker: { name: string; fence: OrderFence; vms: Iterable<string> },
  assignment: Assignment,
): AssignmentPlan {
  if (assignment.worker !== worker.name) {
    const reason =
      `the assignment is for worker "${assignment.worker}", this is "${worker.name}"`;
    return { kind: "denied", reason };
  }
  const order = compareFence(assignment, worker.fence);
  if (order === 0) return { kind: "ignored" };
  if (order < 0) {
    const { leaseEpoch, revision } = worker.fence;
    const reason =
      `the assignment's pair (${assignment.leaseEpoch}, ${assignment.revision}) is lower than (${leaseEpoch}, ${revision})`;
    return { kind: "denied", reason };
  }
  const orders = new Map<string, Order | null>();
  for (const id of worker.vms) orders.set(id, null);
  const seen = new Set<string>();
  for (const each of assignment.orders) {
    if (seen.has(each.vm)) {
      const reason = `the assignment has two orders for "${each.vm}"`;
      return { kind: "denied", reason };
    }
    seen.add(each.vm);
    orders.set(each.vm, each);
  }
  const { leaseEpoch, revision } = assignment;
  return { kind: "accepted", fence: { leaseEpoch, revision }, orders };
}
