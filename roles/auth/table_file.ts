/**
 * The file of the token table: its form, the forms of former versions brought to
 * it, and how it is written so that a reader and a crash see all of a change or
 * nothing. Knows nothing of who may have a token.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { AppError } from "../model/errors.ts";
import { TOKEN_ROLES } from "./core/token.ts";

/** Another process writes one row: waiting longer than this means that it hangs. */
const BUSY_TIMEOUT_MS = 5000;

const SCHEMA = `
CREATE TABLE IF NOT EXISTS token (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  hash BLOB,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked INTEGER NOT NULL DEFAULT 0,
  one_time INTEGER NOT NULL DEFAULT 0,
  worker TEXT,
  became TEXT
) STRICT, WITHOUT ROWID`;

/** What tables of former versions lack: none of their tokens is one-time or a worker's own. */
const LATER_COLUMNS = {
  one_time: "INTEGER NOT NULL DEFAULT 0",
  worker: "TEXT",
  became: "TEXT",
} as const;

/** A token as the file has it. */
export const Row = z.object({
  id: z.string(),
  role: z.enum(TOKEN_ROLES),
  name: z.string(),
  hash: z.instanceof(Uint8Array).nullable(),
  created_at_ms: z.number(),
  expires_at_ms: z.number().nullable(),
  revoked: z.number(),
  one_time: z.number(),
  worker: z.string().nullable(),
  /** Of a one-time token: the id of what it was exchanged for. */
  became: z.string().nullable(),
});
export type Row = z.output<typeof Row>;

/** Opens the file, made for its owner only, in the form of this version. */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ":memory:") {
    // Made by us first: SQLite would give it, and its -wal, the mode of the umask.
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    Deno.chmodSync(path, 0o600);
  }
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec(SCHEMA);
  addLaterColumns(database);
  return database;
}

/** Another process may do the same at the same time: one of them waits for the other. */
function addLaterColumns(database: DatabaseSync): void {
  const missing = () => {
    const known = database.prepare(
      "SELECT name FROM pragma_table_info('token')",
    )
      .all().map((row) => String(row["name"]));
    return Object.entries(LATER_COLUMNS).filter(([name]) =>
      !known.includes(name)
    );
  };
  if (missing().length === 0) return;
  immediately(database, () => {
    for (const [name, type] of missing()) {
      database.exec(`ALTER TABLE token ADD COLUMN ${name} ${type}`);
    }
  });
}

/** In one transaction that is on disk when this returns, after every other one. */
export function immediately<T>(database: DatabaseSync, action: () => T): T {
  database.prepare("BEGIN IMMEDIATE").run();
  try {
    const result = action();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** Turns SQLite's own failures into what a user can act on. */
export function storing<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof AppError) throw error;
    const why = error instanceof Error ? `: ${error.message}` : "";
    throw new AppError("storage", `Cannot ${what} in the token table${why}`, {
      cause: error,
      hint:
        "free space or mend the disk it is on; what is no token table can be moved away, and new tokens be made",
    });
  }
}
