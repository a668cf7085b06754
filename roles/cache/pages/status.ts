/**
 * What the cache tells of itself. Reads figures that are kept; counts nothing.
 *
 * @module
 */
import { statfs } from "node:fs/promises";
import type { Registry } from "prom-client";
import { anonymousRoleOf } from "../../config/mod.ts";
import type { CacheStatus, SourceStatus } from "../../model/cache_status.ts";
import { PathRows } from "../gc/path_rows.ts";
import { addFigures } from "../metrics.ts";
import type { CacheService } from "../service.ts";
import type { PathSource } from "../sources/source.ts";
import { Closures } from "./closures.ts";
import { RecentPushes } from "./recent_paths.ts";

/** Collections told of: `procurator cache gc --status` tells of more. */
const REPORTS = 3;

export interface StatusDeps {
  registry: Registry;
  /** Requests whose answers are not sent to their end. */
  openRequests: () => number;
}

/** Bytes of the disk that a directory is on. */
async function diskOf(
  directory: string,
): Promise<{ freeBytes: number; totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(directory);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** The samples of a counter, summed by source and one label's value. */
async function sums(
  registry: Registry,
  name: string,
  label: string,
): Promise<(source: string, value?: string) => number> {
  const counted = await registry.getSingleMetric(name)?.get();
  return (source, value) =>
    (counted?.values ?? []).reduce(
      (sum, sample) =>
        sample.labels["source"] === source &&
          (value === undefined || sample.labels[label] === value)
          ? sum + sample.value
          : sum,
      0,
    );
}

async function sourcesOf(
  registry: Registry,
  list: readonly PathSource[],
): Promise<SourceStatus[]> {
  const [lookups, bytes, failures] = await Promise.all([
    sums(registry, "procurator_cache_source_lookups_total", "result"),
    sums(registry, "procurator_cache_source_bytes_total", "source"),
    sums(registry, "procurator_cache_source_failures_total", "kind"),
  ]);
  return list.map(({ name, kind, trouble }) => ({
    name,
    kind,
    trouble: trouble ?? null,
    hits: lookups(name, "hit"),
    misses: lookups(name, "miss"),
    // One that was not asked did not fail.
    failures: failures(name) - failures(name, "skipped"),
    bytes: bytes(name),
  }));
}

export class Status implements AsyncDisposable {
  readonly #pushes: RecentPushes;
  readonly #closures: Closures;
  readonly #startedAtMs: number;

  /** Registers the figures too. */
  constructor(
    private readonly service: CacheService,
    private readonly deps: StatusDeps,
  ) {
    const { config, database, clock, log, metadata, collection } = service;
    const { storeDir, stateDir } = config;
    this.#startedAtMs = clock.now();
    this.#pushes = new RecentPushes({ database, storeDir, clock });
    this.#closures = new Closures({
      rows: new PathRows(database),
      storeDir,
      countPaths: () => metadata.stats().paths,
      isBusy: () => collection.collector.running !== null,
      clock,
      log,
    });
    addFigures(deps.registry, {
      stats: () => metadata.stats(),
      disk: () => diskOf(stateDir),
      collection: () => collection.status(),
      openRequests: deps.openRequests,
    });
  }

  /** @param url what this request's client uses; the configuration's comes first. */
  async read(url: string): Promise<CacheStatus> {
    const { config, keys, metadata, metrics, collection, sources } =
      this.service;
    const { traffic } = metrics;
    const status = collection.status();
    return {
      url: (config.publicUrl ?? url).replace(/\/+$/, ""),
      publicKeys: keys.signing.map((key) => key.publicText),
      storeDir: config.storeDir,
      priority: config.priority,
      anonymous: anonymousRoleOf(config),
      startedAtMs: this.#startedAtMs,
      content: metadata.stats(),
      disk: await diskOf(config.stateDir),
      traffic: {
        narInfos: { ...traffic.narInfos },
        nars: { ...traffic.nars },
        sentBytes: traffic.sentNarBytes + traffic.sentClosureBytes,
        receivedBytes: traffic.receivedBytes,
        refusedUploads: [...traffic.refused.values()]
          .reduce((sum, count) => sum + count, 0),
        openRequests: this.deps.openRequests(),
      },
      sources: await sourcesOf(this.deps.registry, sources.list),
      collection: { ...status, last: status.last.slice(0, REPORTS) },
      largest: this.#closures.get(),
      pushes: this.#pushes.list(),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#closures[Symbol.asyncDispose]();
  }
}
