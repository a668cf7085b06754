/**
 * Bounds how many pieces of work run at once and how many wait.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";

/** At most `running` at once, `waiting` in line behind them, the rest refused. */
export class Slots {
  #free: number;
  readonly #line: (() => void)[] = [];

  constructor(
    private readonly bounds: { running: number; waiting: number; what: string },
  ) {
    this.#free = bounds.running;
  }

  /**
   * Waits for a turn; the answer gives it back, once.
   *
   * @throws {AppError} `overloaded` when the line is full.
   */
  async acquire(): Promise<() => void> {
    if (this.#free > 0) this.#free--;
    else {
      if (this.#line.length >= this.bounds.waiting) {
        throw new AppError(
          "overloaded",
          `Too many ${this.bounds.what} wait already`,
          {
            hint: "try again in a minute",
          },
        );
      }
      await new Promise<void>((resolve) => this.#line.push(resolve));
    }
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const next = this.#line.shift();
      if (next === undefined) this.#free++;
      else next();
    };
  }
}
