/**
 * What a check, a backup and a restore of the cache's files come to: the JSON
 * that `procurator cache fsck|backup|restore --json` prints.
 *
 * @module
 */
import { z } from "zod";
import { Counter } from "./ids.ts";

/** One thing that is not as it should be. */
export const CacheFinding = z.object({
  /** What kind of damage, in one word: `nar-missing`. */
  kind: z.string(),
  /** Of which file, path or table. */
  name: z.string(),
  why: z.string(),
  /** What a repair has done, or what to do. */
  todo: z.string(),
  isMended: z.boolean(),
});
export type CacheFinding = z.output<typeof CacheFinding>;

/** What a check came to. */
export const CacheCheckReport = z.object({
  /** `clean`: nothing was found; `mended`: all of it is as it was; `incomplete`: what is sound is served, and something must be pushed again; `damaged`: it was not repaired; `cancelled`. */
  state: z.enum(["clean", "mended", "incomplete", "damaged", "cancelled"]),
  deep: z.boolean(),
  repair: z.boolean(),
  /** The nar file behind which a check that was cut off was taken up; null: from the beginning. */
  resumedAfter: z.string().nullable(),
  checked: z.object({ nars: Counter, paths: Counter, bytes: Counter }),
  problems: Counter,
  mended: Counter,
  /** The first of them. */
  findings: z.array(CacheFinding),
  /** Store paths to push again. */
  pushAgain: z.array(z.string()),
  /** Beyond those listed. */
  pushAgainMore: Counter,
  /** What limits what was told: an upstream that is down. */
  notes: z.array(z.string()),
});
export type CacheCheckReport = z.output<typeof CacheCheckReport>;

/** How far a check, a backup or a restore is. */
export interface CacheFilesProgress {
  phase: string;
  doneBytes: number;
  totalBytes: number;
}

/** What a backup came to. */
export const CacheBackupInfo = z.object({
  directory: z.string(),
  paths: Counter,
  nars: Counter,
  /** Of all nars in it. */
  bytes: Counter,
  copiedNars: Counter,
  copiedBytes: Counter,
  /** Of an earlier backup into this directory, and of no use to this one. */
  removedNars: Counter,
  /** Nars that are damaged in the cache: they and their paths are not in it. */
  damaged: z.array(z.string()),
});
export type CacheBackupInfo = z.output<typeof CacheBackupInfo>;

/** What a restore came to. */
export const CacheRestoreInfo = z.object({
  paths: Counter,
  nars: Counter,
  copiedNars: Counter,
  copiedBytes: Counter,
  /** Where the database is that was replaced; null: there was none. */
  replaced: z.string().nullable(),
  /** There were none before. */
  keyRestored: z.boolean(),
  tokensRestored: z.boolean(),
  /** Nars that are damaged in the backup: left out. */
  damaged: z.array(z.string()),
});
export type CacheRestoreInfo = z.output<typeof CacheRestoreInfo>;
