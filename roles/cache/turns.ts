/**
 * Bounds how many uploads are received at once and how many wait for it.
 *
 * Waiting costs a client nothing but time: its body is not read, so TCP holds
 * it back. Refusing costs it a retry.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";

/** At most `running` at once and `waiting` in line. */
export class Turns {
  #running = 0;
  readonly #line: (() => void)[] = [];

  constructor(private readonly bounds: { running: number; waiting: number }) {}

  /**
   * Runs `action` when its turn comes.
   *
   * @throws {AppError} `overloaded` when the line is full.
   */
  async take<T>(action: () => Promise<T>): Promise<T> {
    if (this.#running < this.bounds.running) this.#running++;
    else {
      if (this.#line.length >= this.bounds.waiting) {
        throw new AppError(
          "overloaded",
          `Cannot receive this upload: ${this.#running} are under way and ${this.#line.length} wait`,
          { hint: "push again in a minute" },
        );
      }
      await new Promise<void>((resolve) => this.#line.push(resolve));
    }
    try {
      return await action();
    } finally {
      const next = this.#line.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
