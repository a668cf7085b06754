/**
 * The port to what keeps an exclusive VM from running twice: it ends every
 * exclusive VMM of this host at a deadline that only a lease moves, whatever
 * becomes of the worker. A guard process is one; hardware watchdogs and power
 * fencing come behind this port.
 *
 * @module
 */

/** What the fence says, by its last word. */
export type FenceState =
  /** Nothing guards: no exclusive VM can run here. */
  | { readonly kind: "absent"; readonly reason: string }
  /** It guards, and no deadline is ahead: nothing exclusive runs. */
  | { readonly kind: "lapsed" }
  /**
   * Exclusive VMs may run until `deadlineMs` of the boot-time clock. `lease`
   * names the time without a gap: after a gap it is another one, so that what
   * was decided before it is refused.
   */
  | {
    readonly kind: "held";
    readonly lease: string;
    readonly deadlineMs: number;
  };

export interface Fence {
  /** `held` may be over by its own deadline: the reader has a clock. */
  readonly state: FenceState;
  /**
   * Exclusive VMs may run until `deadlineMs` of the boot-time clock: the time a
   * renewal was *sent* plus the lease, told after the master's answer. A
   * deadline that is not ahead, or not later than the one in force, changes
   * nothing.
   *
   * @throws {AppError} `unavailable` when nothing guards.
   */
  extend(deadlineMs: number): Promise<void>;
  /** Calls `onChange` after `state` has changed, other than by its deadline. */
  watch(onChange: () => void): Disposable;
  close(): Promise<void>;
}

/** No guard: exclusive VMs do not run. */
export const noFence: Fence = {
  state: {
    kind: "absent",
    reason: "an exclusive VM needs a live guard, and this host has none",
  },
  extend: () => Promise.resolve(),
  watch: () => ({ [Symbol.dispose]: () => undefined }),
  close: () => Promise.resolve(),
};
