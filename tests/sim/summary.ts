/**
 * What many seeds amount to: how often each kind of fault and action was seen,
 * and which never was. Pure.
 *
 * @module
 */
import { ACTIONS, FAULTS } from "./trace.ts";

/** What came of a seed. */
export interface SeedResult {
  seed: number;
  /** The broken promise; null when all were kept. */
  failure: string | null;
  digest: string;
  counts: [string, number][];
  virtualMs: number;
  /** Of one of its runs. */
  seconds: number;
  /** Empty unless it failed or was asked for. */
  lines: readonly string[];
}

/** What is different between two traces of one seed. */
export function differenceOf(
  first: readonly string[],
  second: readonly string[],
): string {
  const at = first.findIndex((line, index) => line !== second[index]);
  const index = at === -1 ? first.length : at;
  return `not deterministic: "${first[index]}" and "${second[index]}" at line ${
    index + 1
  }`;
}

/** From here on a kind that never happened is a failure: the rarest come once in some dozen seeds. */
const ENOUGH_SEEDS = 100;

export class Summary {
  seeds = 0;
  failures = 0;
  #virtualMs = 0;
  #seconds = 0;
  readonly #totals = new Map<string, number>();

  add({ failure, counts, virtualMs, seconds }: SeedResult): void {
    this.seeds++;
    if (failure !== null) this.failures++;
    this.#virtualMs += virtualMs;
    this.#seconds += seconds;
    for (const [kind, count] of counts) {
      this.#totals.set(kind, (this.#totals.get(kind) ?? 0) + count);
    }
  }

  /** Faults and actions that no seed has seen. */
  missing(): string[] {
    return [...FAULTS, ...ACTIONS].filter((kind) => !this.#totals.has(kind));
  }

  /** The closing lines; counts what never happened as a failure. */
  lines(seconds: number): string[] {
    const shown = (kinds: readonly string[]) =>
      kinds.map((kind) => `${kind} ${this.#totals.get(kind) ?? 0}`).join(", ");
    const minutes = this.#virtualMs / 60_000 / Math.max(1, this.seeds);
    const perRun = this.#seconds / Math.max(1, this.seeds);
    const lines = [
      `faults: ${shown(FAULTS)}`,
      `actions: ${shown(ACTIONS)}`,
      `${seconds.toFixed(1)} s, ${perRun.toFixed(2)} s a run, ${
        minutes.toFixed(1)
      } virtual minutes a run`,
    ];
    const missing = this.missing();
    let { failures } = this;
    if (missing.length > 0) {
      const isFailure = this.seeds >= ENOUGH_SEEDS;
      if (isFailure) failures++;
      const word = isFailure ? "FAILED " : "";
      lines.push(`${word}never happened: ${missing.join(", ")}`);
    }
    lines.push(`seeds ${this.seeds}, failures ${failures}`);
    return lines;
  }

  /** Nothing failed, and nothing that should have happened was missing. */
  get isGood(): boolean {
    return this.failures === 0 &&
      (this.seeds < ENOUGH_SEEDS || this.missing().length === 0);
  }
}
