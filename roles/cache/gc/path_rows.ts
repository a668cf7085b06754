/**
 * Paths, references, nars and small objects as a collection reads and removes
 * them. Decides nothing; whoever removes does it in a transaction of theirs.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import type { Database } from "../storage/database.ts";
import type { PathFacts } from "./core/graph.ts";

/** Rows at a time: some 3 ms of a slow machine. */
const PAGE_ROWS = 250;
/** Rows at a time of those that are a few numbers and one table's: the same 3 ms. */
const THIN_ROWS = 1000;

const PathRow = z.object({
  base: z.string(),
  file: z.string(),
  stored_at_ms: z.number(),
  used_at_ms: z.number(),
  stored_by: z.string(),
});
const ReferrerRow = z.object({
  hash: z.string(),
  base: z.string(),
  used_at_ms: z.number(),
});
const HashRow = z.object({ hash: z.string() });
const NameRow = z.object({ name: z.string() });
const NarRow = z.object({ file: z.string(), file_size: z.number() });
const ObjectRow = z.object({
  kind: z.enum(["ls", "realisation", "debuginfo"]),
  name: z.string(),
  body: z.instanceof(Uint8Array),
});
const CountRow = z.object({ count: z.number() });

/** What is known of one path, besides its contents. */
export interface PathRecord {
  base: string;
  file: string;
  storedAtMs: number;
  /** 0: before uses were kept. */
  usedAtMs: number;
  storedBy: string;
}

/** Who refers to a path. */
export interface Referrer {
  hash: string;
  base: string;
  usedAtMs: number;
}

/** A small object that may have lost what it is about. */
export type CollectedObject = z.output<typeof ObjectRow>;

function prepare(database: DatabaseSync) {
  return {
    countPaths: database.prepare("SELECT paths AS count FROM total"),
    // As they lie in the file, not in the order of hashes: that reads all over it.
    facts: database.prepare(
      `SELECT rowid AS row, hash, used_at_ms AS usedAtMs, file
        FROM path WHERE rowid > ? ORDER BY rowid LIMIT ${THIN_ROWS}`,
    ),
    // Not joined to the paths: that searches this table a million times.
    narSizes: database.prepare(
      `SELECT file, file_size AS bytes FROM nar
        WHERE file > ? ORDER BY file LIMIT ${THIN_ROWS}`,
    ),
    // One row of 32 characters each for a path: an eighth of the rows.
    references: database.prepare(
      `SELECT hash, group_concat(reference, '') AS "references" FROM reference
        WHERE hash > ? GROUP BY hash ORDER BY hash LIMIT ${PAGE_ROWS * 2}`,
    ),
    path: database.prepare(
      "SELECT base, file, stored_at_ms, used_at_ms, stored_by FROM path WHERE hash = ?",
    ),
    referrers: database.prepare(
      `SELECT reference.hash AS hash, path.base AS base, path.used_at_ms AS used_at_ms
        FROM reference JOIN path ON path.hash = reference.hash
        WHERE reference.reference = ?1 AND reference.hash > ?2 AND reference.hash <> ?1
        ORDER BY reference.hash LIMIT ${PAGE_ROWS}`,
    ),
    // The index alone: nothing of the paths is read.
    referrerHashes: database.prepare(
      `SELECT hash FROM reference
        WHERE reference = ?1 AND hash > ?2 AND hash <> ?1
        ORDER BY hash LIMIT ${THIN_ROWS}`,
    ),
    isReferred: database.prepare(
      "SELECT 1 FROM reference WHERE reference = ?1 AND hash <> ?1 LIMIT 1",
    ),
    removePath: database.prepare("DELETE FROM path WHERE hash = ?"),
    removeReferences: database.prepare("DELETE FROM reference WHERE hash = ?"),
    removeObject: database.prepare(
      "DELETE FROM object WHERE kind = ? AND name = ?",
    ),
    pathOfFile: database.prepare("SELECT 1 FROM path WHERE file = ? LIMIT 1"),
    nar: database.prepare("SELECT file, file_size FROM nar WHERE file = ?"),
    removeNar: database.prepare("DELETE FROM nar WHERE file = ?"),
    lastNar: database.prepare(
      `SELECT max(file) AS file, count(*) AS count
        FROM (SELECT file FROM nar WHERE file > ? ORDER BY file LIMIT ${PAGE_ROWS})`,
    ),
    strayNars: database.prepare(
      `SELECT file, file_size FROM nar
        WHERE file > ?1 AND file <= ?2 AND stored_at_ms < ?3
        AND NOT EXISTS (SELECT 1 FROM path WHERE path.file = nar.file)`,
    ),
    // +kind: by the index each page would walk over all those before it.
    objects: database.prepare(
      `SELECT kind, name, CASE kind WHEN 'ls' THEN x'' ELSE body END AS body
        FROM object
        WHERE (kind, name) > (?1, ?2) AND +kind IN ('debuginfo', 'ls', 'realisation')
        AND stored_at_ms < ?3 ORDER BY kind, name LIMIT ${OBJECT_ROWS}`,
    ),
    // The index alone: when it was stored lies behind a body of megabytes.
    logs: database.prepare(
      `SELECT name FROM object WHERE kind = 'log' AND name > ?
        ORDER BY name LIMIT ${THIN_ROWS}`,
    ),
    removeLog: database.prepare(
      "DELETE FROM object WHERE kind = 'log' AND name = ?1 AND stored_at_ms < ?2",
    ),
    // Where there is no such line it is no hash, and no one's.
    derivers: database.prepare(
      `SELECT rowid AS row,
        substr(text, instr(text, char(10) || 'Deriver: ') + 10, 32) AS deriver
        FROM path WHERE rowid > ? ORDER BY rowid LIMIT ${PAGE_ROWS}`,
    ),
    setUsed: database.prepare(
      "UPDATE path SET used_at_ms = ?2 WHERE hash = ?1 AND used_at_ms < ?3",
    ),
  } satisfies Record<string, StatementSync>;
}

