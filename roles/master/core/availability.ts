/**
 * How many copies of one group of instances may be taken down now: at most
 * maxParallel are out at a time, and minAvailable stay. Counts as down what
 * has not reported on its very order. Never says which one goes.
 *
 * @module
 */
import type { PlanBuilder } from "./plan_builder.ts";
import { isAvailable, isChanging, isReady } from "./snapshot.ts";
import type { Wanted } from "./wanted.ts";

/** Names shown of those that others wait for. */
const MAX_NAMES = 3;

function namesOf(ids: ReadonlySet<string>): string {
  const names: string[] = [];
  for (const id of ids) {
    if (names.length === MAX_NAMES) {
      return `${names.join(", ")} (and ${ids.size - MAX_NAMES} more)`;
    }
    names.push(id);
  }
  return names.join(", ");
}

/** Counted when it is first asked for: in a calm group nobody asks. */
export class Availability {
  readonly #plan: PlanBuilder;
  readonly #group: readonly Wanted[];
  #isCounted = false;
  /** Down, about to be, or not known to be up. */
  readonly #unavailable = new Set<string>();
  /** Known to be down, so that changing them takes nothing away. */
  readonly #down = new Set<string>();
  /** On new content that is not ready yet. */
  readonly #inFlight = new Set<string>();
  #placed = 0;

  constructor(plan: PlanBuilder, group: readonly Wanted[]) {
    this.#plan = plan;
    this.#group = group;
  }

  #count(): void {
    if (this.#isCounted) return;
    this.#isCounted = true;
    const plan = this.#plan;
    const { observed } = plan.input;
    for (const { id, view } of this.#group) {
      const placement = plan.mains.get(id);
      if (placement === undefined) {
        if (!plan.ending.has(id) && !plan.gone.has(id)) continue;
        // It was stopped to start elsewhere. Who has no place at all does not count: nobody would ever go on.
        this.#unavailable.add(id);
        this.#placed++;
        continue;
      }
      this.#placed++;
      const seen = observed.of(placement);
      const isNew = placement.runtimeHash === view.runtimeHash;
      if (isNew && !isReady(placement, seen)) this.#inFlight.add(id);
      const isTold = seen !== undefined && observed.isTold(placement);
      const isOut = !isAvailable(seen) || isChanging(placement, seen);
      // Without a report on this very order it may be up or down: neither counts on it.
      if (!isTold || isOut || this.#inFlight.has(id)) this.#unavailable.add(id);
      if (isTold && isOut) this.#down.add(id);
    }
  }

  isDown(id: string): boolean {
    this.#count();
    return this.#down.has(id);
  }

  /** Why this one must not be taken down or changed now; null: it may. */
  whyNot({ id, view }: Wanted): string | null {
    this.#count();
    const { maxParallel, minAvailable = 0 } = view.spec.update;
    if (this.isDown(id)) {
      return this.#inFlight.size < maxParallel
        ? null
        : waitText(maxParallel, this.#inFlight);
    }
    const others = this.#unavailable.size - Number(this.#unavailable.has(id));
    if (others >= maxParallel) return waitText(maxParallel, this.#unavailable);
    return this.#placed - others > minAvailable
      ? null
      : `waits: ${minAvailable} must stay available`;
  }

  /** It is taken down or changed now. */
  take(id: string): void {
    this.#count();
    this.#inFlight.add(id);
    this.#unavailable.add(id);
  }
}

function waitText(maxParallel: number, ids: ReadonlySet<string>): string {
  return `waits: ${maxParallel} at a time, and ${
    namesOf(ids)
  } is not healthy yet`;
}
