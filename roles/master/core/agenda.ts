/**
 * Which clusters have to be looked at. Hints say that something about a
 * cluster changed; a look says when the next is due at the latest, and a
 * safety net comes round to every cluster. A hint that is missing delays a
 * plan until then and loses nothing: plans are made from the present state
 * alone, never from hints. Decides nothing about VMs.
 *
 * ```
 * calm --hint, its time, the net--> due --look--> calm | unsettled
 *      unsettled: looked at again soon, and whenever room was freed or a worker came
 * ```
 *
 * @module
 */

/**
 * Nothing waits longer than this for a look. A hint that is missing is a bug,
 * and this is what it costs; a look at 50,000 calm VMs takes a tenth of a
 * second, which every half minute is a third of a percent.
 */
export const SAFETY_NET_MS = 30_000;

/** The net takes as many ticks to come round as this, so that no tick looks at everything. */
const NET_TICKS = 24;

/** How a look left a cluster. */
export interface Looked {
  /** Boot-time milliseconds of the next look at the latest; null: when something changes. */
  lookAgainAtMs: number | null;
  /** Something is not where it should be: room that is freed, or a worker that comes, may help. */
  isWaiting: boolean;
}

interface Entry extends Looked {
  lookedMs: number;
}

export class Agenda {
  /** The one whose look is longest ago comes first. */
  readonly #entries = new Map<string, Entry>();
  readonly #touched = new Set<string>();
  readonly #versions = new Map<string, number>();

  /** True when a hint came since the last `take`. */
  get isTouched(): boolean {
    return this.#touched.size > 0;
  }

  /** Something about this cluster changed. */
  touch(cluster: string): void {
    this.#touched.add(cluster);
    this.#rise(cluster);
  }

  /** Rises with every hint and every look: what was computed of a cluster holds until then. */
  versionOf(cluster: string): number {
    return this.#versions.get(cluster) ?? 0;
  }

  #rise(cluster: string): void {
    this.#versions.set(cluster, this.versionOf(cluster) + 1);
  }

  /** Room was freed, or a worker came. */
  touchWaiting(): void {
    for (const [cluster, { isWaiting }] of this.#entries) {
      if (isWaiting) this.#touched.add(cluster);
    }
  }

  /** How many clusters were looked at and are still there. */
  get size(): number {
    return this.#entries.size;
  }

  /** These are all there are: one that was never looked at is due, and others are forgotten. */
  setClusters(clusters: ReadonlySet<string>): void {
    for (const cluster of clusters) {
      if (!this.#entries.has(cluster)) this.#touched.add(cluster);
    }
    for (const cluster of [...this.#entries.keys(), ...this.#touched]) {
      if (clusters.has(cluster)) continue;
      this.#entries.delete(cluster);
      this.#touched.delete(cluster);
      this.#versions.delete(cluster);
    }
  }

  /** The clusters to be looked at now, sorted; their hints are taken with them. */
  take(bootMs: number): string[] {
    const due = new Set(this.#touched);
    this.#touched.clear();
    let inNet = Math.ceil(this.#entries.size / NET_TICKS);
    for (const [cluster, { lookedMs, lookAgainAtMs }] of this.#entries) {
      if (due.has(cluster)) continue;
      if (lookAgainAtMs !== null && lookAgainAtMs <= bootMs) due.add(cluster);
      // From half the time on, so that coming round is done by the end of it.
      else if (inNet > 0 && bootMs - lookedMs >= SAFETY_NET_MS / 2) {
        inNet--;
        due.add(cluster);
      }
    }
    return [...due].sort();
  }

  /** A look was made, and what it asked for is committed. */
  looked(cluster: string, bootMs: number, looked: Looked): void {
    this.#entries.delete(cluster);
    this.#entries.set(cluster, { ...looked, lookedMs: bootMs });
    this.#rise(cluster);
  }
}
