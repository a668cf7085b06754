/**
 * The tables as a check reads and mends them. Decides nothing.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import { z } from "zod";
import type { NarRecord } from "../core/admission.ts";
import type { NarInfo } from "../../nar/core/narinfo.ts";
import type { Database } from "../storage/database.ts";
import type { PathFacts } from "./core/judge_path.ts";

/** Rows in memory at a time: a narinfo may have a MiB, most have one KiB. */
const PAGE_ROWS = 200;

/** Of hashes alone, which an index has side by side. */
const INDEX_ROWS = 2000;

const NarRow = z.object({
  file: z.string(),
  file_size: z.number().int().min(0),
  nar_hash: z.string(),
  nar_size: z.number().int().min(0),
});
const PathRow = z.object({
  hash: z.string(),
  base: z.string(),
  file: z.string(),
  nar_size: z.number(),
  text: z.string(),
});
const Texts = z.object({ text: z.string() });

function prepare({ sql }: Database) {
  return {
    shard: sql.prepare(
      "SELECT file, file_size, nar_hash, nar_size FROM nar WHERE file >= ? AND file < ? ORDER BY file",
    ),
    otherNars: sql.prepare(
      `SELECT file FROM nar WHERE file NOT GLOB '[0-9a-df-np-sv-z][0-9a-df-np-sv-z]*' LIMIT ${PAGE_ROWS}`,
    ),
    nar: sql.prepare(
      "SELECT file, file_size, nar_hash, nar_size FROM nar WHERE file = ?",
    ),
    putNar: sql.prepare("INSERT OR REPLACE INTO nar VALUES (?,?,?,?,?)"),
    dropNar: sql.prepare("DELETE FROM nar WHERE file = ?"),
    paths: sql.prepare(
      `SELECT hash, base, file, nar_size, text FROM path WHERE hash > ?
        ORDER BY hash LIMIT ${PAGE_ROWS}`,
    ),
    hashes: sql.prepare(
      `SELECT hash AS text FROM path WHERE hash > ? ORDER BY hash LIMIT ${INDEX_ROWS}`,
    ),
    basesOf: sql.prepare(
      "SELECT base AS text FROM path WHERE file = ? LIMIT 4",
    ),
    references: sql.prepare(
      "SELECT reference AS text FROM reference WHERE hash = ? ORDER BY reference",
    ),
    hasBase: sql.prepare("SELECT 1 FROM path WHERE hash = ? AND base = ?"),
    dropPath: sql.prepare("DELETE FROM path WHERE hash = ?"),
    dropReferences: sql.prepare("DELETE FROM reference WHERE hash = ?"),
    putReference: sql.prepare("INSERT OR IGNORE INTO reference VALUES (?,?)"),
    setText: sql.prepare("UPDATE path SET text = ? WHERE hash = ?"),
    damage: sql.prepare("INSERT OR REPLACE INTO damage VALUES (?,?,?,?,?)"),
    strayReferences: sql.prepare(
      `SELECT DISTINCT hash AS text FROM reference
        WHERE NOT EXISTS (SELECT 1 FROM path WHERE path.hash = reference.hash)
        LIMIT ${PAGE_ROWS}`,
    ),
    sum: sql.prepare("SELECT coalesce(sum(file_size), 0) AS bytes FROM nar"),
    wrongTotals: sql.prepare(
      `SELECT 1 FROM total WHERE
        paths <> (SELECT count(*) FROM path) OR
        nar_bytes <> (SELECT coalesce(sum(nar_size), 0) FROM path) OR
        nars <> (SELECT count(*) FROM nar) OR
        file_bytes <> (SELECT coalesce(sum(file_size), 0) FROM nar) OR
        objects <> (SELECT count(*) FROM object)`,
    ),
    countTotals: sql.prepare(
      `INSERT OR REPLACE INTO total SELECT 1,
        (SELECT count(*) FROM path), (SELECT coalesce(sum(nar_size), 0) FROM path),
        (SELECT count(*) FROM nar), (SELECT coalesce(sum(file_size), 0) FROM nar),
        (SELECT count(*) FROM object)`,
    ),
  } satisfies Record<string, StatementSync>;
}

/** A nar's record, or the name of one that does not parse. */
export type CheckedNar = NarRecord | { file: string; fileSize: undefined };

