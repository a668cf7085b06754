/**
 * `procurator cache restore DIR`: a stopped cache as a backup has it. Nars come
 * first and are only added; then the database is replaced in one step, and the
 * replaced one is kept. A kill at any step leaves the old cache or the new one.
 *
 * Keys and tokens that are there stay: tokens of a backup would make revoked
 * ones good again, and a key that was retired would sign again.
 *
 * @module
 */
import { DatabaseSync } from "node:sqlite";
import { resolve } from "node:path";
import {
  flushDirectory,
  readIfThere,
  removeIfThere,
  storageError,
  writeFileAtomic,
} from "../files/mod.ts";
import type { CacheRestoreInfo } from "../model/cache_files.ts";
import { AppError } from "../model/errors.ts";
import { checkDatabase, countsOf } from "./backup.ts";
import { type CopyOptions, NarCopy } from "./backup_files.ts";
import { lockCache } from "./fsck/mod.ts";
import {
  DATABASE,
  giveAway,
  removeDatabase,
  replaceDatabase,
} from "./storage/replace.ts";
import { Database } from "./storage/database.ts";

/** Named in a restore's report. */
const MAX_NAMED = 100;

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** A copy of a small database or key, where there is none. */
async function restoreKey(stateDir: string, from: string): Promise<boolean> {
  const target = `${stateDir}/signing.key`;
  if (await exists(target)) return false;
  const key = await readIfThere(`${from}/signing.key`);
  if (key === null) return false;
  await writeFileAtomic(target, key);
  await giveAway(target, stateDir);
  return true;
}

async function restoreTokens(stateDir: string, from: string): Promise<boolean> {
  const target = `${stateDir}/tokens.sqlite`;
  const source = `${from}/tokens.sqlite`;
  if (await exists(target) || !await exists(source)) return false;
  const unfinished = `${target}.restoring`;
  await removeIfThere(unfinished);
  await Deno.copyFile(source, unfinished);
  await Deno.chmod(unfinished, 0o600);
  await giveAway(unfinished, stateDir);
  await Deno.rename(unfinished, target);
  await flushDirectory(stateDir);
  return true;
}

/** What the backup's age must not decide on. */
function settle(copy: string, damaged: ReadonlySet<string>, nowMs: number) {
  using database = new Database(copy);
  database.transaction("the restored paths", () => {
    // Else the first collection would find all of it unused for as long as the backup is old.
    database.sql.prepare("UPDATE path SET used_at_ms = max(used_at_ms, ?)")
      .run(nowMs);
    for (const file of damaged) {
      database.sql.prepare(
        "DELETE FROM reference WHERE hash IN (SELECT hash FROM path WHERE file = ?)",
      ).run(file);
      database.sql.prepare("DELETE FROM path WHERE file = ?").run(file);
      database.sql.prepare("DELETE FROM nar WHERE file = ?").run(file);
    }
  });
  database.emptyLog();
}

async function restore(
  stateDir: string,
  from: string,
  { nowMs, ...options }: CopyOptions & { nowMs: number },
): Promise<CacheRestoreInfo> {
  const copy = `${stateDir}/${DATABASE}.restoring`;
  await removeDatabase(copy);
  await Deno.copyFile(`${from}/${DATABASE}`, copy);
  await Deno.chmod(copy, 0o600);
  const nars = new NarCopy(from, stateDir, options);
  {
    const database = new DatabaseSync(copy);
    try {
      checkDatabase(database, `${from}/${DATABASE}`);
      await nars.all(database);
    } finally {
      database.close();
    }
  }
  const damaged = new Set([...nars.damaged, ...nars.absent]);
  settle(copy, damaged, nowMs);
  const database = new DatabaseSync(copy);
  const { paths, nars: count } = countsOf(database);
  // The log goes into the file with the last who closes it.
  database.close();
  const keyRestored = await restoreKey(stateDir, from);
  const tokensRestored = await restoreTokens(stateDir, from);
  const replaced = await replaceDatabase(stateDir, copy, {
    label: "replaced",
    nowMs,
  });
  return {
    paths,
    nars: count,
    copiedNars: nars.copiedNars,
    copiedBytes: nars.copiedBytes,
    replaced,
    keyRestored,
    tokensRestored,
    damaged: [...damaged].slice(0, MAX_NAMED),
  };
}

/**
 * Makes a stopped cache what a backup has.
 *
 * @throws {AppError} `refused` while it runs, `not_found` or `invalid` for what is no sound backup, `storage`.
 */
export async function restoreCache(
  stateDir: string,
  directory: string,
  options: CopyOptions & { nowMs: number },
): Promise<CacheRestoreInfo> {
  const from = resolve(directory);
  if (!await exists(`${from}/${DATABASE}`)) {
    throw new AppError("not_found", `There is no ${from}/${DATABASE}`, {
      hint: "give a directory that procurator cache backup wrote",
    });
  }
  await using _lock = await lockCache(stateDir, "restore it");
  const real = (path: string) => Deno.realPath(path).catch(() => path);
  if (await real(from) === await real(stateDir)) {
    throw new AppError("refused", `Cannot restore ${from}: it is the cache`, {
      hint: "give a directory that procurator cache backup wrote",
    });
  }
  try {
    return await restore(stateDir, from, options);
  } catch (error) {
    await removeDatabase(`${stateDir}/${DATABASE}.restoring`);
    throw storageError(stateDir, error);
  }
}
