/**
 * One after the other for each key; different keys run side by side.
 *
 * @module
 */
import { Turns, type TurnsBounds } from "./turns.ts";

/** A line for each key that has work, one piece of work at a time. */
export class TurnsByKey {
  readonly #bounds: TurnsBounds;
  readonly #lines = new Map<string, Turns>();

  /** @param bounds `waiting` is per key; callers bound the keys. */
  constructor(bounds: Omit<TurnsBounds, "running">) {
    this.#bounds = { ...bounds, running: 1 };
  }

  /**
   * Runs `work` after what came before it for the same key, whether that failed or not.
   *
   * @throws what {@linkcode Turns.run} throws.
   */
  async run<T>(
    key: string,
    work: () => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    let line = this.#lines.get(key);
    if (line === undefined) {
      line = new Turns(this.#bounds);
      this.#lines.set(key, line);
    }
    try {
      return await line.run(work, signal);
    } finally {
      // A key comes and goes with its work: VMs do, and their ids never return.
      if (line.idle && this.#lines.get(key) === line) this.#lines.delete(key);
    }
  }
}
