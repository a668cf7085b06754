/**
 * One line for all comers.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";

/** How much may run, how much may wait, and what it is called in errors. */
export interface TurnsBounds {
  /** Pieces of work at once; at least 1. */
  running: number;
  /** Pieces of work in line behind them. */
  waiting: number;
  /** Plural, as in `Too many git requests wait`. */
  what: string;
}

/** At most `running` at once, `waiting` in line behind them, first come, first served. */
export class Turns {
  readonly #bounds: TurnsBounds;
  #running = 0;
  /** In order of arrival; a Set, so that leaving the line from its middle is cheap. */
  readonly #line = new Set<() => void>();

  constructor(bounds: TurnsBounds) {
    this.#bounds = bounds;
  }

  /** True when nothing runs; then nothing waits either. */
  get idle(): boolean {
    return this.#running === 0;
  }

  /**
   * Waits for a turn. What it gives ends the turn; calling it again does nothing.
   *
   * @param signal leaves the line; a turn that has begun is not ended by it.
   * @throws {AppError} `overloaded` when the line is full.
   * @throws the signal's reason.
   */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#running < this.#bounds.running) this.#running++;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (held) this.#passOn();
      held = false;
    };
  }

  /** Runs `work` in a turn of its own, which ends with it however it ends. Throws what {@linkcode take} and `work` throw. */
  async run<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const end = await this.take(signal);
    try {
      return await work();
    } finally {
      end();
    }
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    const { running, waiting, what } = this.#bounds;
    if (this.#line.size >= waiting) {
      throw new AppError(
        "overloaded",
        `Too many ${what}: ${running} under way, ${waiting} waiting`,
        { hint: "try again in a minute" },
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const leave = () => {
      this.#line.delete(begin);
      reject(signal?.reason);
    };
    const begin = () => {
      signal?.removeEventListener("abort", leave);
      resolve();
    };
    signal?.addEventListener("abort", leave, { once: true });
    this.#line.add(begin);
    return promise;
  }

  /** The turn goes to the first in line, without a moment in which a newcomer could slip in. */
  #passOn(): void {
    const [next] = this.#line;
    if (next === undefined) {
      this.#running--;
      return;
    }
    this.#line.delete(next);
    next();
  }
}
