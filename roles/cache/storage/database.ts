/**
 * The cache's one database: opened, brought to the present tables, written in
 * transactions that are on disk when they return, or when what they return
 * resolves.
 *
 * The second kind is for uploads, of which many come at once. SQLite commits
 * by writing to the write-ahead log and syncing it, and would hold this thread
 * for each sync. Those commits write alone (`synchronous = NORMAL`); the log is
 * then synced beside this thread, once for all who wait (`shared_sync.ts`).
 * An upload is answered after a sync that began after its commit, so what was
 * acknowledged is on disk as with FULL: the log's frames are recovered up to
 * the last whole commit, and a sync covers all frames before it. A checkpoint
 * that comes between syncs the log itself before it copies, and the database
 * before it starts the log anew, in NORMAL as in FULL. kill -9 takes nothing
 * that was written to a file.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import { STEPS } from "./schema.ts";
import { SharedSync } from "./shared_sync.ts";
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

/** A database without a file, and so without a log. */
const MEMORY = ":memory:";

const CheckpointRow = z.object({ busy: z.number() });

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
  readonly #path: string;
  readonly #logSync: SharedSync;
  #log: Deno.FsFile | undefined;
  /** Commits whose sync is yet to come. */
  #unsynced = 0;
  /** A sync failed: what is in the log may have a gap. */
  #isTorn = false;

  /**
   * @param path `:memory:` keeps it in memory.
   * @param syncLog in place of a sync of the log's file, for tests of disks that fail.
   * @throws {AppError} `refused` when a later version wrote it, `storage` when it is damaged.
   */
  constructor(path: string, syncLog?: () => Promise<void>) {
    this.#path = path;
    this.#logSync = new SharedSync(syncLog ?? (() => this.#syncLog()));
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
   * Does all of `action` or nothing, committed and visible when it returns, on
   * disk when what it returns resolves: who would count on its being here waits
   * for that too (`lasting`).
   *
   * @param what is stored, for people.
   * @throws {AppError} `storage`; and what `action` throws.
   * @returns rejects with `storage` when the disk fails.
   */
  commit(what: string, action: () => void): Promise<void> {
    if (this.#path === MEMORY) {
      this.transaction(what, action);
      return Promise.resolve();
    }
    this.#mend(what);
    this.sql.exec("PRAGMA synchronous = NORMAL");
    try {
      this.transaction(what, action);
    } finally {
      this.sql.exec("PRAGMA synchronous = FULL");
    }
    return this.#synced(what);
  }

  /** False: some of what can be seen may not be on disk yet. */
  get isLasting(): boolean {
    return this.#unsynced === 0 && !this.#isTorn;
  }

  /**
   * Resolves when all that can be seen now is on disk: for who would count on it.
   *
   * @throws {AppError} `storage`
   */
  async lasting(): Promise<void> {
    if (this.isLasting) return;
    const what = "what is being stored";
    this.#mend(what);
    await this.#synced(what);
  }

  async #synced(what: string): Promise<void> {
    this.#unsynced++;
    try {
      await this.#logSync.wait();
    } catch (error) {
      this.#isTorn = true;
      throw toStorageError(what, error);
    } finally {
      this.#unsynced--;
    }
  }

  async #syncLog(): Promise<void> {
    this.#log ??= await Deno.open(`${this.#path}-wal`, { read: true });
    await this.#log.syncData();
  }

  /**
   * After a sync that failed, frames of the log may never come to the disk,
   * and no later one would be found behind them. So nothing is stored until all
   * of the log is in the database, synced, and the log begins anew.
   */
  #mend(what: string): void {
    if (!this.#isTorn) return;
    // A reader that holds the log may take minutes: nobody waits for it here.
    this.sql.exec("PRAGMA busy_timeout = 0");
    try {
      const { busy } = CheckpointRow.parse(
        this.sql.prepare("PRAGMA wal_checkpoint(TRUNCATE)").get(),
      );
      this.#isTorn = busy !== 0;
    } catch (error) {
      throw toStorageError(what, error);
    } finally {
      this.sql.exec(`PRAGMA busy_timeout = ${BUSY_MS}`);
    }
    if (!this.#isTorn) return;
    throw new AppError(
      "storage",
      `Cannot store ${what}: the disk failed, and a backup is under way`,
      { hint: "push again when the backup has ended" },
    );
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

  /**
   * Brings what the log has to the database, for who writes much for long: once
   * it has a thousand pages the next commit would do so, on top of its own work.
   * The log's own sync is waited for before, beside everything else.
   *
   * @throws {AppError} `storage`
   */
  async shortenLog(): Promise<void> {
    await this.lasting();
    try {
      this.sql.exec("PRAGMA wal_checkpoint(PASSIVE)");
    } catch (error) {
      throw toStorageError("what is in its log", error);
    }
  }

  [Symbol.dispose](): void {
    this.#log?.close();
    this.#log = undefined;
    this.sql.close();
  }
}
