/**
 * The cache's own figures, beside those of every HTTP role.
 *
 * What is counted for each request is a number that is added to; what
 * prometheus reads is made of them when it asks. A narinfo is answered in tens
 * of microseconds, and a labelled counter takes one or two of these.
 *
 * @module
 */
import { Counter, Gauge, type Registry } from "prom-client";
import type { CollectionStatus } from "../model/collection.ts";
import { answerOf, kindOf } from "./pages/core/request_kind.ts";
import type { CacheStats } from "./storage/metadata.ts";

/** Hits and misses. */
export interface Lookups {
  hits: number;
  misses: number;
}

/** What was counted since the start. */
export interface Traffic {
  narInfos: Lookups;
  nars: Lookups;
  /** For answers the bytes promised. */
  sentNarBytes: number;
  sentClosureBytes: number;
  receivedBytes: number;
  /** Uploads refused, by error code. */
  refused: ReadonlyMap<string, number>;
}

/** What the endpoints count. */
export interface CacheMetrics {
  narinfo(result: "hit" | "miss"): void;
  nar(result: "hit" | "miss"): void;
  /** Bytes of a nar. */
  sent(bytes: number): void;
  /** Bytes of closures in one answer. */
  sentClosure(bytes: number): void;
  received(bytes: number): void;
  /** An upload was refused, by error code. */
  refused(code: string): void;
  readonly traffic: Traffic;
}

/** What is read when somebody asks; none may take longer for a million paths. */
export interface FigureSources {
  stats(): CacheStats;
  disk(): Promise<{ freeBytes: number; totalBytes: number }>;
  collection(): Pick<CollectionStatus, "running" | "last">;
  /** Requests whose answers are not sent to their end. */
  openRequests(): number;
}

type Samples = readonly (readonly [Record<string, string>, number])[];

/** A counter whose values are known elsewhere. */
function addCounter(
  registry: Registry,
  { name, help, labelNames = [], read }: {
    name: string;
    help: string;
    labelNames?: readonly string[];
    read: () => Samples | Promise<Samples>;
  },
): void {
  new Counter({
    name,
    help,
    labelNames: [...labelNames],
    registers: [registry],
    async collect() {
      const samples = await read();
      this.reset();
      for (const [labels, value] of samples) this.inc(labels, value);
    },
  });
}

/** A gauge that is read when somebody asks; undefined: there is nothing to tell. */
function addGauge(
  registry: Registry,
  name: string,
  help: string,
  read: () => number | undefined | Promise<number | undefined>,
): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    async collect() {
      const value = await read();
      if (value === undefined) this.remove();
      else this.set(value);
    },
  });
}

class Counts implements CacheMetrics {
  readonly traffic = {
    narInfos: { hits: 0, misses: 0 },
    nars: { hits: 0, misses: 0 },
    sentNarBytes: 0,
    sentClosureBytes: 0,
    receivedBytes: 0,
    refused: new Map<string, number>(),
  };

  narinfo(result: "hit" | "miss"): void {
    if (result === "hit") this.traffic.narInfos.hits++;
    else this.traffic.narInfos.misses++;
  }

  nar(result: "hit" | "miss"): void {
    if (result === "hit") this.traffic.nars.hits++;
    else this.traffic.nars.misses++;
  }

  sent(bytes: number): void {
    this.traffic.sentNarBytes += bytes;
  }

  sentClosure(bytes: number): void {
    this.traffic.sentClosureBytes += bytes;
  }

  received(bytes: number): void {
    this.traffic.receivedBytes += bytes;
  }

  refused(code: string): void {
    const { refused } = this.traffic;
    refused.set(code, (refused.get(code) ?? 0) + 1);
  }
}

