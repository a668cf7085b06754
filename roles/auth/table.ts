/**
 * The table of tokens that a service accepts, in `tokens.sqlite` of its state
 * directory: who is made, exchanged, refused. Every look-up reads the file, so
 * that a token revoked by another process is refused at once.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { AppError } from "../model/errors.ts";
import { parseWith } from "../model/parse.ts";
import type { Random } from "../model/ports.ts";
import {
  type Enrolled,
  EnrolRequest,
  objectionTo,
  type TokenInfo,
  TokenRequest,
  type TokenTable,
} from "./requests.ts";
import {
  enrolledSecret,
  formatToken,
  hashSecret,
  type Identity,
  parseToken,
  sameSecret,
  TOKEN_ID_CHARS,
  TOKEN_SECRET_CHARS,
} from "./core/token.ts";
import { immediately, openDatabase, Row, storing } from "./table_file.ts";

/** A table that a person can still read; it also bounds what an admin token can write. */
export const MAX_TOKENS = 10_000;
function infoOf(row: Row): TokenInfo {
  return {
    id: row.id,
    role: row.role,
    name: row.name,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    ...(row.one_time === 0 ? {} : { oneTime: true }),
    ...(row.worker === null ? {} : { worker: row.worker }),
  };
}

function unauthenticated(why: string): AppError {
  return new AppError("unauthenticated", `This token is ${why}`, {
    hint:
      "ask for one made by `procurator token create`, then `procurator login URL`",
  });
}

/**
 * Opens the table of `stateDir` (`:memory:` keeps it in memory).
 *
 * @throws {AppError} `storage` when the file cannot be opened.
 */
export function openTokenTable(
  stateDir: string,
  { maxTokens = MAX_TOKENS }: { maxTokens?: number } = {},
): TokenTable {
  const path = stateDir === ":memory:" ? stateDir : `${stateDir}/tokens.sqlite`;
  const database = storing(`open ${path} and look things up`, () => {
    if (stateDir !== ":memory:") {
      Deno.mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    }
    return openDatabase(path);
  });
  return new SqliteTokenTable(database, maxTokens);
}

class SqliteTokenTable implements TokenTable {
  readonly #database: DatabaseSync;
  readonly #byId;
  readonly #all;
  readonly #count;
  readonly #insert;
  readonly #revoke;
  readonly #use;
  readonly #ownOf;
  readonly #forget;
  readonly #maxTokens: number;

