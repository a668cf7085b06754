/**
 * Virtual time: a heap of events ordered by (time, sequence). Between two
 * events every microtask runs to its end, so that what an event sets off has
 * settled before the next one. Knows nothing of what is simulated.
 *
 * @module
 */
import { setImmediate } from "node:timers";
import type { Clock } from "../../roles/model/ports.ts";

/** Any instant of people's time will do; it must not be the machine's own. */
const EPOCH_MS = 1_700_000_000_000;
/** A host has run for a while when a simulation begins. */
const UPTIME_MS = 100_000;

interface Event {
  atMs: number;
  sequence: number;
  run: (() => void) | null;
}

/** Something that will happen unless it is cancelled. */
export interface Timer {
  cancel(): void;
}

export class Kernel {
  nowMs = 0;
  /** Events that were run. */
  events = 0;
  #sequence = 0;
  #cancelled = 0;
  readonly #heap: Event[] = [];

  /** Events that wait. */
  get pending(): number {
    return this.#heap.length - this.#cancelled;
  }

  after(ms: number, run: () => void): Timer {
    const event: Event = {
      atMs: this.nowMs + Math.max(0, Math.round(ms)),
      sequence: this.#sequence++,
      run,
    };
    this.#push(event);
    return {
      cancel: () => {
        if (event.run !== null) this.#cancelled++;
        event.run = null;
      },
    };
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Runs events up to `untilMs` or until `isOver`; time is then there. */
  async run(untilMs: number, isOver: () => boolean): Promise<void> {
    await settled();
    for (;;) {
      const event = this.#heap[0];
      if (event === undefined || event.atMs > untilMs || isOver()) break;
      this.#pop();
      if (event.run === null) {
        this.#cancelled--;
        continue;
      }
      this.nowMs = event.atMs;
      this.events++;
      const { run } = event;
      event.run = null;
      run();
      await settled();
    }
    if (!isOver()) this.nowMs = Math.max(this.nowMs, untilMs);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let at = heap.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent]!;
      if (isBefore(above, event)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) {
        child++;
      }
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.sequence < b.sequence);
}

/** Resolves when no microtask is left. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Nothing ever comes of it: what a dead process waits for. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}

/**
 * A process on a host. After `kill` its timers do not fire and its ports never
 * answer, so that its code stands still where it waits: kill -9.
 */
export class Process {
  isDead = false;
  readonly #onKill: (() => void)[] = [];

  /** One that has ended. */
  static ended(): Process {
    const process = new Process();
    process.kill();
    return process;
  }

  onKill(run: () => void): void {
    this.#onKill.push(run);
  }

  kill(): void {
    if (this.isDead) return;
    this.isDead = true;
    for (const run of this.#onKill) run();
  }

  /** The value, unless the process is dead by then. */
  async alive<T>(value: Promise<T>): Promise<T> {
    try {
      const result = await value;
      return this.isDead ? await never<T>() : result;
    } catch (error) {
      if (this.isDead) return await never<T>();
      throw error;
    }
  }
}

/** A host's two clocks: the wall clock may be wrong and jump, the boot-time clock is right. */
export class HostTime {
  skewMs = 0;
  #bootedMs: number;
  readonly #kernel: Kernel;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#bootedMs = kernel.nowMs - UPTIME_MS;
  }

  reboot(): void {
    this.#bootedMs = this.#kernel.nowMs;
  }

  bootMs(): number {
    return this.#kernel.nowMs - this.#bootedMs;
  }

  /** The clock as one process of the host sees it. */
  clockOf(process: Process): Clock {
    return {
      now: () => EPOCH_MS + this.#kernel.nowMs + this.skewMs,
      bootMs: () => this.bootMs(),
      sleep: (ms, signal) => sleepOf(this.#kernel, process, { ms, signal }),
    };
  }
}

function sleepOf(
  kernel: Kernel,
  process: Process,
  { ms, signal }: { ms: number; signal: AbortSignal | undefined },
): Promise<void> {
  if (process.isDead) return never();
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const sleepers = signal === undefined ? null : sleepersOf(signal);
    const end = () => {
      sleepers?.delete(abort);
      if (!process.isDead) resolve();
    };
    const timer = kernel.after(ms, end);
    const abort = () => {
      timer.cancel();
      end();
    };
    sleepers?.add(abort);
  });
}

/** Who sleeps until a signal, in their order. */
const sleeping = new WeakMap<AbortSignal, Set<() => void>>();

/** A signal is listened to once: listeners that come and go with each sleep cost more than the sleeps. */
function sleepersOf(signal: AbortSignal): Set<() => void> {
  const known = sleeping.get(signal);
  if (known !== undefined) return known;
  const sleepers = new Set<() => void>();
  sleeping.set(signal, sleepers);
  signal.addEventListener("abort", () => {
    for (const wake of sleepers) wake();
  }, { once: true });
  return sleepers;
}

/** Made once: its stack trace would cost more than the call that it ends. */
const TIMED_OUT = new DOMException("signal timed out", "TimeoutError");

/** `AbortSignal.timeout` in virtual time. */
export function timeoutSignal(kernel: Kernel, ms: number): AbortSignal {
  const controller = new AbortController();
  kernel.after(ms, () => controller.abort(TIMED_OUT));
  return controller.signal;
}
