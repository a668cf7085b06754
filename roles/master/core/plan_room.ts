/**
 * The room on workers as it is committed, kept from tick to tick. A plan takes
 * from it as it goes and is undone afterwards, whatever came of it: what it
 * asked for comes back with its commit, and a commit that failed leaves no
 * trace.
 *
 * @module
 */
import { Room, type Taken } from "./placing.ts";

interface Step {
  isTaken: boolean;
  taken: Taken;
}

export class PlanRoom extends Room {
  #steps: Step[] | null = null;

  constructor() {
    super([], []);
  }

  override take(taken: Taken): void {
    super.take(taken);
    this.#steps?.push({ isTaken: true, taken });
  }

  override release(taken: Taken): void {
    super.release(taken);
    this.#steps?.push({ isTaken: false, taken });
  }

  /**
   * Runs `plan` and undoes what it took and gave back, the last first. A plan
   * may try others within itself: each undoes its own.
   */
  tentatively<T>(plan: () => T): T {
    const outer = this.#steps;
    const steps: Step[] = [];
    this.#steps = steps;
    try {
      return plan();
    } finally {
      this.#steps = outer;
      for (const { isTaken, taken } of steps.reverse()) {
        if (isTaken) super.release(taken);
        else super.take(taken);
      }
    }
  }
}
