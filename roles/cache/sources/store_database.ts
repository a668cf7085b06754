/**
 * What nix itself knows of a store on this machine, read from its database:
 * which paths are valid, what they refer to, who signed them. Never writes, and
 * never makes nix wait: it reads in single statements.
 *
 * Nix 2.8 to 2.34 write the same tables (schema 10). Read directly a path takes
 * some 0.1 ms, by `nix path-info` 30 ms and a process, which cannot look paths
 * up by hash besides.
 *
 * @module
 */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { z } from "zod";
import { AppError } from "../../model/errors.ts";
import { parseBaseName } from "../../nar/core/names.ts";

/** A writer without a write-ahead log holds it for a moment. This thread serves everybody: it does not wait long. */
const BUSY_MS = 20;
/** SQLITE_CANTOPEN and SQLITE_READONLY: we may not make the files beside a database that nobody has open. */
const MAY_NOT_WRITE = new Set([14, 8]);
/** Nix may begin to write while we read a database that nobody had open; not each time. */
const ATTEMPTS = 3;

const PathRow = z.object({
  id: z.number(),
  path: z.string(),
  hash: z.string(),
  narSize: z.number().nullable(),
  deriver: z.string().nullable(),
  sigs: z.string().nullable(),
  ca: z.string().nullable(),
});
const NameRow = z.object({ path: z.string() });

/** A valid path, as nix spells it. */
export type ValidPath = z.output<typeof PathRow>;

function prepare(sql: DatabaseSync) {
  return {
    byPath: sql.prepare(
      `SELECT id, path, hash, narSize, deriver, sigs, ca FROM ValidPaths
        WHERE path >= ? ORDER BY path LIMIT 1`,
    ),
    references: sql.prepare(
      "SELECT path FROM Refs JOIN ValidPaths ON reference = id WHERE referrer = ?",
    ),
  } satisfies Record<string, StatementSync>;
}

type Statements = ReturnType<typeof prepare>;

function errorCode(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 255 : undefined;
}

function infoOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch {
    return undefined;
  }
}

export class StoreDatabase implements Disposable {
  #opened:
    | { sql: DatabaseSync; statements: Statements; inode: number | null }
    | undefined;

  /**
   * @param path of `db.sqlite`.
   * @param storeDir the store directory that the paths in it have.
   */
  constructor(
    private readonly path: string,
    private readonly storeDir: string,
  ) {}

  /**
   * The valid path with that hash.
   *
   * @throws {AppError} `unavailable` when the database cannot be read.
   */
  byHash(hash: string): ValidPath | undefined {
    const prefix = `${this.storeDir}/${hash}-`;
    return this.#read(({ byPath }) => {
      const row = byPath.get(prefix);
      if (row === undefined) return undefined;
      const path = PathRow.parse(row);
      return path.path.startsWith(prefix) ? path : undefined;
    });
  }

  /** The base names that a path refers to, itself included if it does. */
  references(id: number): string[] {
    return this.#read(({ references }) =>
      references.all(id).map((row) => this.#baseOf(NameRow.parse(row).path))
    );
  }

  [Symbol.dispose](): void {
    this.#opened?.sql.close();
    this.#opened = undefined;
  }

  #baseOf(path: string): string {
    const base = path.slice(this.storeDir.length + 1);
    if (parseBaseName(base) !== undefined) return base;
    throw this.#unreadable(`"${path}" in it is no path of ${this.storeDir}`);
  }

  #unreadable(why: string, cause?: unknown): AppError {
    return new AppError(
      "unavailable",
      `Cannot read nix's database ${this.path}: ${why}`,
      {
        cause,
        hint:
          "is localStore the nix store directory, and may this user read its database?",
      },
    );
  }

  #read<T>(query: (statements: Statements) => T): T {
    try {
      return query(this.#statements());
    } catch (error) {
      this[Symbol.dispose]();
      if (error instanceof AppError) throw error;
      if (MAY_NOT_WRITE.has(errorCode(error) ?? 0)) {
        return this.#readSettled(query);
      }
      throw this.#unreadable("it is not as expected", error);
    }
  }

  #statements(): Statements {
    const info = infoOf(this.path);
    if (info === undefined) throw this.#unreadable("it is not there");
    if (this.#opened !== undefined && this.#opened.inode !== info.ino) {
      this[Symbol.dispose]();
    }
    if (this.#opened === undefined) {
      const sql = new DatabaseSync(this.path, {
        readOnly: true,
        timeout: BUSY_MS,
      });
      try {
        this.#opened = { sql, statements: prepare(sql), inode: info.ino };
      } catch (error) {
        sql.close();
        throw error;
      }
    }
    return this.#opened.statements;
  }

  /**
   * For users who may read the database and not write beside it. Where nobody
   * has it open there is no log beside it, and all is in the one file: it is
   * read as it lies, and what was read counts if it lay there all the while.
   */
  #readSettled<T>(query: (statements: Statements) => T): T {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = this.#settledState();
      if (before === undefined) continue;
      const url = new URL("file:///");
      url.pathname = this.path;
      url.search = "?immutable=1";
      const sql = new DatabaseSync(url, { readOnly: true });
      try {
        const value = query(prepare(sql));
        if (this.#settledState() === before) return value;
      } catch (error) {
        if (this.#settledState() === before) {
          throw this.#unreadable("it is not as expected", error);
        }
      } finally {
        sql.close();
      }
    }
    throw this.#unreadable("nix is writing to it, and we may not read along");
  }

  #settledState(): string | undefined {
    const log = infoOf(`${this.path}-wal`);
    if (log !== undefined && log.size > 0) return undefined;
    const info = infoOf(this.path);
    return info === undefined
      ? undefined
      : `${info.ino} ${info.size} ${info.mtime?.getTime()}`;
  }
}
