/**
 * `restore` of a stopped master's database from a backup. Owns the order of
 * its steps, so that a kill at any moment leaves the old database or the new
 * one. Knows nothing of what documents mean beyond that a restore is a new
 * incarnation of the store: fences, event indexes and operation numbers that
 * the replaced one gave out are never given out again.
 *
 * A token table that is there stays as it is: one from a backup would make
 * revoked tokens good again.
 *
 * @module
 */
import type { DatabaseSync } from "node:sqlite";
import { resolve } from "node:path";
import { z } from "zod";
import { openTokenTable } from "../auth/mod.ts";
import { lockDirectory } from "../config/mod.ts";
import { flushDirectory, removeIfThere, storageError } from "../files/mod.ts";
import { AppError } from "../model/errors.ts";
import type { Actor } from "../model/event.ts";
import { failpoint } from "../process/failpoint.ts";
import {
  type BackupInfo,
  checkDatabase,
  counterOf,
  DATABASE,
  exists,
  flush,
  infoOf,
  numberFrom,
  open,
} from "./backup.ts";
import {
  ClusterDoc,
  OperationDoc,
  PlacementDoc,
  WorkerDoc,
} from "./core/documents.ts";
import { MAX_INCARNATION } from "./core/epoch.ts";
import { newEvent } from "./core/events.ts";
import { newOperation, numberOf } from "./core/operations.ts";
import { Documents, Draft } from "./documents.ts";
import { restoreNetworks } from "./restore_networks.ts";
import { type Placed, putInDoubt } from "./restore_places.ts";
import { FIRST_STORE, operationsIn, STORE_ID } from "./state.ts";
import { openStore } from "./store.ts";

/** A restore that is not finished; a killed one leaves it, the next removes it. */
const UNFINISHED = `${DATABASE}.restoring`;
/** Event indexes that a database which cannot be read any more may have given out: far more than any burst. */
const UNKNOWN_EVENTS = 1_000_000;

/** What the network is kept of in the document that a store has of itself. */
const LastSubnet = z.object({ lastSubnet: z.string().optional() });

/** What a restore came to. */
export interface RestoreInfo extends BackupInfo {
  /** Where the database is that was replaced; null: there was none. */
  replaced: string | null;
  /** The token table of the backup was taken, for there was none. */
  tokensRestored: boolean;
}

/** What the database that is replaced has given out already. */
interface GivenOut {
  incarnation: number;
  revision: number;
  event: number;
  /** The highest number of an operation. */
  operation: number;
  /** Where copies are; null: nobody knows. */
  placed: Placed | null;
}