/** A listing has its path in its name; what has to be looked into is at most 256 KiB each: 13 MB. */
const OBJECT_ROWS = 50;

export class PathRows {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#sql = prepare(database.sql);
  }

  /** Kept as rows come and go: to count a million takes hundreds of milliseconds. */
  countPaths(): number {
    return CountRow.parse(this.#sql.countPaths.get()).count;
  }

  /** The next paths behind a row, in the order they were stored; none at the end. What is stored anew comes again. */
  factsAfter(row: number): (PathFacts & { row: number })[] {
    // A million rows: they are ours, and are not checked again.
    return this.#sql.facts.all(row) as unknown as (PathFacts & {
      row: number;
    })[];
  }

  /** What the next nars behind a file name take. */
  narSizesAfter(file: string): { file: string; bytes: number }[] {
    return this.#sql.narSizes.all(file) as unknown as {
      file: string;
      bytes: number;
    }[];
  }

  /** The references of the next paths behind a hash, one behind the other. */
  referencesAfter(hash: string): { hash: string; references: string }[] {
    return this.#sql.references.all(hash) as unknown as {
      hash: string;
      references: string;
    }[];
  }

  path(hash: string): PathRecord | undefined {
    const row = this.#sql.path.get(hash);
    if (row === undefined) return undefined;
    const { base, file, stored_at_ms, used_at_ms, stored_by } = PathRow.parse(
      row,
    );
    return {
      base,
      file,
      storedAtMs: stored_at_ms,
      usedAtMs: used_at_ms,
      storedBy: stored_by,
    };
  }

  /** Who refers to a path, itself excluded: the next behind the hash `after`, in the order of hashes. */
  referrersAfter(hash: string, after: string): Referrer[] {
    return this.#sql.referrers.all(hash, after).map((row) => {
      const { used_at_ms, ...referrer } = ReferrerRow.parse(row);
      return { ...referrer, usedAtMs: used_at_ms };
    });
  }

  /** The hashes of the same, more of them at a time, for far less. */
  referrerHashesAfter(hash: string, after: string): string[] {
    return this.#sql.referrerHashes.all(hash, after).map((row) =>
      HashRow.parse(row).hash
    );
  }

  /** True when another path refers to it. */
  isReferred(hash: string): boolean {
    return this.#sql.isReferred.get(hash) !== undefined;
  }

  /** A path with its references and its listing; its nar stays. */
  removePath(hash: string): void {
    this.#sql.removePath.run(hash);
    this.#sql.removeReferences.run(hash);
    this.#sql.removeObject.run("ls", hash);
  }

  /** The nar's record, if no path has it any more; its bytes, or undefined. */
  removeNarIfUnused(file: string): number | undefined {
    if (this.#sql.pathOfFile.get(file) !== undefined) return undefined;
    const row = this.#sql.nar.get(file);
    if (row === undefined) return undefined;
    this.#sql.removeNar.run(file);
    return NarRow.parse(row).file_size;
  }

  /**
   * Nars of no path that were stored before `beforeMs`, among the next behind a
   * file name. `last` is where to go on; undefined at the end.
   */
  strayNarsAfter(
    file: string,
    beforeMs: number,
  ): { nars: string[]; last: string | undefined } {
    const last = this.#sql.lastNar.get(file)?.["file"];
    if (typeof last !== "string") return { nars: [], last: undefined };
    const rows = this.#sql.strayNars.all(file, last, beforeMs);
    return { nars: rows.map((row) => NarRow.parse(row).file), last };
  }

  hasNar(file: string): boolean {
    return this.#sql.nar.get(file) !== undefined;
  }

  /** Small objects that are about a path or a nar, stored before `beforeMs`: the next in order. */
  objectsAfter(
    { kind, name }: { kind: string; name: string },
    beforeMs: number,
  ): CollectedObject[] {
    return this.#sql.objects.all(kind, name, beforeMs).map((row) =>
      ObjectRow.parse(row)
    );
  }

  /** The next build logs behind a name. */
  logsAfter(name: string): string[] {
    return this.#sql.logs.all(name).map((row) => NameRow.parse(row).name);
  }

  /** False: it is not there, or was stored since. */
  removeLog(name: string, beforeMs: number): boolean {
    return this.#sql.removeLog.run(name, beforeMs).changes > 0;
  }

  /** The hashes of the derivations that the next paths behind a row came of, in the order they were stored; any other text where one does not say. */
  deriversAfter(row: number): { row: number; deriver: string }[] {
    return this.#sql.derivers.all(row) as unknown as {
      row: number;
      deriver: string;
    }[];
  }

  removeObject(kind: string, name: string): void {
    this.#sql.removeObject.run(kind, name);
  }

  /** Sets when a path was last used, if what is known is before `olderThanMs`. */
  setUsed(hash: string, nowMs: number, olderThanMs: number): void {
    this.#sql.setUsed.run(hash, nowMs, olderThanMs);
  }
}
