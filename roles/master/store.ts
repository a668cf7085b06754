/**
 * The only SQL of the master: documents (kind, id, revision, JSON text) with
 * compare-and-set transactions and watch, on node:sqlite, and the events that
 * are written with them (event_table.ts). A transaction that resolved survives
 * kill -9 and power loss; those asked for in one turn share one commit. Knows
 * nothing of what the documents mean; `now` and ids are the caller's.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { AppError } from "../model/errors.ts";
import type { NewEvent } from "./core/events.ts";
import {
  EVENT_SCHEMA,
  type EventPage,
  type EventQuery,
  EventTable,
} from "./event_table.ts";

/** A document as it is stored. */
export interface StoredDocument {
  kind: string;
  id: string;
  /** Rises with every change in the whole store. */
  revision: number;
  json: string;
}

/** One step of a transaction. `json` null deletes. */
export interface StoreOperation {
  kind: string;
  id: string;
  /** The revision it must have now; 0: it must not be there. */
  expectedRevision: number;
  json: string | null;
}

/** What a watcher is told; `json` null: deleted. */
export interface StoreChange {
  kind: string;
  id: string;
  revision: number;
  json: string | null;
}

/** Documents with compare-and-set: node:sqlite here, etcd behind the same port later. */
export interface Store {
  get(kind: string, id: string): Promise<StoredDocument | null>;
  /** Sorted by id. */
  list(kind: string, prefix?: string): Promise<StoredDocument[]>;
  /**
   * All or nothing, the events too; resolves with the new revision once it is
   * durable.
   *
   * @throws {AppError} `conflict` when a revision is another, `storage` when the disk is full or broken.
   */
  transact(
    operations: readonly StoreOperation[],
    events?: readonly NewEvent[],
  ): Promise<number>;
  /** Events after an index, in order; at most `limit` of those that match. */
  readEvents(query: EventQuery): Promise<EventPage>;
  /**
   * Tells every change of `kind` after `fromRevision`, deletions included, in order.
   *
   * @throws {AppError} `conflict` when deletions that old are forgotten: list again.
   */
  watch(
    kind: string,
    fromRevision: number,
    onChange: (change: StoreChange) => void,
  ): Disposable;
  close(): void;
}

/** Deletions kept for watchers that come back: an hour of busy work. */
const MAX_TOMBSTONES = 10_000;
/** Transactions that share a commit: bounds how much one failed commit refuses. */
const MAX_GROUP = 256;
/** A watcher of another process, as a backup is, holds the file for a moment. */
const BUSY_TIMEOUT_MS = 5000;

/** Intents are hundreds of KiB in one value: larger pages make their chains short. */
const PAGE_BYTES = 16_384;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS documents (
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    json TEXT,
    PRIMARY KEY (kind, id)
  ) STRICT;
  CREATE INDEX IF NOT EXISTS documents_by_revision ON documents (kind, revision);
  CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT OR IGNORE INTO counters VALUES ('revision', 0), ('forgotten', 0), ('schema', 1);
  ${EVENT_SCHEMA}
