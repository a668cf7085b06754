/**
 * The table of tokens that a service accepts, in `tokens.sqlite` of its state
 * directory. Owns its SQL. Every look-up reads the file, so that a token
 * revoked by another process is refused at once.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { AppError } from "../model/errors.ts";
import { parseWith } from "../model/parse.ts";
import type { Random } from "../model/ports.ts";
import {
  formatToken,
  hashSecret,
  type Identity,
  parseToken,
  sameSecret,
  TOKEN_ID_CHARS,
  TOKEN_ROLES,
  TOKEN_SECRET_CHARS,
} from "./core/token.ts";

/** A table that a person can still read; it also bounds what an admin token can write. */
export const MAX_TOKENS = 10_000;
/** Another process writes one row: waiting longer than this means that it hangs. */
const BUSY_TIMEOUT_MS = 5000;

/** What asking for a token looks like, over HTTP and RPC alike. */
export const TokenRequest = z.strictObject({
  role: z.enum(TOKEN_ROLES),
  /** For people: whose it is. */
  name: z.string().trim().min(1).max(255),
  /** Milliseconds since the Unix epoch; absent: never expires. */
  expiresAtMs: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).optional(),
});
export type TokenRequest = z.output<typeof TokenRequest>;

/** A token without its secret. */
export const TokenInfo = z.strictObject({
  id: z.string(),
  role: z.enum(TOKEN_ROLES),
  name: z.string(),
  createdAtMs: z.number().int(),
  expiresAtMs: z.number().int().nullable(),
});
export type TokenInfo = z.output<typeof TokenInfo>;

/** The tokens of one service. */
export interface TokenTable {
  /** Makes a token; its text is shown only now. */
  create(
    request: TokenRequest,
    source: { now: number; random: Random },
  ): { token: string; info: TokenInfo };
  /** All tokens that are not revoked, oldest first; expired ones too. */
  list(): TokenInfo[];
  /**
   * Ends a token at once.
   *
   * @throws {AppError} `not_found`
   */
  revoke(id: string): void;
  /**
   * Who has this token.
   *
   * @throws {AppError} `unauthenticated`
   */
  authenticate(token: string, nowMs: number): Identity;
  /** True when no token was ever made, or all were revoked. */
  isEmpty(): boolean;
  close(): void;
}

const SCHEMA = `
CREATE TABLE IF NOT EXISTS token (
  id TEXT PRIMARY KEY,
  role TEXT NOT NULL,
  name TEXT NOT NULL,
  hash BLOB,
  created_at_ms INTEGER NOT NULL,
  expires_at_ms INTEGER,
  revoked INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID`;

const Row = z.object({
  id: z.string(),
  role: z.enum(TOKEN_ROLES),
  name: z.string(),
  hash: z.instanceof(Uint8Array).nullable(),
  created_at_ms: z.number(),
  expires_at_ms: z.number().nullable(),
  revoked: z.number(),
});

function infoOf(row: z.output<typeof Row>): TokenInfo {
  return {
    id: row.id,
    role: row.role,
    name: row.name,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}

function openDatabase(path: string): DatabaseSync {
  if (path !== ":memory:") {
    // Made by us first: SQLite would give it, and its -wal, the mode of the umask.
    Deno.openSync(path, { create: true, write: true, mode: 0o600 }).close();
    Deno.chmodSync(path, 0o600);
  }
  const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
  database.exec(SCHEMA);
  return database;
}

function unauthenticated(why: string): AppError {
  return new AppError("unauthenticated", `This token is ${why}`, {
    hint:
      "ask for one made by `procurator token create`, then `procurator login URL`",
  });
}

/** Turns SQLite's own failures into what a user can act on. */
function storing<T>(what: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError("storage", `Cannot ${what} in the token table`, {
      cause: error,
    });
  }
}

/**
 * Opens the table of `stateDir` (`:memory:` keeps it in memory).
 *
 * @throws {AppError} `storage` when the file cannot be opened.
 */
