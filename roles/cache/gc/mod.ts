/**
 * Garbage collection: what is kept and why, when the rest goes, and how it
 * goes without breaking a closure. The parts, wired.
 *
 * @module
 */
import { statfs } from "node:fs/promises";
import type { TokenOf } from "../../config/mod.ts";
import type { Logger } from "../../log/mod.ts";
import type { CollectionStatus, KeptWhy } from "../../model/collection.ts";
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type { CacheConfig } from "../config.ts";
import type { Database } from "../storage/database.ts";
import type { NarFiles } from "../storage/files.ts";
import type { HotTexts } from "../storage/hot_texts.ts";
import { ciRoots } from "./ci_roots.ts";
import { CollectionRecords } from "./collection_records.ts";
import { Collector, type RetentionSettings } from "./collector.ts";
import { findKeepers } from "./keepers.ts";
import { masterRoots } from "./master_roots.ts";
import { PathRows } from "./path_rows.ts";
import { Pins } from "./pins.ts";
import { Removal } from "./removal.ts";
import type { RootSource } from "./root_source.ts";
import { REQUIRED_SOURCE, Roots } from "./roots.ts";
import { Schedule } from "./schedule.ts";
import { Uses } from "./uses.ts";

export { addCollection } from "./endpoint.ts";

const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Of a status. */
const REPORTS_SHOWN = 10;
/** Named in a refusal. */
const REFERRERS_NAMED = 5;

export interface CollectionDeps {
  database: Database;
  files: NarFiles;
  hot: HotTexts;
  clock: Pick<Clock, "now">;
  log: Logger;
  tokenOf: TokenOf;
  caCert: string | undefined;
  /** In place of those of the configuration, for tests. */
  sources?: readonly RootSource[];
}

/** Garbage and what is not. */
export class Collection implements AsyncDisposable {
  readonly uses: Uses;
  readonly pins: Pins;
  readonly collector: Collector;
  readonly #rows: PathRows;
  readonly #records: CollectionRecords;
  readonly #roots: Roots;
  readonly #schedule: Schedule;
  readonly #newRemoval: () => Removal;
  readonly #retention: RetentionSettings;
  readonly #storeDir: string;
  readonly #stack = new AsyncDisposableStack();