/** All that is written is in the file itself afterwards; null: it cannot be read. */
function settle(path: string): GivenOut | null {
  let db: DatabaseSync | undefined;
  try {
    db = open(path);
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    const texts = (kind: string) =>
      db?.prepare(
        "SELECT json FROM documents WHERE kind = ? AND json IS NOT NULL",
      ).all(kind).map(({ json }) => JSON.parse(String(json))) ?? [];
    const operations = z.array(OperationDoc).parse(texts("operation"));
    return {
      incarnation: infoOf(db, path, 0).incarnation,
      revision: counterOf(db, "revision"),
      event: counterOf(db, "event"),
      operation: Math.max(0, ...operations.map(({ id }) => numberOf(id))),
      placed: {
        placements: z.array(PlacementDoc).parse(texts("placement")),
        workers: z.array(WorkerDoc).parse(texts("worker")),
        clusters: z.array(ClusterDoc).parse(texts("cluster")),
        lastSubnet: z.array(LastSubnet).parse(texts("store"))[0]?.lastSubnet,
      },
    };
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

/** Makes the copy a store of its own: nothing it gives out was given out before. */
async function begin(
  copy: string,
  before: GivenOut,
  { by, nowMs, from }: { by: Actor; nowMs: number; from: string },
): Promise<void> {
  const db = open(copy);
  try {
    const raise = db.prepare(
      "UPDATE counters SET value = max(value, ?) WHERE name = ?",
    );
    raise.run(before.revision, "revision");
    raise.run(before.event, "event");
    db.exec("DROP TABLE IF EXISTS backup_tokens");
  } finally {
    db.close();
  }
  const store = openStore(copy);
  try {
    const documents = await Documents.load(store);
    const draft = new Draft(documents);
    const known = documents.get("store", STORE_ID) ?? FIRST_STORE;
    const incarnation = Math.max(known.incarnation, before.incarnation) + 1;
    if (incarnation > MAX_INCARNATION) {
      throw new AppError("refused", "Cannot restore: all epochs are used up");
    }
    draft.put("store", STORE_ID, { ...known, incarnation });
    const message = `restored from ${from}, as incarnation ${incarnation}`;
    const operation = newOperation(
      operationsIn(documents),
      {
        kind: "restore",
        target: "master",
        by,
        reason: "",
        message,
        nowMs,
        after: before.operation,
      },
    );
    draft.put("operation", operation.id, operation);
    putInDoubt(draft, before.placed);
    restoreNetworks(draft, before.placed);
    await store.transact(draft.operations(documents), [
      newEvent({ by, nowMs }, {
        topic: "store",
        subject: "master",
        message,
        data: { incarnation: String(incarnation), operation: operation.id },
      }),
    ]);
  } finally {
    store.close();
  }
}

/** The token table of the backup, where there is none: the machine is a new one. */
async function restoreTokens(stateDir: string, file: string): Promise<boolean> {
  if (await exists(`${stateDir}/tokens.sqlite`)) return false;
  const backup = open(file, true);
  const has = numberFrom(
    backup,
    "SELECT count(*) FROM sqlite_master WHERE name = 'backup_tokens'",
  );
  backup.close();
  if (has === 0) return false;
  openTokenTable(stateDir).close();
  const db = open(`${stateDir}/tokens.sqlite`);
  try {
    db.prepare("ATTACH ? AS backup").run(file);
    const columns = db.prepare(
      "SELECT name FROM pragma_table_info('token') WHERE name IN (SELECT name FROM pragma_table_info('backup_tokens', 'backup'))",
    ).all().map((row) => String(row["name"])).join(", ");
    db.exec(
      `INSERT INTO token (${columns}) SELECT ${columns} FROM backup.backup_tokens`,
    );
    // Since the backup it may have been used up.
    db.exec("DELETE FROM token WHERE one_time = 1 AND became IS NULL");
  } finally {
    db.close();
  }
  await giveAway(`${stateDir}/tokens.sqlite`, stateDir);
  return true;
}

/** Gives the present database a second name, with what it needs to be read. */
async function keep(
  stateDir: string,
  { nowMs, isReadable }: { nowMs: number; isReadable: boolean },
): Promise<string> {
  const source = `${stateDir}/${DATABASE}`;
  const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
  let kept = `${source}.replaced-${time}`;
  for (let again = 2; await exists(kept); again++) {
    kept = `${source}.replaced-${time}-${again}`;
  }
  await Deno.link(source, kept);
  for (const end of ["-wal", "-shm"]) {
    // Settled, it needs neither. Damaged, what was not yet written into it may be worth something.
    if (!isReadable && await exists(source + end)) {
      await Deno.link(source + end, kept + end);
    }
  }
  await flushDirectory(stateDir);
  return kept;
}

/**
 * Replaces the database of a stopped master by a backup. The replaced one is
 * kept beside it.
 *
 * @throws {AppError} `refused` while the master runs, `invalid` for a file that is no sound backup, `storage`.
 */
export async function restoreMaster(
  stateDir: string,
  file: string,
  { by, nowMs }: { by: Actor; nowMs: number },
): Promise<RestoreInfo> {
  await using _lock = await lockDirectory(stateDir);
  const source = `${stateDir}/${DATABASE}`;
  const copy = `${stateDir}/${UNFINISHED}`;
  await refuseItself(file, source);
  await removeDatabase(copy);
  try {
    await copyPrivately(file, copy);
    const db = open(copy);
    let info: BackupInfo;
    try {
      checkDatabase(db, file);
      info = infoOf(db, source, (await Deno.stat(copy)).size);
    } finally {
      db.close();
    }
    const isThere = await exists(source);
    const known = isThere ? settle(source) : null;
    const before = known ?? {
      incarnation: 0,
      revision: 0,
      event: await eventsOf(copy) + UNKNOWN_EVENTS,
      operation: 0,
      placed: null,
    };
    await begin(copy, before, { by, nowMs, from: resolve(file) });
    await giveAway(copy, stateDir);
    await flush(copy);
    failpoint("restore.prepared");
    const tokensRestored = await restoreTokens(stateDir, file);
    const replaced = isThere
      ? await keep(stateDir, { nowMs, isReadable: known !== null })
      : null;
    failpoint("restore.kept");
    // What was not yet written into the old file would be taken for the new one's.
    for (const end of ["-wal", "-shm"]) await removeIfThere(source + end);
    await Deno.rename(copy, source);
    await flushDirectory(stateDir);
    failpoint("restore.replaced");
    const { incarnation } = settle(source) ?? info;
    return { ...info, incarnation, replaced, tokensRestored };
  } catch (error) {
    await removeDatabase(copy);
    throw storageError(source, error);
  }
}

async function eventsOf(path: string): Promise<number> {
  const db = open(path, true);
  try {
    return counterOf(db, "event");
  } finally {
    db.close();
  }
}

/** The present database's file alone is not all of it while there is a log beside it. */
async function refuseItself(file: string, source: string): Promise<void> {
  const real = (path: string) => Deno.realPath(path).catch(() => null);
  const [from, to] = [await real(file), await real(source)];
  if (from === null || from !== to) return;
  throw new AppError(
    "refused",
    `Cannot restore ${file}: it is the present database`,
    { hint: "give a file that `procurator master backup` wrote" },
  );
}

/** Root restores for the user that the master runs as: the one whose directory it is. */
async function giveAway(path: string, stateDir: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(stateDir);
  await Deno.chown(path, uid, gid);
}

async function removeDatabase(path: string): Promise<void> {
  for (const end of ["", "-wal", "-shm", "-journal"]) {
    await removeIfThere(path + end);
  }
}

async function copyPrivately(from: string, to: string): Promise<void> {
  try {
    using source = await Deno.open(from);
    using target = await Deno.open(to, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    await source.readable.pipeTo(target.writable);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) {
      throw new AppError("not_found", `There is no ${from}`);
    }
    throw error;
  }
}
