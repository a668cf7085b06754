/**
 * The cache's garbage collection as its HTTP API tells it: the contract between
 * the cache, the pages and the command line.
 *
 * @module
 */
import { z } from "zod";
import { Counter } from "./ids.ts";

const Milliseconds = z.number().int().min(0);

/** A pin's name: what people call what they keep. */
export const PinName = z.string().regex(
  /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/,
  "must be 1 to 100 letters, digits and . _ -, a letter or digit first",
);

/** A path that people keep, with its closure. */
export const Pin = z.object({
  name: z.string(),
  path: z.string(),
  pinnedBy: z.string(),
  pinnedAtMs: Milliseconds,
  /** Null: until it is unpinned. */
  expiresAtMs: Milliseconds.nullable(),
});
export type Pin = z.output<typeof Pin>;

export const PinList = z.object({ pins: z.array(Pin) });

/** Who says what is in use, and what it told last. */
export const RootSourceView = z.object({
  /** `master`, `ci`, `pins` */
  name: z.string(),
  roots: Counter,
  /** Of these, paths that are not in the cache. */
  missing: Counter.optional(),
  /** Null: never. */
  readAtMs: Milliseconds.nullable(),
  /** Why it cannot be asked now; null: it was. */
  problem: z.string().nullable(),
});
export type RootSourceView = z.output<typeof RootSourceView>;

const Share = z.object({ paths: Counter, bytes: Counter });

/** Paths by why they stay or go. The bytes are those of nar files; a file that several paths have counts once. */
export const CollectionShares = z.object({
  rooted: Share,
  recent: Share,
  young: Share,
  circular: Share,
  old: Share,
  over: Share,
});
export type CollectionShares = z.output<typeof CollectionShares>;

/** What a collection came to. */
export const CollectionReport = z.object({
  dryRun: z.boolean(),
  state: z.enum(["done", "cancelled", "failed"]),
  /** Why it failed; empty otherwise. */
  message: z.string(),
  /** A token's name, or `schedule`. */
  by: z.string(),
  startedAtMs: Milliseconds,
  endedAtMs: Milliseconds,
  sources: z.array(RootSourceView),
  /** Sources that were left out because somebody said so. */
  without: z.array(z.string()),
  /** Null: it ended before there was a plan. */
  shares: CollectionShares.nullable(),
  /** The largest that go. */
  largest: z.array(z.object({
    path: z.string(),
    bytes: Counter,
    why: z.enum(["old", "over"]),
  })),
  /** What has gone; all 0 in a dry run. */
  removed: z.object({
    paths: Counter,
    nars: Counter,
    objects: Counter,
    bytes: Counter,
  }),
  /** What was to go and stayed: it was asked for, or something new refers to it. */
  spared: Counter,
});
export type CollectionReport = z.output<typeof CollectionReport>;

export const CollectionProgress = z.object({
  phase: z.enum(["roots", "paths", "references", "plan", "removing", "rest"]),
  done: Counter,
  /** 0: nobody knows. */
  total: Counter,
});
export type CollectionProgress = z.output<typeof CollectionProgress>;

/** Body of POST /api/v1/gc. */
export const CollectionRequest = z.strictObject({
  dryRun: z.boolean().default(false),
  /** Sources that are gone for ever: what they told last counts no more. */
  without: z.array(z.enum(["master", "ci"])).max(2).default([]),
});
export type CollectionRequest = z.output<typeof CollectionRequest>;

/** Answer of GET /api/v1/gc. */
export const CollectionStatus = z.object({
  running: z.object({
    by: z.string(),
    dryRun: z.boolean(),
    startedAtMs: Milliseconds,
    progress: CollectionProgress,
  }).nullable(),
  /** When it runs by itself; null: it does not. */
  nextAtMs: Milliseconds.nullable(),
  /** Why it does not, or what the last attempt by itself failed with. */
  problem: z.string().nullable(),
  sources: z.array(RootSourceView),
  /** The newest first. */
  last: z.array(CollectionReport),
});
export type CollectionStatus = z.output<typeof CollectionStatus>;

/** Something that keeps a path, and how it comes to it. */
export const Keeper = z.object({
  source: z.string(),
  /** `generation 41 of shop`, `branch main of shop`, `pin demo` */
  label: z.string(),
  /** Store paths, from what the keeper names to the one asked about. */
  chain: z.array(z.string()),
});
export type Keeper = z.output<typeof Keeper>;

/** Answer of GET /api/v1/why/HASH. */
export const KeptWhy = z.object({
  path: z.string(),
  storedBy: z.string(),
  storedAtMs: Milliseconds,
  keepers: z.array(Keeper),
  /** False: so much refers to it that not everything was looked at. */
  complete: z.boolean(),
  /** The latest use of it, or of what refers to it. */
  lastUse: z.object({
    path: z.string(),
    atMs: Milliseconds,
    /** Without a keeper it goes with the first collection after that; sooner where room is short. */
    keptUntilMs: Milliseconds,
  }),
  sources: z.array(RootSourceView),
});
export type KeptWhy = z.output<typeof KeptWhy>;