  constructor(config: CacheConfig, deps: CollectionDeps) {
    const { database, clock, log } = deps;
    const { storeDir } = config;
    const retention = retentionOf(config);
    const { graceMs } = retention;
    const rows = new PathRows(database);
    const records = new CollectionRecords(database);
    const common = { ...deps, rows, records, storeDir };
    const uses = new Uses({ database, rows, clock, log, graceMs });
    const sources = deps.sources ?? this.#openSources(config, deps);
    const { standalone } = config.gc;
    const parts = { ...common, uses, retention };
    const roots = new Roots({ ...parts, sources, graceMs, standalone });
    this.#storeDir = storeDir;
    this.#retention = retention;
    this.#rows = rows;
    this.#records = records;
    this.#roots = roots;
    this.#newRemoval = () => new Removal(parts);
    this.uses = uses;
    this.pins = new Pins(parts);
    this.collector = new Collector({
      ...parts,
      roots,
      freeBytes: () => freeBytes(config.stateDir),
    });
    const knowsUses = standalone ||
      sources.some(({ name }) => name === REQUIRED_SOURCE);
    this.#schedule = new Schedule({
      ...parts,
      roots,
      collector: this.collector,
      intervalMs: config.gc.intervalHours * HOUR_MS,
      obstacle: knowsUses
        ? null
        : "without masterUrl this cache does not know which generations are in use",
    });
    this.#stack.use(uses);
    this.#stack.use(this.#schedule);
  }

  #openSources(
    { masterUrl, ciUrl }: CacheConfig,
    { tokenOf, caCert }: CollectionDeps,
  ): RootSource[] {
    const sources: RootSource[] = [];
    if (masterUrl !== undefined) {
      const token = tokenOf("master");
      sources.push(
        this.#stack.use(masterRoots({ url: masterUrl, token, caCert })),
      );
    }
    if (ciUrl !== undefined) {
      const token = tokenOf("ci");
      sources.push(this.#stack.use(ciRoots({ url: ciUrl, token, caCert })));
    }
    return sources;
  }

  /** Begins to write uses and to collect by itself. */
  start(): void {
    this.uses.start();
    this.#schedule.start();
  }

  status(): CollectionStatus {
    return {
      running: this.collector.running,
      nextAtMs: this.#schedule.nextAtMs,
      problem: this.#schedule.problem,
      sources: this.#roots.views(),
      last: this.#records.reports(REPORTS_SHOWN),
    };
  }

  /**
   * What keeps a path.
   *
   * @throws {AppError} `not_found`
   */
  async why(hash: string): Promise<KeptWhy> {
    await this.#roots.refreshForView();
    await this.uses.flush();
    const found = await findKeepers(hash, {
      rows: this.#rows,
      roots: this.#roots.all(),
      storeDir: this.#storeDir,
    });
    const path = this.#rows.path(hash);
    if (found === undefined || path === undefined) throw absent(hash);
    const { base, atMs } = found.lastUse;
    return {
      path: this.#pathOf(path.base),
      storedBy: path.storedBy,
      storedAtMs: path.storedAtMs,
      keepers: found.keepers,
      complete: found.complete,
      lastUse: {
        path: this.#pathOf(base),
        atMs,
        keptUntilMs: atMs +
          Math.max(this.#retention.keepMs, this.#retention.graceMs),
      },
      sources: this.#roots.views(),
    };
  }

  /**
   * Takes one path out at once, whoever used it lately.
   *
   * @param without sources that are gone for ever.
   * @throws {AppError} `not_found`; `refused` when a root names it, something
   * refers to it, or it is not known what is in use.
   */
  async removePath(
    hash: string,
    without: readonly string[],
  ): Promise<{ path: string; bytes: number }> {
    await this.#roots.refresh();
    this.#roots.assertKnown(without);
    // From here to its end nothing waits.
    const path = this.#rows.path(hash);
    if (path === undefined) throw absent(hash);
    this.#assertRemovable(hash, path.base, without);
    const removal = this.#newRemoval();
    await removal.removePath(hash);
    return { path: this.#pathOf(path.base), bytes: removal.removed.bytes };
  }

  #assertRemovable(
    hash: string,
    base: string,
    without: readonly string[],
  ): void {
    const labels = this.#roots.all(without)
      .filter((root) => root.base.slice(0, 32) === hash)
      .map(({ label }) => label);
    if (labels.length > 0) {
      throw new AppError(
        "refused",
        `Cannot delete ${base}: ${named(labels)} ${
          labels.length === 1 ? "keeps" : "keep"
        } it`,
        { hint: "end what keeps it first" },
      );
    }
    const referrers = this.#rows.referrersAfter(hash, "");
    if (referrers.length === 0) return;
    throw new AppError(
      "refused",
      `Cannot delete ${base}: ${named(referrers.map((path) => path.base))} ${
        referrers.length === 1 ? "refers" : "refer"
      } to it`,
      { hint: "delete those first, or let them be collected" },
    );
  }

  #pathOf(base: string): string {
    return `${this.#storeDir}/${base}`;
  }

  /** Ends what is under way and writes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }
}

function named(names: readonly string[]): string {
  const more = names.length - REFERRERS_NAMED;
  const shown = names.slice(0, REFERRERS_NAMED).join(", ");
  return more > 0 ? `${shown} and ${more} more` : shown;
}

function absent(hash: string): AppError {
  return new AppError("not_found", `There is no path ${hash} in the cache`);
}

function retentionOf({ gc }: CacheConfig): RetentionSettings {
  return {
    graceMs: gc.graceHours * HOUR_MS,
    keepMs: gc.keepDays * DAY_MS,
    maxBytes: gc.maxGiB === undefined ? Infinity : gc.maxGiB * GIB,
    maxPaths: gc.maxPaths ?? Infinity,
    minFreeBytes: gc.minFreeGiB * GIB,
  };
}

async function freeBytes(directory: string): Promise<number> {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
}
