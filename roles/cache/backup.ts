/**
 * `procurator cache backup DIR`: the cache as a directory, of a running or a
 * stopped one. Into the same directory again it copies only what is new.
 *
 *     DIR/cache.sqlite   one snapshot of the tables
 *     DIR/nar/..         the nars it names, each copied once
 *     DIR/signing.key    0600, and tokens.sqlite: with them a lost machine is replaced
 *
 * A kill at any step leaves the earlier backup, whole, or the new one: nars are
 * only added before the database is replaced in one step, and removed after.
 * The keys are in it, since without them each client's trusted-public-keys
 * would have to be changed: keep it as you keep the cache itself.
 *
 * @module
 */
import { backup as copyDatabase, DatabaseSync } from "node:sqlite";
import { resolve } from "node:path";
import { z } from "zod";
import { lockDirectory } from "../config/mod.ts";
import {
  flushDirectory,
  readIfThere,
  removeIfThere,
  storageError,
  writeFileAtomic,
} from "../files/mod.ts";
import type { CacheBackupInfo } from "../model/cache_files.ts";
import { AppError } from "../model/errors.ts";
import { failpoint } from "../process/failpoint.ts";
import { type CopyOptions, NarCopy } from "./backup_files.ts";
import { DATABASE, flushFile, removeDatabase } from "./storage/replace.ts";
import { STEPS } from "./storage/schema.ts";

/** The cache commits within milliseconds; more means that it hangs. */
const BUSY_MS = 5000;
/** All in one step: in several each write of the cache in between would begin it anew. */
const ALL_PAGES = -1;

/** How many rows there are, and their bytes. */
const CountsRow = z.object({
  paths: z.number(),
  nars: z.number(),
  bytes: z.number(),
});

/** What a database of a cache holds. */
export type Counts = z.output<typeof CountsRow>;

/** Paths, nars and their bytes. */
export function countsOf(database: DatabaseSync): Counts {
  return CountsRow.parse(
    database.prepare(
      `SELECT (SELECT count(*) FROM path) AS paths, count(*) AS nars,
        coalesce(sum(file_size), 0) AS bytes FROM nar`,
    ).get(),
  );
}

/**
 * Whether its pages hang together. What indexes say of tables, which takes two
 * minutes at a million paths, is for a deep check.
 *
 * @throws {AppError} `invalid` when it is no database of a cache, or a broken one; `refused` for one of a later version.
 */
export function checkDatabase(database: DatabaseSync, what: string): void {
  let found: string;
  let version: number;
  try {
    const [first] = database.prepare("PRAGMA quick_check(1)").all();
    found = String(Object.values(first ?? {})[0]);
    version = Number(
      database.prepare("PRAGMA user_version").get()?.[
        "user_version"
      ],
    );
    if (found === "ok") countsOf(database);
  } catch (cause) {
    throw new AppError("invalid", `Cannot use ${what}: it is no cache's`, {
      cause,
      hint: "give a directory that procurator cache backup wrote",
    });
  }
  if (found !== "ok") {
    throw new AppError(
      "invalid",
      `Cannot use ${what}: it is damaged: ${found}`,
      {
        hint: "mend it with procurator cache fsck --repair, or use another one",
      },
    );
  }
  if (version > STEPS.length) {
    throw new AppError(
      "refused",
      `Cannot use ${what}: it has the version ${version}, this program knows ${STEPS.length}`,
      { hint: "start the version of procurator that wrote it" },
    );
  }
}

/** One snapshot, whoever writes meanwhile; readable by its owner only. */
async function snapshot(from: string, to: string): Promise<void> {
  await removeDatabase(to);
  await Deno.writeFile(to, new Uint8Array(), { mode: 0o600, createNew: true });
  // Read-only it could not be the first to open it after a kill.
  const source = new DatabaseSync(from, { timeout: BUSY_MS });
  try {
    await copyDatabase(source, to, { rate: ALL_PAGES });
  } finally {
    source.close();
  }
}

/**
 * Takes out of the snapshot what is not in the backup: a path whose nar was
 * collected since, with all that refers to it, which went before it; a path
 * whose nar is damaged alone, for a check says then what to push again.
 */
function dropMissing(
  database: DatabaseSync,
  { absent, damaged }: Pick<NarCopy, "absent" | "damaged">,
): void {
  database.exec("PRAGMA recursive_triggers = ON; BEGIN IMMEDIATE");
  const dropNar = database.prepare("DELETE FROM nar WHERE file = ?");
  const pathsOf = database.prepare("SELECT hash FROM path WHERE file = ?");
  const dropPath = database.prepare("DELETE FROM path WHERE hash = ?");
  const dropReferences = database.prepare(
    "DELETE FROM reference WHERE hash = ?",
  );
  const referrers = database.prepare(
    "SELECT hash FROM reference WHERE reference = ?",
  );
  const hashes = (rows: Record<string, unknown>[]) =>
    rows.map(({ hash }) => String(hash));
  const drop = (hash: string) => {
    dropPath.run(hash);
    dropReferences.run(hash);
  };
  for (const file of damaged) {
    hashes(pathsOf.all(file)).forEach(drop);
    dropNar.run(file);
  }
  for (const file of absent) {
    const going = hashes(pathsOf.all(file));
    for (let hash = going.pop(); hash !== undefined; hash = going.pop()) {
      const before = hashes(referrers.all(hash));
      drop(hash);
      going.push(...before.filter((other) => other !== hash));
    }
    dropNar.run(file);
  }
  database.exec("COMMIT");
}

