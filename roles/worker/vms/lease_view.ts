/**
 * What the VMs see of the lease: whether exclusive ones may run, and until when
 * that is sure. Holds no lease itself.
 *
 * @module
 */
import type { OrderFence } from "../../model/assignment.ts";
import type { Fencing } from "../fencing/core/fencing.ts";

/** What the VMs need to know of the lease. */
export interface LeaseView {
  /** What exclusive VMs may do now, under the orders of `accepted`. */
  fencing(accepted: OrderFence): Fencing;
  /** When that may change by time alone. */
  readonly endsAtMs: number;
  watch(onChange: () => void): Disposable;
}

/** A host without a guard takes no exclusive VMs. */
export const NO_LEASE: LeaseView = {
  fencing: () => ({
    kind: "shut",
    reason: "an exclusive VM needs a live guard, and this host has none",
    hostFault: true,
  }),
  endsAtMs: Infinity,
  watch: () => ({ [Symbol.dispose]: () => undefined }),
};
