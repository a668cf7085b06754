/**
 * Looks at the VMs when something becomes due: sleeps until then, and is woken
 * when it becomes due sooner. What is looked at is not decided here.
 *
 * @module
 */
import type { Clock } from "../../model/ports.ts";

/** The clock counts in steps of 10 ms: looking more often shows nothing new. */
const MIN_SLEEP_MS = 10;
/** Looked at anyway, should an event ever be lost. */
const MAX_SLEEP_MS = 5000;
/** The loop looks at least every MAX_SLEEP_MS: after a silence this long the host slept, or we were frozen. */
const MAX_SILENCE_MS = 3 * MAX_SLEEP_MS;
/** Why a sleep ends early: made once, since an abort without a reason makes an error with a stack trace each time. */
const WOKEN = "there is something to look at";

export interface LookOptions {
  clock: Clock;
  /** What is due is done. */
  look: (at: number) => void;
  /** When something is due next, in milliseconds of the clock's boot time; Infinity: nothing is known to be. */
  nextMs: (at: number) => number;
}

export class Looking {
  readonly #options: LookOptions;
  #isStopped = false;
  #wake = new AbortController();
  /** When it looks next: an event wakes it only to look sooner. */
  #plannedMs = 0;
  /** When anything was last looked at. */
  #lookedMs = 0;
  #loop: Promise<void> | null = null;

  constructor(options: LookOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.wake();
    await this.#loop;
  }

  wake(): void {
    this.#wake.abort(WOKEN);
  }

  /** Something is due at `ms`. */
  wakeBy(ms: number): void {
    if (ms < this.#plannedMs) this.wake();
  }

  /** Notes that something is looked at now: how long nothing was, when that is too long, else 0. */
  silenceMs(at: number): number {
    const ms = at - this.#lookedMs;
    this.#lookedMs = at;
    return ms <= MAX_SILENCE_MS ? 0 : ms;
  }

  async #run(): Promise<void> {
    const { clock, look, nextMs } = this.#options;
    while (!this.#isStopped) {
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      const at = clock.bootMs();
      // Events of this very look need no waking: what they make due is asked for below.
      this.#plannedMs = 0;
      look(at);
      this.#plannedMs = Math.min(at + MAX_SLEEP_MS, nextMs(at));
      const sleepMs = Math.max(MIN_SLEEP_MS, this.#plannedMs - at);
      await clock.sleep(sleepMs, this.#wake.signal);
    }
  }
}
