/**
 * What a cache tells of itself: the contract between the cache, its page and
 * the command line.
 *
 * @module
 */
import { z } from "zod";
import { CollectionStatus } from "./collection.ts";
import { Counter } from "./ids.ts";

const Milliseconds = z.number().int().min(0);
const Lookups = z.object({ hits: Counter, misses: Counter });

/** Paths that one token stored, or that came from one upstream, without a long pause between them. */
export const Push = z.object({
  /** A token's name, or `upstream URL`; empty: stored before that was kept. */
  by: z.string(),
  /** The store path that came last: what the others are for. */
  path: z.string(),
  paths: Counter,
  /** Of their nars, packed. */
  bytes: Counter,
  firstAtMs: Milliseconds,
  lastAtMs: Milliseconds,
  /** False: it began before what was looked at. */
  whole: z.boolean(),
});
export type Push = z.output<typeof Push>;

/** Paths that nothing refers to, the largest closures first. */
export const LargestClosures = z.object({
  atMs: Milliseconds,
  /** False: there were too many to look at all of them. */
  complete: z.boolean(),
  /** The bytes are those of nar files, each once. */
  closures: z.array(z.object({
    path: z.string(),
    paths: Counter,
    bytes: Counter,
  })),
});
export type LargestClosures = z.output<typeof LargestClosures>;

/** Where paths come from that are not in the storage, since the start. */
export const SourceStatus = z.object({
  /** `the local store`, or an URL. */
  name: z.string(),
  kind: z.enum(["upstream", "store"]),
  /** Why it is passed over; null: it is asked. */
  trouble: z.string().nullable(),
  hits: Counter,
  misses: Counter,
  failures: Counter,
  /** Of nars that came from it. */
  bytes: Counter,
});
export type SourceStatus = z.output<typeof SourceStatus>;

/** Answer of GET /api/v1/status. */
export const CacheStatus = z.object({
  /** What clients put into `substituters`. */
  url: z.string(),
  publicKeys: z.array(z.string()),
  storeDir: z.string(),
  priority: Counter,
  /** Who reads without a token: `local` are programs on the same host. */
  anonymous: z.enum(["viewer", "local", "none"]),
  startedAtMs: Milliseconds,
  content: z.object({
    paths: Counter,
    /** Unpacked. */
    narBytes: Counter,
    nars: Counter,
    /** As stored. */
    fileBytes: Counter,
    objects: Counter,
  }),
  /** Of the disk that the nars are on. */
  disk: z.object({ freeBytes: Counter, totalBytes: Counter }),
  /** Since the start. */
  traffic: z.object({
    narInfos: Lookups,
    nars: Lookups,
    sentBytes: Counter,
    receivedBytes: Counter,
    refusedUploads: Counter,
    /** Being answered, this one included. */
    openRequests: Counter,
  }),
  sources: z.array(SourceStatus),
  collection: CollectionStatus,
  /** Null: being looked for. */
  largest: LargestClosures.nullable(),
  /** The newest first. */
  pushes: z.array(Push),
});
export type CacheStatus = z.output<typeof CacheStatus>;

/** `97.3 %` of hits; a dash where nobody asked. Never 100 % with a miss. */
export function hitRate(
  { hits, misses }: { hits: number; misses: number },
): string {
  const all = hits + misses;
  if (all === 0) return "–";
  return `${(Math.floor(1000 * hits / all) / 10).toFixed(1)} %`;
}