/** Nars of an earlier backup that this one does not name. */
async function removeUnknown(
  directory: string,
  database: DatabaseSync,
): Promise<number> {
  const known = database.prepare("SELECT 1 FROM nar WHERE file = ?");
  let removed = 0;
  for await (const shard of Deno.readDir(`${directory}/nar`)) {
    const path = `${directory}/nar/${shard.name}`;
    for await (const { name } of Deno.readDir(path)) {
      if (known.get(name) !== undefined) continue;
      await Deno.remove(`${path}/${name}`);
      removed++;
    }
  }
  return removed;
}

async function copySecrets(stateDir: string, directory: string): Promise<void> {
  const key = await readIfThere(`${stateDir}/signing.key`);
  if (key !== null) await writeFileAtomic(`${directory}/signing.key`, key);
  const tokens = `${stateDir}/tokens.sqlite`;
  if (await readable(tokens)) {
    const unfinished = `${directory}/tokens.sqlite.new`;
    await snapshot(tokens, unfinished);
    await place(unfinished, `${directory}/tokens.sqlite`);
  }
}

async function readable(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}

async function place(unfinished: string, path: string): Promise<void> {
  for (const end of ["-wal", "-shm"]) await removeIfThere(unfinished + end);
  await flushFile(unfinished);
  await Deno.rename(unfinished, path);
}

async function write(
  stateDir: string,
  directory: string,
  options: CopyOptions,
): Promise<CacheBackupInfo> {
  const copy = new NarCopy(stateDir, directory, options);
  await Deno.mkdir(`${directory}/nar`, { recursive: true, mode: 0o700 });
  // Most of it before the snapshot, which is then as late as can be.
  const live = new DatabaseSync(`${stateDir}/${DATABASE}`, {
    timeout: BUSY_MS,
  });
  try {
    await copy.all(live);
  } finally {
    live.close();
  }
  const unfinished = `${directory}/${DATABASE}.new`;
  await snapshot(`${stateDir}/${DATABASE}`, unfinished);
  copy.absent.clear();
  copy.damaged.clear();
  const database = new DatabaseSync(unfinished);
  try {
    // No log beside it: a directory that is copied or mounted read-only is one file.
    database.exec("PRAGMA journal_mode = DELETE");
    await copy.all(database);
    const damaged = [...copy.damaged];
    const collected = await collectedOf(stateDir, copy.absent);
    for (const file of copy.absent) {
      if (!collected.has(file)) damaged.push(file);
    }
    dropMissing(database, {
      absent: collected,
      damaged: new Set(damaged),
    });
    options.told?.({ phase: "database", doneBytes: 0, totalBytes: 0 });
    checkDatabase(database, "the backup that was just written");
    failpoint("cache.backup.copied");
    await copySecrets(stateDir, directory);
    const counts = countsOf(database);
    await place(unfinished, `${directory}/${DATABASE}`);
    await flushDirectory(directory);
    failpoint("cache.backup.renamed");
    const removedNars = await removeUnknown(directory, database);
    await removeIfThere(`${directory}/tmp`);
    return {
      directory,
      ...counts,
      copiedNars: copy.copiedNars,
      copiedBytes: copy.copiedBytes,
      removedNars,
      damaged,
    };
  } finally {
    database.close();
  }
}

/** Those that the cache has no record of any more; of the others the file is lost. */
async function collectedOf(
  stateDir: string,
  files: ReadonlySet<string>,
): Promise<Set<string>> {
  const live = new DatabaseSync(`${stateDir}/${DATABASE}`, {
    timeout: BUSY_MS,
  });
  try {
    const record = live.prepare("SELECT 1 FROM nar WHERE file = ?");
    return new Set([...files].filter((file) => record.get(file) === undefined));
  } finally {
    live.close();
  }
}

/**
 * Writes a backup of a running or stopped cache into a directory, readable by
 * its owner only.
 *
 * @throws {AppError} `not_found` when there is no cache, `invalid` when its
 * database is damaged, `refused` for a directory of something else, `storage`.
 */
export async function backupCache(
  stateDir: string,
  to: string,
  options: CopyOptions,
): Promise<CacheBackupInfo> {
  const source = `${stateDir}/${DATABASE}`;
  if (!await readable(source)) {
    throw new AppError("not_found", `There is no ${source}`, {
      hint: "give the cache's directory with --state-dir or --config",
    });
  }
  const directory = resolve(to);
  await assertTarget(directory, stateDir);
  try {
    await Deno.mkdir(directory, { recursive: true, mode: 0o700 });
    await Deno.chmod(directory, 0o700);
    // Two backups into one directory would remove each other's nars.
    await using _lock = await lockDirectory(directory);
    return await write(stateDir, directory, options);
  } catch (error) {
    throw storageError(directory, error);
  }
}

/** Only into what is empty or a backup: in anything else files would be removed. */
async function assertTarget(
  directory: string,
  stateDir: string,
): Promise<void> {
  const real = (path: string) => Deno.realPath(path).catch(() => path);
  const refuse = (why: string) =>
    new AppError("refused", `Cannot write a backup to ${directory}: ${why}`, {
      hint: "give an empty directory, or one of an earlier backup",
    });
  if (await real(directory) === await real(stateDir)) {
    throw refuse("it is the cache's own directory");
  }
  if (!await readable(directory)) return;
  const known = new Set([
    ...[DATABASE, `${DATABASE}.new`, "nar", "tmp", "lock"],
    ...["signing.key", "tokens.sqlite", "tokens.sqlite.new"],
    // Of a check of the backup itself.
    ...["fsck.json", "quarantine"],
  ]);
  for await (const { name } of Deno.readDir(directory)) {
    const base = name.replace(/-(wal|shm|journal)$/, "");
    if (!known.has(base) && !name.endsWith(".new")) {
      throw refuse(`there is "${name}" in it`);
    }
  }
}
