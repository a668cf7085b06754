/**
 * What the cache knows: nars, paths with their references, and the small
 * objects beside them. The only SQL of this role; every call is committed
 * when it returns.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import type { NarRecord } from "../core/admission.ts";
import type { NarInfo } from "../core/narinfo.ts";
import type { ObjectKind } from "../core/names.ts";
import { toStorageError } from "./storage_error.ts";

/** Raised when the tables change; a database of a later one is refused. */
const SCHEMA_VERSION = 1;

/** Bodies above this are worth an extra sync: few are, since most listings and logs are small. */
const LARGE_BYTES = 64 * 1024;

const SCHEMA = `
CREATE TABLE nar (
  file TEXT PRIMARY KEY,
  file_size INTEGER NOT NULL,
  nar_hash TEXT NOT NULL,
  nar_size INTEGER NOT NULL,
  stored_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE path (
  hash TEXT PRIMARY KEY,
  base TEXT NOT NULL,
  file TEXT NOT NULL,
  nar_size INTEGER NOT NULL,
  text TEXT NOT NULL,
  stored_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX path_by_file ON path (file);
CREATE TABLE reference (
  hash TEXT NOT NULL,
  reference TEXT NOT NULL,
  PRIMARY KEY (hash, reference)
) STRICT, WITHOUT ROWID;
CREATE INDEX reference_by_reference ON reference (reference);
CREATE TABLE object (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  body BLOB NOT NULL,
  stored_at_ms INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT;
PRAGMA user_version = ${SCHEMA_VERSION};
`;

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

function openDatabase(path: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  const version = z.object({ user_version: z.number() })
    .parse(database.prepare("PRAGMA user_version").get()).user_version;
  if (version === 0) database.exec(`BEGIN;${SCHEMA}COMMIT`);
  else if (version !== SCHEMA_VERSION) {
    database.close();
    throw new AppError(
      "refused",
      `Cannot open ${path}: it has the version ${version}, this program knows ${SCHEMA_VERSION}`,
      { hint: "start the version of procurator that wrote it" },
    );
  }
  return database;
}

function prepare(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
    nar: database.prepare("SELECT * FROM nar WHERE file = ?"),
    putNar: database.prepare("INSERT OR REPLACE INTO nar VALUES (?,?,?,?,?)"),
    text: database.prepare("SELECT text FROM path WHERE hash = ?"),
    has: database.prepare("SELECT 1 FROM path WHERE hash = ?"),
    hasBase: database.prepare("SELECT 1 FROM path WHERE hash = ? AND base = ?"),
    putPath: database.prepare(
      "INSERT OR REPLACE INTO path VALUES (?,?,?,?,?,?)",
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
      `SELECT (SELECT count(*) FROM path) AS paths,
        (SELECT coalesce(sum(nar_size), 0) FROM path) AS narBytes,
        (SELECT count(*) FROM nar) AS nars,
        (SELECT coalesce(sum(file_size), 0) FROM nar) AS fileBytes,
        (SELECT count(*) FROM object) AS objects`,
    ),
  } satisfies Record<string, StatementSync>;
}

/** The cache's tables, in `path` (`:memory:` keeps them in memory). */
export class Metadata implements Disposable {
  readonly #database: DatabaseSync;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(path: string) {
    this.#database = openDatabase(path);
    this.#sql = prepare(this.#database);
  }

  /** The nar of that file name. */
  nar(file: string): NarRecord | undefined {
    const row = this.#sql.nar.get(file);
    if (row === undefined) return undefined;
    const { file_size, nar_hash, nar_size } = NarRow.parse(row);
    return { file, fileSize: file_size, narHash: nar_hash, narSize: nar_size };
  }

  /** @throws {AppError} `storage` */
  putNar(nar: NarRecord, nowMs: number): void {
    this.#transaction(`nar/${nar.file}`, () => {
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
  putPath(info: NarInfo, text: string, nowMs: number): void {
    const hash = info.base.slice(0, 32);
    this.#transaction(info.base, () => {
      const { base, file, narSize } = info;
      this.#sql.putPath.run(hash, base, file, narSize, text, nowMs);
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
  ): void {
    if (body.length > LARGE_BYTES) this.#emptyLog();
    this.#transaction(`${kind} ${name}`, () => {
      this.#sql.putBody.run(kind, name, body, nowMs);
    });
  }

  stats(): CacheStats {
    return StatsRow.parse(this.#sql.stats.get());
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  /**
   * Empties the write-ahead log. A large write that fails on a full disk leaves
   * its pages there, where they keep the disk full for everybody. Emptying needs
   * room for what the log has committed, so it is emptied before such a write too.
   */
  #emptyLog(): void {
    try {
      this.#database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // There is no room even for that: the next write fails and says so.
    }
  }

  #transaction(what: string, action: () => void): void {
    try {
      this.#sql.begin.run();
      action();
      this.#sql.commit.run();
    } catch (error) {
      // A full disk may have rolled it back already.
      if (this.#database.isTransaction) this.#sql.rollback.run();
      const refusal = toStorageError(what, error);
      if (refusal !== error) this.#emptyLog();
      throw refusal;
    }
  }
}