`;

interface Waiting {
  operations: readonly StoreOperation[];
  events: readonly NewEvent[];
  resolve(revision: number): void;
  reject(error: unknown): void;
}

/** What went wrong, in the words of whoever has to mend it. */
function storageError(path: string, cause: unknown): AppError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const isFull = /full|ENOSPC/i.test(text);
  return new AppError(
    "storage",
    `Cannot commit to ${path}: ${isFull ? "the disk is full" : text}`,
    {
      cause,
      hint: isFull
        ? "free space on that disk; reads go on, and writes as soon as there is room"
        : "look at that disk and the file's owner",
    },
  );
}

class SqliteStore implements Store {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #rollback: StatementSync;
  readonly #find: StatementSync;
  readonly #findRevision: StatementSync;
  readonly #put: StatementSync;
  readonly #counter: StatementSync;
  readonly #events: EventTable;
  readonly #watchers = new Set<
    { kind: string; onChange: (change: StoreChange) => void }
  >();
  #waiting: Waiting[] = [];
  #revision: number;
  #isClosed = false;

  constructor(db: DatabaseSync, path: string) {
    this.#db = db;
    this.#path = path;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
    this.#rollback = db.prepare("ROLLBACK");
    this.#find = db.prepare(
      "SELECT revision, json FROM documents WHERE kind = ? AND id = ?",
    );
    // Without the text: an intent's is half a megabyte, which takes as long to read as to hash.
    this.#findRevision = db.prepare(
      "SELECT revision FROM documents WHERE kind = ? AND id = ? AND json IS NOT NULL",
    );
    this.#put = db.prepare(
      `INSERT INTO documents VALUES (?, ?, ?, ?)
       ON CONFLICT (kind, id) DO UPDATE SET revision = excluded.revision, json = excluded.json`,
    );
    this.#counter = db.prepare("UPDATE counters SET value = ? WHERE name = ?");
    this.#revision = this.#readCounter("revision");
    this.#events = new EventTable(db);
  }

  #readCounter(name: string): number {
    const row = this.#db.prepare("SELECT value FROM counters WHERE name = ?")
      .get(name);
    return Number(row?.value ?? 0);
  }

  async get(kind: string, id: string): Promise<StoredDocument | null> {
    const row = this.#find.get(kind, id);
    if (row === undefined || row.json === null) return null;
    return {
      kind,
      id,
      revision: Number(row.revision),
      json: String(row.json),
    };
  }

  async list(kind: string, prefix = ""): Promise<StoredDocument[]> {
    // A range, not LIKE: ids may hold the wildcards.
    const rows = this.#db.prepare(
      `SELECT id, revision, json FROM documents
       WHERE kind = ? AND id >= ? AND id < ? AND json IS NOT NULL ORDER BY id`,
    ).all(kind, prefix, `${prefix}\u{10ffff}`);
    return rows.map((row) => ({
      kind,
      id: String(row.id),
      revision: Number(row.revision),
      json: String(row.json),
    }));
  }

  transact(
    operations: readonly StoreOperation[],
    events: readonly NewEvent[] = [],
  ): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operations, events, resolve, reject });
      // A microtask: what is asked for in this turn goes into one commit.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  #flush(): void {
    while (this.#waiting.length > 0) {
      this.#commitGroup(this.#waiting.splice(0, MAX_GROUP));
    }
  }

  #commitGroup(group: readonly Waiting[]): void {
    const before = this.#revision;
    const done: { waiting: Waiting; revision: number }[] = [];
    const changes: StoreChange[] = [];
    try {
      if (this.#isClosed) throw new Error("the store is closed");
      this.#begin.run();
      for (const waiting of group) {
        const conflict = this.#conflictOf(waiting.operations);
        if (conflict !== null) {
          waiting.reject(conflict);
          continue;
        }
        const revision = ++this.#revision;
        for (const { kind, id, json } of waiting.operations) {
          this.#put.run(kind, id, revision, json);
          changes.push({ kind, id, revision, json });
        }
        this.#events.append(waiting.events);
        done.push({ waiting, revision });
      }
      this.#counter.run(this.#revision, "revision");
      if (changes.some(({ json }) => json === null)) this.#forgetOld();
      this.#events.flush();
      this.#commit.run();
      this.#events.committed();
    } catch (error) {
      this.#revision = before;
      this.#events.rolledBack();
      try {
        this.#rollback.run();
      } catch {
        // SQLite has rolled back by itself when the disk was full.
      }
      const failure = storageError(this.#path, error);
      for (const { reject } of group) reject(failure);
      return;
    }
    for (const { waiting, revision } of done) waiting.resolve(revision);
    this.#tell(changes);
  }

  #conflictOf(operations: readonly StoreOperation[]): AppError | null {
    for (const { kind, id, expectedRevision } of operations) {
      const row = this.#findRevision.get(kind, id);
      const revision = Number(row?.revision ?? 0);
      if (revision === expectedRevision) continue;
      return new AppError(
        "conflict",
        `Cannot change ${kind} "${id}": it is at revision ${revision}, not ${expectedRevision}`,
      );
    }
    return null;
  }

  /** Drops the oldest deletions beyond the bound. */
  #forgetOld(): void {
    const row = this.#db.prepare(
      `SELECT revision FROM documents WHERE json IS NULL
       ORDER BY revision DESC LIMIT 1 OFFSET ?`,
    ).get(MAX_TOMBSTONES);
    if (row === undefined) return;
    const revision = Number(row.revision);
    this.#db.prepare(
      "DELETE FROM documents WHERE json IS NULL AND revision <= ?",
    ).run(revision);
    this.#counter.run(revision, "forgotten");
  }

  async readEvents(query: EventQuery): Promise<EventPage> {
    return this.#events.read(query);
  }

  #tell(changes: readonly StoreChange[]): void {
    for (const watcher of [...this.#watchers]) {
      for (const change of changes) {
        if (change.kind === watcher.kind) watcher.onChange(change);
      }
    }
  }

  watch(
    kind: string,
    fromRevision: number,
    onChange: (change: StoreChange) => void,
  ): Disposable {
    if (fromRevision < this.#readCounter("forgotten")) {
      throw new AppError(
        "conflict",
        `Cannot watch ${kind} from revision ${fromRevision}: older deletions are forgotten`,
        { hint: "list the documents again and watch from there" },
      );
    }
    const rows = this.#db.prepare(
      "SELECT id, revision, json FROM documents WHERE kind = ? AND revision > ? ORDER BY revision",
    ).all(kind, fromRevision);
    for (const row of rows) {
      onChange({
        kind,
        id: String(row.id),
        revision: Number(row.revision),
        json: row.json === null ? null : String(row.json),
      });
    }
    const watcher = { kind, onChange };
    this.#watchers.add(watcher);
    return { [Symbol.dispose]: () => void this.#watchers.delete(watcher) };
  }

  close(): void {
    if (this.#isClosed) return;
    this.#flush();
    this.#isClosed = true;
    this.#watchers.clear();
    this.#db.close();
  }
}

/**
 * Opens the store in a file, or `:memory:` for the simulator and tests.
 *
 * @throws {AppError} `storage` when the file cannot be opened or is no database.
 */
export function openStore(path: string): Store {
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    db.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    db.exec(SCHEMA);
    return new SqliteStore(db, path);
  } catch (error) {
    db?.close();
    throw storageError(path, error);
  }
}
