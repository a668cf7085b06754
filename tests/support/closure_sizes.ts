/**
 * A binary cache in memory: closures as a test says they are.
 *
 * @module
 */
import type { ClosureSizes } from "../../roles/master/closures.ts";
import type { Closure } from "../../roles/master/core/closure_diff.ts";
import { AppError } from "../../roles/model/errors.ts";

/** Answers from a table of root to closure. */
export class SimulatedSizes implements ClosureSizes {
  /** Root to the paths it needs, itself included, with their bytes. */
  readonly closures = new Map<string, Record<string, number>>();
  /** What every question is answered with; null: with what is there. */
  failure: AppError | null = null;
  readonly #asked = new Set<string>();

  closure(roots: readonly string[]): Promise<Closure> {
    if (this.failure !== null) return Promise.reject(this.failure);
    for (const root of roots) this.#asked.add(root);
    try {
      return Promise.resolve(this.#union(roots));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  known(roots: readonly string[]): Closure | undefined {
    return roots.every((root) => this.#asked.has(root))
      ? this.#union(roots)
      : undefined;
  }

  #union(roots: readonly string[]): Closure {
    const all = new Map<string, number>();
    for (const root of roots) {
      const found = this.closures.get(root);
      if (found === undefined) {
        throw new AppError("not_found", `${root} is not in the cache`);
      }
      for (const [path, size] of Object.entries(found)) all.set(path, size);
    }
    return all;
  }
}
