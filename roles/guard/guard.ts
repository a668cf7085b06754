/**
 * One guard: a deadline and the VMMs under it. Ends them all once the deadline
 * has passed, and never moves it by itself.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Clock } from "../model/ports.ts";
import type {
  GuardedEnd,
  GuardedProcess,
  GuardedStart,
} from "../../vmm/host/spawner.ts";
import type { Children } from "./children.ts";
import {
  type Deadline,
  deadlineAt,
  extended,
  leaseName,
  leaseNumber,
  NO_DEADLINE,
  startRefusal,
} from "./core/deadline.ts";
import type { HeldLease } from "./core/messages.ts";

export class Guard {
  readonly #children: Children;
  readonly #clock: Clock;
  readonly #incarnation: string;
  #deadline: Deadline = NO_DEADLINE;

  constructor(
    options: { children: Children; clock: Clock; incarnation: string },
  ) {
    this.#children = options.children;
    this.#clock = options.clock;
    this.#incarnation = options.incarnation;
  }

  /** The lease in force. */
  get held(): HeldLease {
    this.look();
    const { lease, deadlineMs } = this.#deadline;
    return deadlineMs === null
      ? null
      : { lease: leaseName(this.#incarnation, lease), deadlineMs };
  }

  extend(deadlineMs: number): HeldLease {
    // What a passed deadline ends is ended before there is another one.
    this.look();
    this.#deadline = extended(this.#deadline, deadlineMs, this.#clock.bootMs());
    return this.held;
  }

  /** @throws {AppError} `refused`, `conflict`, `overloaded`, `missing_dependency`, `failed`. */
  spawn(start: GuardedStart): GuardedProcess {
    this.look();
    const lease = leaseNumber(this.#incarnation, start.lease);
    const refusal = startRefusal(this.#deadline, { vm: start.vm, lease }, {
      at: this.#clock.bootMs(),
      running: this.#children.alive(),
      count: this.#children.count,
    });
    if (refusal === null) return this.#children.start(start);
    throw new AppError(
      refusal.code,
      `Cannot start VM "${start.vm}": ${refusal.why}`,
    );
  }

  kill(marker: string): Promise<void> {
    return this.#children.end(marker, {
      by: "request",
      reason: "the worker ended it",
    });
  }

  endOf(marker: string): GuardedEnd | null {
    return this.#children.endOf(marker);
  }

  /** Ends everything once the deadline has passed; true when something had to be ended. */
  look(): boolean {
    const now = deadlineAt(this.#deadline, this.#clock.bootMs());
    const passed = now !== this.#deadline;
    this.#deadline = now;
    if (passed) void this.endAll("the lease ended");
    return passed;
  }

  async endAll(reason: string): Promise<void> {
    const markers = [...this.#children.all()].map(({ marker }) => marker);
    await Promise.all(
      markers.map((marker) =>
        this.#children.end(marker, { by: "fence", reason })
      ),
    );
  }
}
