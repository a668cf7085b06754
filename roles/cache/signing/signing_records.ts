/**
 * How far each key has signed what was stored before it.
 *
 * Owns the table `signing_key`, and `path.text` where it is signed anew: what
 * the path is stays the same. Every call is committed when it returns.
 *
 * @module
 */
import type { StatementSync } from "node:sqlite";
import { z } from "zod";
import type { Database } from "../storage/database.ts";

const Row = z.object({
  key: z.string(),
  cursor: z.string(),
  signed_at_ms: z.number().nullable(),
});
const PathRow = z.object({ hash: z.string(), text: z.string() });

/** What is known of a key. */
export interface SigningRecord {
  /** `name:base64` */
  key: string;
  /** The hash of the last path that it was held against. */
  cursor: string;
  /** When all were signed; null: not yet. */
  signedAtMs: number | null;
}

/** A narinfo as it is stored. */
export interface StoredText {
  hash: string;
  text: string;
}

function prepare({ sql }: Database) {
  return {
    all: sql.prepare("SELECT * FROM signing_key ORDER BY key"),
    put: sql.prepare("INSERT OR REPLACE INTO signing_key VALUES (?,?,?)"),
    page: sql.prepare(
      "SELECT hash, text FROM path WHERE hash > ? ORDER BY hash LIMIT ?",
    ),
    sign: sql.prepare("UPDATE path SET text = ? WHERE hash = ?"),
  } satisfies Record<string, StatementSync>;
}

export class SigningRecords {
  readonly #database: Database;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#database = database;
    this.#sql = prepare(database);
  }

  all(): SigningRecord[] {
    return this.#sql.all.all().map((row) => {
      const { key, cursor, signed_at_ms } = Row.parse(row);
      return { key, cursor, signedAtMs: signed_at_ms };
    });
  }

  /** The next paths by hash. */
  page(after: string, limit: number): StoredText[] {
    return this.#sql.page.all(after, limit).map((row) => PathRow.parse(row));
  }

  /**
   * All of it or nothing.
   *
   * @throws {AppError} `storage`
   */
  put(record: SigningRecord, signed: readonly StoredText[] = []): void {
    this.#database.transaction("signatures", () => {
      const { key, cursor, signedAtMs } = record;
      for (const { hash, text } of signed) this.#sql.sign.run(text, hash);
      this.#sql.put.run(key, cursor, signedAtMs);
    });
  }
}
