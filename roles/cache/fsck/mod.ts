/**
 * `procurator cache fsck`: finds what is missing, cut, changed or belongs to
 * nothing, in the files and the tables of a stopped cache, and mends it. What
 * cannot be mended goes to `quarantine/` and the table `damage`; nothing is
 * thrown away, and what is left can be served.
 *
 *     database -> nars (size; deep: every byte) -> paths -> upstreams
 *
 * Each step is durable before the next: a repair that is killed is begun again.
 *
 * @module
 */
import { lockDirectory } from "../../config/mod.ts";
import type { CacheCheckReport } from "../../model/cache_files.ts";
import { AppError } from "../../model/errors.ts";
import type { CacheConfig } from "../config.ts";
import type { SecretKey } from "../../nar/core/signature.ts";
import { Pace } from "../../turns/pace.ts";
import { Keyring } from "../signing/keyring.ts";
import { Database } from "../storage/database.ts";
import { DATABASE } from "../storage/replace.ts";
import type { Check, CheckOrder } from "./check.ts";
import { CheckedRows } from "./checked_rows.ts";
import { Findings } from "./findings.ts";
import { NarCheck } from "./nar_check.ts";
import { PathCheck } from "./path_check.ts";
import { Quarantine } from "./quarantine.ts";
import { Lookout } from "./refetch.ts";
import { Resume } from "./resume.ts";
import { salvage } from "./salvage.ts";

export type { CheckOrder };

/** Named in a report. */
const MAX_PUSH_AGAIN = 10_000;

/** The lock of a cache's directory, held while its files are worked on. */
export async function lockCache(
  stateDir: string,
  what: string,
): Promise<AsyncDisposable> {
  try {
    return await lockDirectory(stateDir);
  } catch (error) {
    if (!(error instanceof AppError && /in use by/.test(error.message))) {
      throw error;
    }
    throw new AppError(error.code, error.message, {
      cause: error.cause,
      hint: `stop that cache, ${what}, and start it again`,
    });
  }
}

async function keysOf(
  config: CacheConfig,
  findings: Findings,
): Promise<readonly SecretKey[]> {
  const path = `${config.stateDir}/signing.key`;
  const isThere = await Deno.stat(path).then(() => true, () => false);
  if (isThere) {
    const { signing } = await Keyring.open(config.stateDir, {
      keyName: config.keyName,
      files: config.signingKeyFiles,
    });
    return signing;
  }
  findings.add({
    kind: "key-missing",
    name: "signing.key",
    why: "there is no key; signatures are not checked",
    todo:
      "bring it back from a backup: the next start makes a new one, which no client knows",
    isMended: false,
  });
  return [];
}

/** What is wrong with the database as a whole; empty: nothing. */
function troubleOf(path: string, deep: boolean): string[] {
  try {
    using database = new Database(path);
    return new CheckedRows(database, () => 0).integrity(deep);
  } catch (error) {
    // Of a later version: no damage.
    if (error instanceof AppError && error.code === "refused") throw error;
    return [error instanceof Error ? error.message : String(error)];
  }
}

async function checkDatabase(
  config: CacheConfig,
  order: CheckOrder,
  findings: Findings,
): Promise<boolean> {
  const path = `${config.stateDir}/${DATABASE}`;
  order.told?.({ phase: "database", doneBytes: 0, totalBytes: 0 });
  const trouble = troubleOf(path, order.deep);
  if (trouble.length === 0) return true;
  const why = trouble.slice(0, 3).join("; ");
  if (!order.repair) {
    findings.add({
      kind: "database-damaged",
      name: DATABASE,
      why,
      todo:
        "restore a backup: procurator cache restore DIR; or run with --repair, which saves what can still be read and keeps the damaged one",
      isMended: false,
    });
    return false;
  }
  const { kept, rows } = await salvage(config.stateDir, order.now());
  findings.add({
    kind: "database-damaged",
    name: DATABASE,
    why,
    todo:
      `${rows} rows were saved, the damaged one is ${kept}; paths that are not among them are in a backup, or must be pushed again`,
    isMended: true,
  });
  return true;
}

