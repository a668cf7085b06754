/**
 * A damaged database: takes what can still be read into a new one.
 *
 * Pages of a damaged file fail one by one, so rows are read around them.
 * What comes out is not believed: the checks that follow hold each path
 * against its signature and each nar against its file. Nars whose record is
 * lost get it from their file, references from narinfos. A narinfo that is
 * lost is nowhere else: a backup has it, or who has the path pushes it again.
 *
 * Rejected: a narinfo beside each nar. A million files more, each with two
 * syncs for every push, for what a backup and the push of ci bring back.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../model/errors.ts";
import { Database } from "../storage/database.ts";
import { removeDatabase, replaceDatabase } from "../storage/replace.ts";

/** Rows read at once where nothing is damaged. */
const PAGE_ROWS = 500;
/** Row numbers are looked for so far behind a damaged page. */
const MAX_GAP = 2 ** 40;

/** Tables with row numbers. */
const NUMBERED = ["path", "object", "pin", "damage", "collection"];
/** Those without, and what they are ordered by. Not here: what others tell again (`root`, `root_source`, `offer`), what is computed (`reference`, `total`). */
const KEYED = [["nar", "file"], ["signing_key", "key"]] as const;

type Row = Record<string, string | number | bigint | Uint8Array | null>;

/** Puts rows into the new database. */
class Copy {
  rows = 0;

  constructor(private readonly to: Database) {}

  put(table: string, rows: readonly Row[]): void {
    this.to.transaction(`what was saved of ${table}`, () => {
      for (const row of rows) {
        const names = Object.keys(row).filter((name) => name !== "row_number");
        const marks = names.map(() => "?").join(",");
        try {
          this.to.sql.prepare(
            `INSERT OR IGNORE INTO ${table} (${
              names.join(",")
            }) VALUES (${marks})`,
          ).run(...names.map((name) => row[name] ?? null));
          this.rows++;
        } catch {
          // Of the wrong type: its page was overwritten.
        }
      }
    });
  }
}

function tryRows(
  from: DatabaseSync,
  query: string,
  ...values: (string | number)[]
): Row[] | undefined {
  try {
    return from.prepare(query).all(...values) as Row[];
  } catch {
    return undefined;
  }
}

/** The first row number from `start` on at which reading succeeds again; undefined: none does. */
function nextReadable(
  from: DatabaseSync,
  table: string,
  start: number,
): number | undefined {
  const reads = (at: number) =>
    tryRows(from, `SELECT rowid FROM ${table} WHERE rowid >= ? LIMIT 1`, at) !==
      undefined &&
    tryRows(from, `SELECT * FROM ${table} WHERE rowid >= ? LIMIT 1`, at) !==
      undefined;
  let low = start;
  let step = 1;
  while (!reads(start + step)) {
    low = start + step;
    step *= 2;
    if (step > MAX_GAP) return undefined;
  }
  let high = start + step;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (reads(middle)) high = middle;
    else low = middle;
  }
  return high;
}

function copyNumbered(from: DatabaseSync, table: string, copy: Copy): void {
  const query =
    `SELECT rowid AS row_number, * FROM ${table} WHERE rowid >= ? ORDER BY rowid LIMIT ?`;
  let limit = PAGE_ROWS;
  for (let at = Number.MIN_SAFE_INTEGER;;) {
    const rows = tryRows(from, query, at, limit);
    if (rows === undefined) {
      if (limit > 1) {
        limit = 1;
        continue;
      }
      const next = nextReadable(from, table, Math.max(at, 0));
      if (next === undefined) return;
      at = next;
      continue;
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    copy.put(table, rows);
    at = Number(last["row_number"]) + 1;
    limit = Math.min(PAGE_ROWS, limit * 2);
  }
}

/** From both ends, up to what is damaged. */
function copyKeyed(
  from: DatabaseSync,
  [table, key]: readonly [string, string],
  copy: Copy,
): void {
  for (const [sign, order] of [[">", "ASC"], ["<", "DESC"]] as const) {
    let limit = PAGE_ROWS;
    for (let at = sign === ">" ? "" : "\u{10ffff}";;) {
      const query =
        `SELECT * FROM ${table} WHERE ${key} ${sign} ? ORDER BY ${key} ${order} LIMIT ?`;
      const rows = tryRows(from, query, at, limit);
      if (rows === undefined) {
        if (limit === 1) break;
        limit = 1;
        continue;
      }
      const last = rows.at(-1);
      // All of it: there is no other end to begin at.
      if (last === undefined) return;
      copy.put(table, rows);
      at = String(last[key]);
    }
  }
}

/** The references of the paths that were saved, from their narinfos. */
function fillReferences(to: Database): void {
  to.transaction("references", () => {
    const put = to.sql.prepare("INSERT OR IGNORE INTO reference VALUES (?,?)");
    for (const row of to.sql.prepare("SELECT hash, text FROM path").iterate()) {
      const line = /^References: (.*)$/m.exec(String(row["text"]))?.[1] ?? "";
      for (const base of line.split(" ")) {
        if (base !== "") put.run(String(row["hash"]), base.slice(0, 32));
      }
    }
  });
}

/**
 * Replaces the damaged database by what could be read of it; it is kept.
 *
 * @returns where the damaged one is, and how many rows were saved.
 * @throws {AppError} `storage` when nothing can be read.
 */
export async function salvage(
  stateDir: string,
  nowMs: number,
): Promise<{ kept: string; rows: number }> {
  const path = `${stateDir}/cache.sqlite`;
  const unfinished = `${path}.salvaging`;
  await removeDatabase(unfinished);
  let rows = 0;
  {
    const from = new DatabaseSync(path);
    using to = new Database(unfinished);
    try {
      const copy = new Copy(to);
      for (const table of NUMBERED) copyNumbered(from, table, copy);
      for (const keyed of KEYED) copyKeyed(from, keyed, copy);
      fillReferences(to);
      rows = copy.rows;
    } finally {
      from.close();
    }
    to.emptyLog();
  }
  if (rows === 0) {
    await removeDatabase(unfinished);
    throw new AppError(
      "storage",
      `Cannot save anything from ${path}: none of its rows can be read`,
      {
        hint:
          "restore a backup with procurator cache restore; without one move the file away, start the cache and push again",
      },
    );
  }
  const kept = await replaceDatabase(stateDir, unfinished, {
    label: "damaged",
    nowMs,
  });
  return { kept: kept ?? path, rows };
}
