/**
 * The worker's lease: what the master's answers say of it, and what the fence
 * makes of that. Counts from when a renewal was sent, never from its answer:
 * the master counts from its arrival, which is later.
 *
 * @module
 */
import { compareFence, type OrderFence } from "../../model/assignment.ts";
import type { Clock } from "../../model/ports.ts";
import { type Fencing, fencingOf } from "./core/fencing.ts";
import type { Fence } from "./fence.ts";

/** What the lease is kept with. */
export interface LeaseOptions {
  fence: Fence;
  clock: Clock;
  /** Told when the fence could not be moved. */
  onWarning: (message: string, error: unknown) => void;
}

/** A renewal that the master has answered. */
export interface Renewal {
  /** Boot-time milliseconds before it was sent. */
  sentMs: number;
  leaseMs: number;
  /** The newest pair of this worker's orders, by the answer. */
  newest: OrderFence;
}

export class Lease {
  readonly #options: LeaseOptions;
  readonly #watchers = new Set<() => void>();
  #newest: OrderFence | null = null;

  constructor(options: LeaseOptions) {
    this.#options = options;
    options.fence.watch(() => this.#changed());
  }

  /** A live fence answers: the host can take exclusive VMs. */
  get isGuarded(): boolean {
    return this.#options.fence.state.kind !== "absent";
  }

  /** What exclusive VMs may do now, under the orders of `accepted`. */
  fencing(accepted: OrderFence): Fencing {
    const { fence, clock } = this.#options;
    const known = { fence: fence.state, newest: this.#newest, accepted };
    return fencingOf(known, clock.bootMs());
  }

  /** When `fencing` may become another by time alone; Infinity: only by events. */
  get endsAtMs(): number {
    const { state } = this.#options.fence;
    return state.kind === "held" ? state.deadlineMs : Infinity;
  }

  /** Never rejects: a fence that cannot be moved ends what it must end. */
  async renewed({ sentMs, leaseMs, newest }: Renewal): Promise<void> {
    // First: under the new deadline nothing may start by orders that are older.
    if (this.#newest === null || compareFence(newest, this.#newest) > 0) {
      this.#newest = newest;
    }
    const { fence, onWarning } = this.#options;
    if (fence.state.kind === "absent") return;
    try {
      await fence.extend(sentMs + leaseMs);
    } catch (error) {
      onWarning("cannot renew the lease with the guard", error);
    }
    this.#changed();
  }

  /** Calls `onChange` after `fencing` may have changed otherwise than by time. */
  watch(onChange: () => void): Disposable {
    this.#watchers.add(onChange);
    return { [Symbol.dispose]: () => void this.#watchers.delete(onChange) };
  }

  #changed(): void {
    for (const tell of [...this.#watchers]) tell();
  }
}