function toNar(row: Record<string, unknown>): CheckedNar {
  const parsed = NarRow.safeParse(row);
  if (!parsed.success) {
    return { file: String(row["file"]), fileSize: undefined };
  }
  const { file, file_size, nar_hash, nar_size } = parsed.data;
  return { file, fileSize: file_size, narHash: nar_hash, narSize: nar_size };
}

function textsOf(rows: Record<string, unknown>[]): string[] {
  return rows.map((row) => Texts.parse(row).text);
}

export class CheckedRows {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database, private readonly now: () => number) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  /** Bytes of all nars by their records. */
  narBytes(): number {
    return Number(this.#sql.sum.get()?.["bytes"] ?? 0);
  }

  /** The records whose file is in this shard of `nar/`, in order: a 1024th of all. */
  shard(shard: string): CheckedNar[] {
    // Behind all names that begin with it, and before those of the next.
    return this.#sql.shard.all(shard, `${shard}\u{10ffff}`).map(toNar);
  }

  /** Records under names that no shard has. */
  otherNars(): string[] {
    return this.#sql.otherNars.all().map((row) => String(row["file"]));
  }

  /** The next paths behind a hash; none at the end. */
  pathsAfter(hash: string): PathFacts[] {
    return this.#sql.paths.all(hash).map((row) => {
      const { nar_size, ...path } = PathRow.parse(row);
      const nar = this.#sql.nar.get(path.file);
      const record = nar === undefined ? undefined : toNar(nar);
      return {
        ...path,
        narSize: nar_size,
        nar: record?.fileSize === undefined ? undefined : record,
        referenceRows: textsOf(this.#sql.references.all(path.hash)),
      };
    });
  }

  /** The hashes of the next paths behind a hash; none at the end. */
  hashesAfter(hash: string): string[] {
    return textsOf(this.#sql.hashes.all(hash));
  }

  /** Some paths whose nar it is. */
  basesOf(file: string): string[] {
    return textsOf(this.#sql.basesOf.all(file));
  }

  hasBase(base: string): boolean {
    return this.#sql.hasBase.get(base.slice(0, 32), base) !== undefined;
  }

  /** Hashes that references are recorded of and that are no paths; some of them. */
  strayReferences(): string[] {
    return textsOf(this.#sql.strayReferences.all());
  }

  dropReferences(hashes: readonly string[]): void {
    this.#database.transaction("the references", () => {
      for (const hash of hashes) this.#sql.dropReferences.run(hash);
    });
  }

  putNar(nar: NarRecord): void {
    const { file, fileSize, narHash, narSize } = nar;
    this.#database.transaction(`the record of nar/${file}`, () => {
      this.#sql.putNar.run(file, fileSize, narHash, narSize, this.now());
    });
  }

  /** Out of `nar`, into `damage`. */
  condemnNar(file: string, why: string): void {
    this.#database.transaction(`the damage of nar/${file}`, () => {
      const record = JSON.stringify(this.#sql.nar.get(file) ?? {});
      this.#sql.damage.run("nar", file, why, record, this.now());
      this.#sql.dropNar.run(file);
    });
  }

  /** Out of `path`, into `damage`. */
  condemnPath({ hash, base, text }: PathFacts, why: string): void {
    this.#database.transaction(`the damage of ${base}`, () => {
      this.#sql.damage.run("path", hash, why, text, this.now());
      this.#sql.dropPath.run(hash);
      this.#sql.dropReferences.run(hash);
    });
  }

  setText(hash: string, text: string): void {
    this.#database.transaction(hash, () => {
      this.#sql.setText.run(text, hash);
    });
  }

  setReferences({ base, references }: NarInfo): void {
    const hash = base.slice(0, 32);
    this.#database.transaction(base, () => {
      this.#sql.dropReferences.run(hash);
      for (const reference of references) {
        this.#sql.putReference.run(hash, reference.slice(0, 32));
      }
    });
  }

  get areTotalsWrong(): boolean {
    return this.#sql.wrongTotals.get() !== undefined;
  }

  countTotals(): void {
    this.#database.transaction("the totals", () => {
      this.#sql.countTotals.run();
    });
  }

  /** What SQLite itself finds wrong; empty: nothing. */
  integrity(deep: boolean): string[] {
    const rows = this.#database.sql
      .prepare(`PRAGMA ${deep ? "integrity_check" : "quick_check"}(10)`).all();
    const texts = rows.map((row) => String(Object.values(row)[0]));
    return texts.length === 1 && texts[0] === "ok" ? [] : texts;
  }
}