  constructor(database: DatabaseSync, maxTokens: number) {
    this.#database = database;
    this.#maxTokens = maxTokens;
    this.#byId = database.prepare("SELECT * FROM token WHERE id = ?");
    this.#all = database.prepare(
      "SELECT * FROM token WHERE revoked = 0 ORDER BY created_at_ms, id LIMIT ?",
    );
    this.#count = database.prepare(
      "SELECT count(*) AS n, coalesce(sum(revoked), 0) AS revoked FROM token",
    );
    this.#insert = database.prepare(
      "INSERT INTO token (id, role, name, hash, created_at_ms, expires_at_ms, one_time, worker) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    );
    this.#use = database.prepare(
      "UPDATE token SET worker = ?, became = ? WHERE id = ?",
    );
    this.#ownOf = database.prepare(
      "SELECT id FROM token WHERE worker = ? AND one_time = 0 AND revoked = 0",
    );
    this.#forget = database.prepare(
      "DELETE FROM token WHERE revoked = 1 OR expires_at_ms <= ?",
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
    const parsed = parseWith(TokenRequest, request, {
      what: "the request for a token",
    });
    const { role, name, expiresAtMs, oneTime = false } = parsed;
    const objection = objectionTo(parsed, source.now);
    if (objection !== null) {
      throw new AppError(
        "invalid",
        `Cannot create the token "${name}": ${objection}`,
      );
    }
    const id = source.random.hex(TOKEN_ID_CHARS / 2);
    const secret = source.random.hex(TOKEN_SECRET_CHARS / 2);
    const info: TokenInfo = {
      id,
      role,
      name,
      createdAtMs: source.now,
      expiresAtMs: expiresAtMs ?? null,
      ...(oneTime ? { oneTime } : {}),
    };
    storing(`create "${name}"`, () => this.#add(info, secret));
    return { token: formatToken({ role, id, secret }), info };
  }

  #add(info: TokenInfo, secret: string): void {
    if (this.#counts().all >= this.#maxTokens) {
      // Why a token is refused is worth less than room for one that is not.
      this.#forget.run(info.createdAtMs);
    }
    if (this.#counts().all >= this.#maxTokens) {
      throw new AppError(
        "refused",
        `Cannot create the token "${info.name}": the table has ${this.#maxTokens} already`,
        { hint: "revoke some: procurator token list" },
      );
    }
    this.#insert.run(
      info.id,
      info.role,
      info.name,
      hashSecret(secret),
      info.createdAtMs,
      info.expiresAtMs,
      Number(info.oneTime === true),
      info.worker ?? null,
    );
  }

  enrol(
    request: EnrolRequest,
    source: { now: number; random: Random },
  ): Enrolled {
    const { token, worker, proof } = parseWith(EnrolRequest, request, {
      what: "the request to enrol",
    });
    return storing(
      `enrol "${worker}"`,
      () =>
        immediately(this.#database, () => {
          const used = this.#known(token, source.now);
          if (used.one_time === 0) {
            throw new AppError(
              "refused",
              "Cannot enrol with this token: it is no one-time token",
              {
                hint:
                  "make one: procurator token create --role worker --one-time --name NAME",
              },
            );
          }
          const secret = enrolledSecret(parseToken(token)?.secret ?? "", proof);
          if (used.became !== null) return this.#again(used, worker, secret);
          this.#refuseTwin(worker);
          const info: TokenInfo = {
            id: source.random.hex(TOKEN_ID_CHARS / 2),
            role: "worker",
            name: worker,
            createdAtMs: source.now,
            expiresAtMs: null,
            worker,
          };
          this.#add(info, secret);
          this.#use.run(worker, info.id, used.id);
          return {
            token: formatToken({ role: "worker", id: info.id, secret }),
            info,
            usedId: used.id,
            isRepeat: false,
          };
        }),
    );
  }

  /** Whoever is given a one-time token is to be one worker more, not one that is there. */
  #refuseTwin(worker: string): void {
    const own = this.#ownOf.get(worker)?.["id"];
    if (own === undefined) return;
    throw new AppError(
      "refused",
      `Cannot enrol "${worker}": that worker has a token of its own`,
      {
        hint:
          `choose another name; or, if that token is lost: procurator token revoke ${own}`,
      },
    );
  }

  /** The answer that was given before, to who shows the same proof; to nobody else. */
  #again(used: Row, worker: string, secret: string): Enrolled {
    const found = this.#byId.get(used.became);
    const row = found === undefined ? null : Row.parse(found);
    const isSame = row !== null && row.hash !== null &&
      row.worker === worker && sameSecret(secret, row.hash);
    if (!isSame) {
      throw new AppError(
        "refused",
        `Cannot enrol "${worker}": this one-time token was used up, by worker "${used.worker}"`,
        {
          hint:
            "if that was not you, revoke that worker's token; make a new one: procurator token create --role worker --one-time --name NAME",
        },
      );
    }
    return {
      token: formatToken({ role: "worker", id: row.id, secret }),
      info: infoOf(row),
      usedId: used.id,
      isRepeat: true,
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
    const row = this.#known(text, nowMs);
    if (row.one_time !== 0) {
      throw new AppError(
        "unauthenticated",
        "This is a one-time token: it logs nobody in",
        { hint: "exchange it on the worker: procurator worker enroll" },
      );
    }
    return {
      role: row.role,
      name: row.name,
      tokenId: row.id,
      ...(row.worker === null ? {} : { worker: row.worker }),
    };
  }

  /** The row of a token that is good now. */
  #known(text: string, nowMs: number): Row {
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
    return row;
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
