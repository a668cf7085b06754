/**
 * The master's database as a file: `backup` of a running or stopped master.
 * Knows nothing of what documents mean; taking one back is restore.ts's
 * business.
 *
 * A backup needs no lock: it reads one snapshot, whatever the master writes
 * meanwhile. It holds the token table as well, so that a machine that is lost
 * is replaced by one file.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { basename, dirname, resolve } from "node:path";
import { lockDirectory } from "../config/mod.ts";
import { flushDirectory, removeIfThere, storageError } from "../files/mod.ts";
import { AppError } from "../model/errors.ts";

/** The database's name in the master's state directory. */
export const DATABASE = "master.sqlite";
/** The master commits within milliseconds; more means that it hangs. */
const BUSY_TIMEOUT_MS = 5000;

/** What a backup holds. */
export interface BackupInfo {
  file: string;
  bytes: number;
  documents: number;
  generations: number;
  events: number;
  incarnation: number;
}

export function open(path: string, readOnly = false): DatabaseSync {
  return new DatabaseSync(path, { readOnly, timeout: BUSY_TIMEOUT_MS });
}

export function numberFrom(db: DatabaseSync, sql: string): number {
  return Number(Object.values(db.prepare(sql).get() ?? {})[0] ?? 0);
}

export function counterOf(db: DatabaseSync, name: string): number {
  const row = db.prepare("SELECT value FROM counters WHERE name = ?").get(name);
  return Number(row?.value ?? 0);
}

export async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

export async function flush(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.sync();
}

/** @throws {AppError} `invalid` when it is no database of a master, or a broken one. */
export function checkDatabase(db: DatabaseSync, what: string): void {
  const refuse = (why: string, cause?: unknown) =>
    new AppError("invalid", `Cannot use ${what}: ${why}`, {
      cause,
      hint: "give a file that `procurator master backup` wrote",
    });
  let found: string;
  let schema: number;
  try {
    found = String(
      Object.values(db.prepare("PRAGMA integrity_check(1)").get() ?? {})[0],
    );
    schema = counterOf(db, "schema");
  } catch (cause) {
    throw refuse("it is no database of a master", cause);
  }
  if (found !== "ok") throw refuse(`it is damaged: ${found}`);
  if (schema !== 1) throw refuse(`its schema is ${schema}, not 1`);
}

export function infoOf(
  db: DatabaseSync,
  file: string,
  bytes: number,
): BackupInfo {
  const stored = db.prepare(
    "SELECT json FROM documents WHERE kind = 'store' AND json IS NOT NULL",
  ).get();
  const incarnation = stored === undefined
    ? 0
    : Number(JSON.parse(String(stored.json)).incarnation);
  const count = (where: string) =>
    numberFrom(db, `SELECT count(*) FROM documents WHERE ${where}`);
  return {
    file,
    bytes,
    documents: count("json IS NOT NULL"),
    generations: count("kind = 'generation' AND json IS NOT NULL"),
    events: numberFrom(db, "SELECT count(*) FROM events"),
    incarnation,
  };
}

// ---- backup -------------------------------------------------------------

/** Writes one snapshot of the database, and the tokens beside it, to an empty file. */
async function snapshot(stateDir: string, to: string): Promise<void> {
  const source = `${stateDir}/${DATABASE}`;
  // While the master is stopped the lock keeps it so: the last to close the database tidies up.
  const lock = await lockDirectory(stateDir).catch(() => null);
  try {
    const db = open(source, lock === null);
    try {
      db.prepare("VACUUM INTO ?").run(to);
    } finally {
      db.close();
    }
  } finally {
    await lock?.[Symbol.asyncDispose]();
  }
  const copy = open(to);
  try {
    checkDatabase(copy, "the backup that was just written");
    const tokens = `${stateDir}/tokens.sqlite`;
    if (await exists(tokens)) {
      copy.prepare("ATTACH ? AS tokens").run(tokens);
      copy.exec("CREATE TABLE backup_tokens AS SELECT * FROM tokens.token");
      copy.exec("DETACH tokens");
    }
  } finally {
    copy.close();
  }
}

/**
 * Writes a backup of a running or stopped master: complete and checked before
 * it gets its name, readable by its owner only.
 *
 * @throws {AppError} `not_found` when there is no database, `storage`, `invalid` when it is damaged.
 */
export async function backupMaster(
  stateDir: string,
  file: string,
): Promise<BackupInfo> {
  const source = `${stateDir}/${DATABASE}`;
  if (!await exists(source)) {
    throw new AppError("not_found", `There is no ${source}`, {
      hint: "give the master's directory with --state-dir or --config",
    });
  }
  const target = resolve(file);
  let temporary: string | null = null;
  try {
    // Made by us, so that it is ours alone from the start.
    temporary = await Deno.makeTempFile({
      dir: dirname(target),
      prefix: `.${basename(target)}.`,
    });
    await snapshot(stateDir, temporary);
    await flush(temporary);
    const db = open(temporary, true);
    const { size } = await Deno.stat(temporary);
    const info = infoOf(db, target, size);
    db.close();
    await Deno.rename(temporary, target);
    temporary = null;
    await flushDirectory(dirname(target));
    return info;
  } catch (error) {
    if (temporary !== null) await removeIfThere(temporary);
    throw storageError(file, error);
  }
}
