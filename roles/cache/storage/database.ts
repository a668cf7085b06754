/**
 * The cache's one database: opened, brought to the present tables, written in
 * transactions that are on disk when they return.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import { STEPS } from "./schema.ts";
import { toOpenError, toStorageError } from "./storage_error.ts";

/** Somebody who looks with sqlite3 holds it for a moment; nobody else writes. */
const BUSY_MS = 5000;

/**
 * What the write-ahead log keeps on disk after a checkpoint; it grows beyond
 * that only while somebody reads one snapshot for long, as a backup does. 64
 * MiB are some minutes of pushes.
 */
const LOG_KEPT_BYTES = 64 * 1024 * 1024;
/** Of pages in memory: the upper levels of a million paths' indexes, so that a cold look-up reads one page or two. */
const PAGES_KIB = 64 * 1024;

/** How every connection of ours is set up: who writes without `recursive_triggers` makes the totals wrong. */
const PRAGMAS = `
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA recursive_triggers = ON;
PRAGMA journal_size_limit = ${LOG_KEPT_BYTES};
PRAGMA cache_size = -${PAGES_KIB};
`;

function prepare(database: DatabaseSync) {
  return {
    begin: database.prepare("BEGIN IMMEDIATE"),
    commit: database.prepare("COMMIT"),
    rollback: database.prepare("ROLLBACK"),
  };
}

function migrate(database: DatabaseSync, path: string): void {
  const version = z.object({ user_version: z.number() })
    .parse(database.prepare("PRAGMA user_version").get()).user_version;
  if (version > STEPS.length) {
    throw new AppError(
      "refused",
      `Cannot open ${path}: it has the version ${version}, this program knows ${STEPS.length}`,
      { hint: "start the version of procurator that wrote it" },
    );
  }
  for (const [index, step] of STEPS.entries()) {
    if (index < version) continue;
    database.exec(`BEGIN;${step}PRAGMA user_version = ${index + 1};COMMIT`);
  }
}

export class Database implements Disposable {
  /** For statements of those who own tables. */
  readonly sql: DatabaseSync;
  readonly #turns: ReturnType<typeof prepare>;

  /**
   * @param path `:memory:` keeps it in memory.
   * @throws {AppError} `refused` when a later version wrote it, `storage` when it is damaged.
   */
  constructor(path: string) {
    this.sql = new DatabaseSync(path, { timeout: BUSY_MS });
    try {
      this.sql.exec(PRAGMAS);
      migrate(this.sql, path);
    } catch (error) {
      this.sql.close();
      throw toOpenError(path, error);
    }
    this.#turns = prepare(this.sql);
  }

  /**
   * Does all of `action` or nothing, committed when it returns.
   *
   * @param what is stored, for people.
   * @throws {AppError} `storage`; and what `action` throws.
   */
  transaction<T>(what: string, action: () => T): T {
    try {
      this.#turns.begin.run();
      const value = action();
      this.#turns.commit.run();
      return value;
    } catch (error) {
      // A full disk may have rolled it back already.
      if (this.sql.isTransaction) this.#turns.rollback.run();
      const refusal = toStorageError(what, error);
      if (refusal !== error) this.emptyLog();
      throw refusal;
    }
  }

  /**
   * Empties the write-ahead log. A large write that fails on a full disk leaves
   * its pages there, where they keep the disk full for everybody. Emptying needs
   * room for what the log has committed, so it is emptied before such a write too.
   */
  emptyLog(): void {
    try {
      this.sql.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    } catch {
      // There is no room even for that: the next write fails and says so.
    }
  }

  [Symbol.dispose](): void {
    this.sql.close();
  }
}
