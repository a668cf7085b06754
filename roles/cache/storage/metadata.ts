/**
 * What the cache has: nars, paths with their references, and the small objects
 * beside them. What is put is seen when the call returns, and on disk when what
 * it returns resolves.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import type { NarRecord } from "../core/admission.ts";
import type { NarInfo } from "../../nar/core/narinfo.ts";
import type { ObjectKind } from "../../nar/core/names.ts";
import type { Database } from "./database.ts";

/** Bodies above this are worth an extra sync: few are, since most listings and logs are small. */
const LARGE_BYTES = 64 * 1024;

const NarRow = z.object({
  file: z.string(),
  file_size: z.number(),
  nar_hash: z.string(),
  nar_size: z.number(),
});
const TextRow = z.object({ text: z.string() });
const BodyRow = z.object({ body: z.instanceof(Uint8Array) });
const StatsRow = z.object({
  paths: z.number(),
  narBytes: z.number(),
  nars: z.number(),
  fileBytes: z.number(),
  objects: z.number(),
});

/** How much there is. */
export type CacheStats = z.output<typeof StatsRow>;

function prepare(database: DatabaseSync) {
  return {
    nar: database.prepare("SELECT * FROM nar WHERE file = ?"),
    putNar: database.prepare("INSERT OR REPLACE INTO nar VALUES (?,?,?,?,?)"),
    text: database.prepare("SELECT text FROM path WHERE hash = ?"),
    has: database.prepare("SELECT 1 FROM path WHERE hash = ?"),
    hasBase: database.prepare("SELECT 1 FROM path WHERE hash = ? AND base = ?"),
    putPath: database.prepare(
      `INSERT OR REPLACE INTO path
        (hash, base, file, nar_size, text, stored_at_ms, used_at_ms, stored_by)
        VALUES (?,?,?,?,?,?,?,?)`,
    ),
    dropReferences: database.prepare("DELETE FROM reference WHERE hash = ?"),
    putReference: database.prepare(
      "INSERT OR IGNORE INTO reference VALUES (?,?)",
    ),
    body: database.prepare(
      "SELECT body FROM object WHERE kind = ? AND name = ?",
    ),
    putBody: database.prepare("INSERT OR REPLACE INTO object VALUES (?,?,?,?)"),
    stats: database.prepare(
      `SELECT paths, nar_bytes AS narBytes, nars, file_bytes AS fileBytes, objects
        FROM total`,
    ),
  } satisfies Record<string, StatementSync>;
}

/** Who stores a path, and when. */
export interface Stored {
  nowMs: number;
  /** A token's name, or where it was pulled from. */
  by: string;
}

export class Metadata {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database.sql);
  }

  /** False: some of what is seen may not be on disk yet. */
  get isLasting(): boolean {
    return this.#database.isLasting;
  }

  /** Resolves when all that is seen now is on disk. @throws {AppError} `storage` */
  lasting(): Promise<void> {
    return this.#database.lasting();
  }

  /** The nar of that file name. */
  nar(file: string): NarRecord | undefined {
    const row = this.#sql.nar.get(file);
    if (row === undefined) return undefined;
    const { file_size, nar_hash, nar_size } = NarRow.parse(row);
    return { file, fileSize: file_size, narHash: nar_hash, narSize: nar_size };
  }

  /** @throws {AppError} `storage` */
  putNar(nar: NarRecord, nowMs: number): Promise<void> {
    return this.#database.commit(`nar/${nar.file}`, () => {
      const { file, fileSize, narHash, narSize } = nar;
      this.#sql.putNar.run(file, fileSize, narHash, narSize, nowMs);
    });
  }

  /** The narinfo of the path with this hash, as it is sent. */
  narInfoText(hash: string): string | undefined {
    const row = this.#sql.text.get(hash);
    return row === undefined ? undefined : TextRow.parse(row).text;
  }

  /** True when there is a path with this hash. */
  hasPath(hash: string): boolean {
    return this.#sql.has.get(hash) !== undefined;
  }

  /** Those of `bases` (`<hash>-<name>`) that are not here. */
  missing(bases: readonly string[]): string[] {
    return bases.filter((base) =>
      this.#sql.hasBase.get(base.slice(0, 32), base) === undefined
    );
  }

  /** @throws {AppError} `storage` */
  putPath(
    info: NarInfo,
    text: string,
    { nowMs, by }: Stored,
  ): Promise<void> {
    const hash = info.base.slice(0, 32);
    return this.#database.commit(info.base, () => {
      const { base, file, narSize } = info;
      this.#sql.putPath.run(
        hash,
        base,
        file,
        narSize,
        text,
        nowMs,
        nowMs,
        by,
      );
      this.#sql.dropReferences.run(hash);
      for (const reference of info.references) {
        this.#sql.putReference.run(hash, reference.slice(0, 32));
      }
    });
  }

  /** A small object's bytes. */
  object(kind: ObjectKind, name: string): Uint8Array | undefined {
    const row = this.#sql.body.get(kind, name);
    return row === undefined ? undefined : BodyRow.parse(row).body;
  }

  /** @throws {AppError} `storage` */
  putObject(
    kind: ObjectKind,
    name: string,
    body: Uint8Array,
    nowMs: number,
  ): Promise<void> {
    if (body.length > LARGE_BYTES) this.#database.emptyLog();
    return this.#database.commit(`${kind} ${name}`, () => {
      this.#sql.putBody.run(kind, name, body, nowMs);
    });
  }

  /** Kept as rows come and go: a scrape of /metrics reads one row. */
  stats(): CacheStats {
    return StatsRow.parse(this.#sql.stats.get());
  }
}