async function checkLeftovers({ config, order, findings }: Check) {
  const directory = `${config.stateDir}/tmp`;
  const isThere = await Deno.stat(directory).then(() => true, () => false);
  if (!isThere) return;
  for await (const { name } of Deno.readDir(directory)) {
    if (order.repair) {
      await Deno.remove(`${directory}/${name}`, { recursive: true });
    }
    findings.add({
      kind: "leftover",
      name: `tmp/${name}`,
      why: "an upload or a removal was cut off",
      todo: order.repair ? "it was removed" : "the next start removes it",
      isMended: true,
    });
  }
}

/** Files, then records, then what can be brought back; returns notes. */
async function checkContents(
  check: Check,
  database: Database,
  resume: { resume: Resume; after: string },
): Promise<readonly string[]> {
  const { config, order, keys, findings } = check;
  await checkLeftovers(check);
  let last = resume.after;
  try {
    await new NarCheck(check, async (file) => {
      last = file;
      if (order.deep) await resume.resume.at(file, findings);
    }).run(resume.after);
  } finally {
    if (order.deep && order.signal.aborted) {
      await resume.resume.keep(last, findings);
    }
  }
  await using lookout = await Lookout.open(config, {
    database,
    keys,
    now: () => order.now(),
  });
  await new PathCheck(check).run(lookout ?? { bases: async () => new Set() });
  if (lookout === undefined) return [];
  if (order.repair) {
    await lookout.fetch(findings, {
      signal: order.signal,
      told: (base) =>
        order.told?.({
          phase: `fetching ${base}`,
          doneBytes: 0,
          totalBytes: 0,
        }),
    });
  }
  return lookout.troubles;
}

function stateOf(
  findings: Findings,
  { repair, signal }: CheckOrder,
  isDone: boolean,
): CacheCheckReport["state"] {
  if (signal.aborted && !isDone) return "cancelled";
  if (findings.problems === 0) return "clean";
  if (!repair) return findings.mended < findings.problems ? "damaged" : "clean";
  if (findings.lost.length + findings.lostMore > 0) return "incomplete";
  return "mended";
}

/**
 * Checks a stopped cache, and mends it when asked to.
 *
 * @throws {AppError} `refused` while it runs, `not_found` when there is none,
 * `storage` when the disk is full or nothing of the database can be read.
 */
export async function checkCache(
  config: CacheConfig,
  order: CheckOrder,
): Promise<CacheCheckReport> {
  const { stateDir } = config;
  const path = `${stateDir}/${DATABASE}`;
  if (!await Deno.stat(path).then(() => true, () => false)) {
    throw new AppError("not_found", `There is no ${path}`, {
      hint: "give the cache's directory with --state-dir or --config",
    });
  }
  await using _lock = await lockCache(stateDir, "check it");
  const findings = new Findings();
  const resume = new Resume(stateDir, order.repair);
  const checked = { nars: 0, paths: 0, bytes: 0 };
  const after = order.deep && !order.restart
    ? await resume.take(findings)
    : null;
  let notes: readonly string[] = [];
  let isDone = false;
  try {
    if (await checkDatabase(config, order, findings)) {
      using database = new Database(path);
      const rows = new CheckedRows(database, () => order.now());
      const check: Check = {
        ...{ config, order, rows, findings, checked },
        keys: await keysOf(config, findings),
        quarantine: new Quarantine(stateDir),
        pace: new Pace(),
      };
      notes = await checkContents(check, database, {
        resume,
        after: after ?? "",
      });
    }
    isDone = true;
    if (order.deep) await resume.forget();
  } catch (error) {
    if (!order.signal.aborted) throw error;
  }
  const lost = findings.lost.map(({ base }) => `${config.storeDir}/${base}`);
  return {
    state: stateOf(findings, order, isDone),
    deep: order.deep,
    repair: order.repair,
    resumedAfter: after,
    checked,
    problems: findings.problems,
    mended: findings.mended,
    findings: [...findings.named],
    pushAgain: lost.slice(0, MAX_PUSH_AGAIN),
    pushAgainMore: findings.lostMore +
      Math.max(0, lost.length - MAX_PUSH_AGAIN),
    notes: [...notes],
  };
}
