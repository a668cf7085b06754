/**
 * Reads of a path what a closure's order and size need, from the cache's
 * tables. Writes nothing.
 *
 * @module
 */
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import type { Database } from "../storage/database.ts";
import type { StoredPath } from "./core/walk.ts";

const PathRow = z.object({
  base: z.string(),
  file: z.string(),
  nar_size: z.number(),
  file_size: z.number(),
});
const ReferenceRow = z.object({ reference: z.string() });

function prepare(database: DatabaseSync) {
  return {
    path: database.prepare(
      `SELECT path.base, path.file, path.nar_size, nar.file_size
        FROM path JOIN nar ON nar.file = path.file WHERE path.hash = ?`,
    ),
    references: database.prepare(
      "SELECT reference FROM reference WHERE hash = ?",
    ),
  } satisfies Record<string, StatementSync>;
}

export class StoredPaths {
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: Database) {
    this.#sql = prepare(database.sql);
  }

  /** The path with this hash; undefined when it or its nar is not here. */
  find(hash: string): StoredPath | undefined {
    const row = this.#sql.path.get(hash);
    if (row === undefined) return undefined;
    const { base, file, nar_size, file_size } = PathRow.parse(row);
    return {
      base,
      file,
      narSize: nar_size,
      fileSize: file_size,
      references: this.#sql.references.all(hash)
        .map((reference) => ReferenceRow.parse(reference).reference),
    };
  }
}
