/**
 * What keeps paths: the pins, and what the sources told last. Asks the sources,
 * remembers their answers, and says whether that is enough to collect by.
 *
 * A source that cannot be asked goes on counting with what it told last, for as
 * long as the grace: whatever it has come to keep since then was stored or
 * asked for since then too, and is recent by itself. Later nobody knows.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { RootSourceView } from "../../model/collection.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type { CollectionRecords, KeptRoot } from "./collection_records.ts";
import type { RootSource } from "./root_source.ts";
import type { Uses } from "./uses.ts";

/** Ten clusters of 10,000 different images; half a second of a transaction. */
const MAX_ROOTS = 100_000;
/** Who looks at a page does not wait for a master that hangs. */
const READ_TIMEOUT_MS = 60_000;
/** Answers this young are not asked for again by those who only look. */
const FRESH_MS = 10_000;

/** Without this source nobody knows which closures run. */
export const REQUIRED_SOURCE = "master";

export interface RootsOptions {
  sources: readonly RootSource[];
  records: CollectionRecords;
  uses: Uses;
  clock: Pick<Clock, "now">;
  log: Logger;
  /** How long what a source told last may stand for it. */
  graceMs: number;
  /** No cluster uses this cache: it needs no master to be collected. */
  standalone: boolean;
}

export class Roots {
  readonly #options: RootsOptions;
  readonly #problems = new Map<string, string>();
  #refreshing: Promise<void> | undefined;
  #refreshedAtMs = 0;

  constructor(options: RootsOptions) {
    this.#options = options;
  }

  /** Asks every source; those that cannot tell keep what they told last. Never throws. */
  async refresh(): Promise<void> {
    await (this.#refreshing ??= this.#readAll().finally(() => {
      this.#refreshing = undefined;
    }));
  }

  /** The same for those who only look: not again within some seconds. */
  async refreshForView(): Promise<void> {
    const age = this.#options.clock.now() - this.#refreshedAtMs;
    if (age < 0 || age > FRESH_MS) await this.refresh();
  }

  async #readAll(): Promise<void> {
    await Promise.all(
      this.#options.sources.map((source) => this.#read(source)),
    );
    this.#refreshedAtMs = this.#options.clock.now();
  }

  async #read(source: RootSource): Promise<void> {
    const { records, uses, clock, log } = this.#options;
    const askedAtMs = clock.now();
    try {
      const roots = await source.read(AbortSignal.timeout(READ_TIMEOUT_MS));
      if (roots.length > MAX_ROOTS) {
        throw new AppError(
          "failed",
          `The ${source.name} keeps ${roots.length} paths, at most ${MAX_ROOTS} can be`,
        );
      }
      const known = new Set(
        records.roots().filter((root) => root.source === source.name)
          .map(({ base }) => base),
      );
      for (const { base } of roots) {
        if (!known.has(base)) uses.spare(base.slice(0, 32));
      }
      // What it came to keep while it answered is not in the answer.
      records.replaceRoots(source.name, roots, askedAtMs);
      this.#problems.delete(source.name);
    } catch (error) {
      const { message } = toAppError(error);
      if (this.#problems.get(source.name) !== message) {
        log.warn("the {source} does not tell what it keeps: {message}", {
          source: source.name,
          message,
        });
      }
      this.#problems.set(source.name, message);
    }
  }

  /** Everything that keeps something now. */
  all(without: readonly string[] = []): KeptRoot[] {
    const { records, clock } = this.#options;
    const pins = records.pins(clock.now()).map(({ name, base }) => ({
      source: "pins",
      label: `pin ${name}`,
      base,
    }));
    const told = records.roots().filter(({ source }) =>
      !without.includes(source)
    );
    return [...told, ...pins];
  }

  /** Each source as it stands. */
  views(): RootSourceView[] {
    const { sources, records, clock } = this.#options;
    const readAt = records.readTimes();
    const counts = new Map<string, number>();
    for (const { source } of this.all()) {
      counts.set(source, (counts.get(source) ?? 0) + 1);
    }
    const names = new Set([
      ...sources.map(({ name }) => name),
      ...readAt.keys(),
    ]);
    const isConfigured = (name: string) =>
      sources.some((source) => source.name === name);
    const views = [...names].sort().map((name) => ({
      name,
      roots: counts.get(name) ?? 0,
      readAtMs: readAt.get(name) ?? null,
      problem: isConfigured(name)
        ? this.#problems.get(name) ?? null
        : "the configuration does not name it any more",
    }));
    const pins = counts.get("pins") ?? 0;
    const nowMs = clock.now();
    return [
      ...views,
      { name: "pins", roots: pins, readAtMs: nowMs, problem: null },
    ];
  }

  /**
   * Refuses to collect by what is known, unless the sources that lack are named
   * in `without`.
   *
   * @throws {AppError} `refused`, naming the source and what to do.
   */
  assertKnown(without: readonly string[]): void {
    const { sources, records, clock, graceMs, standalone } = this.#options;
    const isNamed = sources.some(({ name }) => name === REQUIRED_SOURCE);
    if (!isNamed && !standalone && !without.includes(REQUIRED_SOURCE)) {
      throw new AppError(
        "refused",
        "Cannot collect garbage: this cache does not know which generations are in use",
        {
          hint:
            "set masterUrl, or gc.standalone if no cluster uses this cache; once: --force-without master",
        },
      );
    }
    const readAt = records.readTimes();
    // One that was taken out of the configuration still keeps what it told.
    const names = new Set([
      ...sources.map(({ name }) => name),
      ...readAt.keys(),
    ]);
    for (const name of names) {
      if (without.includes(name)) continue;
      const atMs = readAt.get(name);
      const isRead = sources.some((source) => source.name === name) &&
        !this.#problems.has(name);
      if (isRead && atMs !== undefined) continue;
      const ageMs = atMs === undefined ? Infinity : clock.now() - atMs;
      if (ageMs <= graceMs) continue;
      const why = this.#problems.get(name) ?? "it was not asked";
      throw new AppError(
        "refused",
        `Cannot collect garbage: the ${name} ${
          atMs === undefined
            ? "has never told what it keeps"
            : `told what it keeps ${Math.round(ageMs / 3_600_000)} h ago`
        }: ${why}`,
        { hint: `mend it; if it is gone for ever: --force-without ${name}` },
      );
    }
  }
}
