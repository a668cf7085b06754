/**
 * What was found out lately: bounded in number, weight and age, the oldest
 * leaving first.
 *
 * @module
 */

/** How much and for how long. */
export interface RecentBounds<V> {
  /** Over all values together, as `weigh` counts. */
  maxWeight: number;
  /** 1 each by default. */
  weigh?: (value: V) => number;
  ageMs: number;
  nowMs: () => number;
}

export class Recent<V> {
  readonly #entries = new Map<
    string,
    { value: V; weight: number; untilMs: number }
  >();
  readonly #bounds: RecentBounds<V>;
  #weight = 0;

  constructor(bounds: RecentBounds<V>) {
    this.#bounds = bounds;
  }

  get(key: string): V | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (this.#bounds.nowMs() < entry.untilMs) return entry.value;
    this.delete(key);
    return undefined;
  }

  set(key: string, value: V): void {
    this.delete(key);
    const { ageMs, maxWeight, nowMs, weigh } = this.#bounds;
    const weight = weigh?.(value) ?? 1;
    this.#entries.set(key, { value, weight, untilMs: nowMs() + ageMs });
    this.#weight += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#weight <= maxWeight) return;
      this.delete(oldest);
    }
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#weight -= entry.weight;
  }
}