export function openTokenTable(stateDir: string): TokenTable {
  const path = stateDir === ":memory:" ? stateDir : `${stateDir}/tokens.sqlite`;
  const database = storing(`open ${path}, nothing can be looked up`, () => {
    if (stateDir !== ":memory:") {
      Deno.mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    }
    return openDatabase(path);
  });
  return new SqliteTokenTable(database);
}

class SqliteTokenTable implements TokenTable {
  readonly #database: DatabaseSync;
  readonly #byId;
  readonly #all;
  readonly #count;
  readonly #insert;
  readonly #revoke;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#byId = database.prepare("SELECT * FROM token WHERE id = ?");
    this.#all = database.prepare(
      "SELECT * FROM token WHERE revoked = 0 ORDER BY created_at_ms, id LIMIT ?",
    );
    this.#count = database.prepare(
      "SELECT count(*) AS n, coalesce(sum(revoked), 0) AS revoked FROM token",
    );
    this.#insert = database.prepare(
      "INSERT INTO token (id, role, name, hash, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?, ?)",
    );
    // The hash goes, the row stays: "revoked" is a better answer than "unknown".
    this.#revoke = database.prepare(
      "UPDATE token SET revoked = 1, hash = NULL WHERE id = ? AND revoked = 0",
    );
  }

  create(
    request: TokenRequest,
    source: { now: number; random: Random },
  ): { token: string; info: TokenInfo } {
    const { role, name, expiresAtMs } = parseWith(TokenRequest, request, {
      what: "the request for a token",
    });
    if (expiresAtMs !== undefined && expiresAtMs <= source.now) {
      throw new AppError(
        "invalid",
        `Cannot create the token "${name}": it would have expired already`,
      );
    }
    const id = source.random.hex(TOKEN_ID_CHARS / 2);
    const secret = source.random.hex(TOKEN_SECRET_CHARS / 2);
    storing(`create "${name}"`, () => {
      if (this.#counts().all >= MAX_TOKENS) {
        throw new AppError(
          "refused",
          `Cannot create the token "${name}": the table has ${MAX_TOKENS} already`,
          { hint: "remove tokens.sqlite and make new ones" },
        );
      }
      this.#insert.run(
        id,
        role,
        name,
        hashSecret(secret),
        source.now,
        expiresAtMs ?? null,
      );
    });
    return {
      token: formatToken({ role, id, secret }),
      info: {
        id,
        role,
        name,
        createdAtMs: source.now,
        expiresAtMs: expiresAtMs ?? null,
      },
    };
  }

  #counts(): { all: number; revoked: number } {
    const row = this.#count.get();
    return { all: Number(row?.["n"]), revoked: Number(row?.["revoked"]) };
  }

  list(): TokenInfo[] {
    return storing(
      "list what is",
      () => this.#all.all(MAX_TOKENS).map((row) => infoOf(Row.parse(row))),
    );
  }

  revoke(id: string): void {
    const { changes } = storing(`revoke ${id}`, () => this.#revoke.run(id));
    if (Number(changes) === 0) {
      throw new AppError("not_found", `There is no token with the id ${id}`, {
        hint: "see `procurator token list`",
      });
    }
  }

  authenticate(text: string, nowMs: number): Identity {
    const token = parseToken(text);
    const found = token === null
      ? undefined
      : storing("look up a token", () => this.#byId.get(token.id));
    if (token === null || found === undefined) throw unauthenticated("unknown");
    const row = Row.parse(found);
    if (row.revoked !== 0 || row.hash === null) {
      throw unauthenticated("revoked");
    }
    if (row.role !== token.role || !sameSecret(token.secret, row.hash)) {
      throw unauthenticated("unknown");
    }
    if (row.expires_at_ms !== null && row.expires_at_ms <= nowMs) {
      throw unauthenticated("expired");
    }
    return { role: row.role, name: row.name, tokenId: row.id };
  }

  isEmpty(): boolean {
    const { all, revoked } = storing("count", () => this.#counts());
    return all === revoked;
  }

  close(): void {
    this.#database.close();
  }
}

/** The role and id of a token, safe to log. */
export function describeToken(text: string): string {
  const token = parseToken(text);
  return token === null ? "not a token" : `${token.role} ${token.id}`;
}
