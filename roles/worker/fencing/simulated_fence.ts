/**
 * A guard without processes, on the Clock port: the rules of the real one over
 * a table. It outlives its worker as a real guard does; the worker gets a
 * `fence()` of it in each life.
 *
 * Nothing is ended by a timer: what a passed deadline ends counts as ended
 * whenever somebody looks.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type {
  GuardedEnd,
  GuardedProcess,
  GuardedStart,
  GuardedVmm,
  Spawner,
} from "../../../vmm/host/spawner.ts";
import {
  type Deadline,
  deadlineAt,
  extended,
  leaseName,
  leaseNumber,
  NO_DEADLINE,
  startRefusal,
} from "../../guard/core/deadline.ts";
import type { Fence, FenceState } from "./fence.ts";

/** Ends kept to be asked for: far more than a host has VMs at once. */
const MAX_ENDS = 1000;

/** The guard of one simulated host. */
export class SimulatedGuard {
  readonly #clock: Clock;
  #lives = 0;
  #alive = false;
  #deadline: Deadline = NO_DEADLINE;
  #running = new Map<string, GuardedVmm>();
  #ends = new Map<string, GuardedEnd>();
  #nextPid = 1;
  readonly #changed = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
    this.start();
  }

  /** A new guard process: it knows nothing, and nothing runs under it. */
  start(): void {
    if (this.#alive) return;
    this.#alive = true;
    this.#lives++;
    this.#deadline = NO_DEADLINE;
    this.#tellChanged();
  }

  /** The process dies: everything under it dies at once. */
  kill(): void {
    this.#endAll("the guard died");
    this.#alive = false;
    this.#tellChanged();
  }

  /** What runs under it now. */
  get running(): readonly GuardedVmm[] {
    this.#look();
    return [...this.#running.values()];
  }

  /** A worker's side of it, for one life of the worker. */
  fence(): Fence & Spawner {
    return new SimulatedFence(this);
  }

  get state(): FenceState {
    this.#look();
    if (!this.#alive) {
      return { kind: "absent", reason: "the guard does not answer" };
    }
    const { lease, deadlineMs } = this.#deadline;
    return deadlineMs === null ? { kind: "lapsed" } : {
      kind: "held",
      lease: leaseName(this.#incarnation, lease),
      deadlineMs,
    };
  }

  extend(deadlineMs: number): void {
    this.#assertAlive();
    this.#look();
    const { lease } = this.#deadline;
    this.#deadline = extended(this.#deadline, deadlineMs, this.#at);
    if (this.#deadline.lease !== lease) this.#tellChanged();
  }

  spawn(start: GuardedStart): GuardedProcess {
    this.#assertAlive();
    this.#look();
    const lease = leaseNumber(this.#incarnation, start.lease);
    const refusal = startRefusal(this.#deadline, { vm: start.vm, lease }, {
      at: this.#at,
      running: this.#running.values(),
      count: this.#running.size,
    });
    if (refusal !== null) {
      throw new AppError(
        refusal.code,
        `Cannot start VM "${start.vm}": ${refusal.why}`,
      );
    }
    const { marker, vm, incarnation, runtimeHash } = start;
    const process = { pid: this.#nextPid++, startTicks: 1 };
    this.#running.set(marker, {
      marker,
      vm,
      incarnation,
      runtimeHash,
      ...process,
    });
    return process;
  }

  end(marker: string, by: GuardedEnd["by"], reason: string): void {
    if (!this.#running.delete(marker)) return;
    this.#ends.set(marker, { marker, by, reason, stderrTail: "" });
    for (const oldest of this.#ends.keys()) {
      if (this.#ends.size <= MAX_ENDS) break;
      this.#ends.delete(oldest);
    }
  }

  endOf(marker: string): GuardedEnd | null {
    this.#look();
    if (this.#running.has(marker)) return null;
    return this.#ends.get(marker) ??
      { marker, by: "fence", reason: "nobody saw its end", stderrTail: "" };
  }

  watch(onChange: () => void): Disposable {
    this.#changed.add(onChange);
    return { [Symbol.dispose]: () => void this.#changed.delete(onChange) };
  }

  get #incarnation(): string {
    return `life-${this.#lives}`;
  }

  get #at(): number {
    return this.#clock.bootMs();
  }

  #assertAlive(): void {
    if (this.#alive) return;
    throw new AppError("unavailable", "The guard does not answer");
  }

  #look(): void {
    this.#deadline = deadlineAt(this.#deadline, this.#at);
    if (this.#deadline.deadlineMs === null) this.#endAll("the lease ended");
  }

  #endAll(reason: string): void {
    for (const marker of [...this.#running.keys()]) {
      this.end(marker, "fence", reason);
    }
  }

  #tellChanged(): void {
    for (const tell of [...this.#changed]) tell();
  }
}

/** {@linkcode Fence} and {@linkcode Spawner} over a {@linkcode SimulatedGuard}. */
class SimulatedFence implements Fence, Spawner {
  readonly #guard: SimulatedGuard;
  readonly #watches = new DisposableStack();

  constructor(guard: SimulatedGuard) {
    this.#guard = guard;
  }

  get state(): FenceState {
    return this.#guard.state;
  }

  async extend(deadlineMs: number): Promise<void> {
    this.#guard.extend(deadlineMs);
  }

  watch(onChange: () => void): Disposable {
    return this.#watches.use(this.#guard.watch(onChange));
  }

  async spawn(start: GuardedStart): Promise<GuardedProcess> {
    return this.#guard.spawn(start);
  }

  list(): Promise<GuardedVmm[]> {
    return Promise.resolve([...this.#guard.running]);
  }

  kill(marker: string): Promise<void> {
    this.#guard.end(marker, "request", "it was asked to");
    return Promise.resolve();
  }

  endOf(marker: string): Promise<GuardedEnd | null> {
    return Promise.resolve(this.#guard.endOf(marker));
  }

  close(): Promise<void> {
    this.#watches.dispose();
    return Promise.resolve();
  }
}