/** Registers what the endpoints count. */
export function cacheMetrics(registry: Registry): CacheMetrics {
  const counts = new Counts();
  const { traffic } = counts;
  addCounter(registry, {
    name: "procurator_cache_lookups_total",
    help: "Narinfos and nars asked for",
    labelNames: ["what", "result"],
    read: () =>
      ([["narinfo", traffic.narInfos], ["nar", traffic.nars]] as const)
        .flatMap(([what, { hits, misses }]) =>
          [
            [{ what, result: "hit" }, hits],
            [{ what, result: "miss" }, misses],
          ] as const
        ),
  });
  addCounter(registry, {
    name: "procurator_cache_sent_bytes_total",
    help:
      "Bytes sent: nars as their answers promised them, and closures in one answer",
    labelNames: ["what"],
    read: () => [
      [{ what: "nar" }, traffic.sentNarBytes],
      [{ what: "closure" }, traffic.sentClosureBytes],
    ],
  });
  addCounter(registry, {
    name: "procurator_cache_received_bytes_total",
    help: "Bytes of nars that were received and stored",
    read: () => [[{}, traffic.receivedBytes]],
  });
  addCounter(registry, {
    name: "procurator_cache_refused_uploads_total",
    help: "Uploads refused, by error code",
    labelNames: ["code"],
    read: () => [...traffic.refused].map(([code, count]) => [{ code }, count]),
  });
  addRequests(registry);
  return counts;
}

/** The base counts by route and status; people ask by kind and answer. */
function addRequests(registry: Registry): void {
  addCounter(registry, {
    name: "procurator_cache_requests_total",
    help: "Requests answered, by what was asked for and how it was answered",
    labelNames: ["kind", "method", "answer"],
    async read() {
      const counted = await registry
        .getSingleMetric("procurator_http_requests_total")?.get();
      return (counted?.values ?? []).map(({ labels, value }) => {
        const { route = "", method = "", status = "" } = labels as Record<
          string,
          string
        >;
        const kind = kindOf(route);
        const answer = answerOf(Number(status));
        return [{ kind, method, answer }, value] as const;
      });
    },
  });
}

const CONTENT = {
  paths: ["procurator_cache_paths", "Store paths"],
  narBytes: [
    "procurator_cache_unpacked_bytes",
    "Bytes of all store paths unpacked",
  ],
  nars: ["procurator_cache_nars", "Nar files"],
  fileBytes: ["procurator_cache_nar_bytes", "Bytes of all nar files as stored"],
  objects: [
    "procurator_cache_objects",
    "Listings, logs, realisations and debug infos",
  ],
} as const satisfies Record<keyof CacheStats, readonly [string, string]>;

/** Registers what is read when somebody asks. */
export function addFigures(registry: Registry, sources: FigureSources): void {
  const { stats, disk, collection, openRequests } = sources;
  for (const [key, [name, help]] of Object.entries(CONTENT)) {
    addGauge(registry, name, help, () => stats()[key as keyof CacheStats]);
  }
  addGauge(
    registry,
    "procurator_cache_disk_free_bytes",
    "Free bytes of the disk that the nars are on",
    async () => (await disk()).freeBytes,
  );
  addGauge(
    registry,
    "procurator_cache_disk_size_bytes",
    "Size of the disk that the nars are on",
    async () => (await disk()).totalBytes,
  );
  addGauge(
    registry,
    "procurator_cache_open_requests",
    "Requests whose answers are not sent to their end",
    openRequests,
  );
  addCollections(registry, collection);
}

function addCollections(
  registry: Registry,
  collection: FigureSources["collection"],
): void {
  const SECOND_MS = 1000;
  addGauge(
    registry,
    "procurator_cache_collection_running",
    "1 while garbage is collected",
    () => collection().running === null ? 0 : 1,
  );
  const last = (
    name: string,
    help: string,
    value: (report: CollectionStatus["last"][number]) => number,
  ) =>
    addGauge(registry, `procurator_cache_collection_last_${name}`, help, () => {
      const [report] = collection().last;
      return report === undefined ? undefined : value(report);
    });
  last(
    "end_timestamp_seconds",
    "When the last collection of garbage ended",
    ({ endedAtMs }) => endedAtMs / SECOND_MS,
  );
  last(
    "duration_seconds",
    "How long it took",
    ({ startedAtMs, endedAtMs }) => (endedAtMs - startedAtMs) / SECOND_MS,
  );
  last(
    "success",
    "1 when it came to its end",
    ({ state }) => state === "done" ? 1 : 0,
  );
  last("freed_bytes", "What it freed", ({ removed }) => removed.bytes);
  last("removed_paths", "What it removed", ({ removed }) => removed.paths);
}
