/**
 * Named places where a test can make this process die as kill -9 does.
 *
 * `PROCURATOR_FAILPOINT=NAME` (or `NAME:N` for the N-th time it is reached)
 * arms one. `PROCURATOR_FAILPOINT_GATE=FILE` lets it sleep until that file is
 * there: what a start itself passes through does not count. Unarmed, a
 * failpoint is one comparison.
 *
 * @module
 */

/** Every failpoint, in the order a commit meets them. `deno task chaos` walks this list. */
export const FAILPOINTS = [
  /** The hub's git has moved the ref, post-receive has not told ci. */
  "hub.push.received",
  /** ci has stored the job, nothing runs yet. */
  "ci.job.queued",
  /** Evaluation is stored, no build has begun. */
  "ci.eval.done",
  /** Everything is built, nothing is in the cache. */
  "ci.build.done",
  /** The closures are in the cache, the master knows nothing. */
  "ci.copy.done",
  /** The master has answered, ci has not stored that. */
  "ci.publish.acknowledged",
  /** A nar is in its place, its narinfo is not. */
  "cache.nar.stored",
  /** The narinfo is stored, the client has no answer. */
  "cache.narinfo.stored",
  /** The publish is about to be committed. */
  "master.publish.before_commit",
  /** The publish is committed, the publisher has no answer. */
  "master.publish.committed",
  /** New orders are committed, no worker has them. */
  "master.orders.committed",
  /** A worker's report is taken, its consequences are not stored. */
  "master.report.received",
  /** The fallback is armed in the ledger, the VM is untouched. */
  "worker.ledger.armed",
  /** The VMM runs, its pid is not yet in the run directory's record. */
  "worker.vm.spawned",
  /** The VM is recorded, nothing has been reported. */
  "worker.vm.started",
  /** The old VM is stopped, the new one not started. */
  "worker.vm.stopped",
  /** The VM is healthy and its change committed, not yet reported. */
  "worker.vm.settled",
  /** The refused hash is in the ledger, the fallback is not started. */
  "worker.rollback.recorded",
] as const;

export type Failpoint = typeof FAILPOINTS[number];

/** Failpoints of single commands, which no commit meets. */
export const COMMAND_FAILPOINTS = [
  /** The database that is restored lies beside the present one. */
  "restore.prepared",
  /** The present database is kept under another name as well. */
  "restore.kept",
  /** The restored one is in its place. */
  "restore.replaced",
] as const;

export type CommandFailpoint = typeof COMMAND_FAILPOINTS[number];

/** Failpoints of commands over a stopped cache's files. */
export const CACHE_FILES_FAILPOINTS = [
  /** A damaged file of the cache is in quarantine, its record is still there. */
  "fsck.file.moved",
  /** The cache's database is kept under another name as well. */
  "cache.database.kept",
  /** The other one is in its place. */
  "cache.database.replaced",
  /** A backup of the cache has its nars, and its old database. */
  "cache.backup.copied",
  /** It has its new database, and nars that only the old one knew. */
  "cache.backup.renamed",
] as const;

export type CacheFilesFailpoint = typeof CACHE_FILES_FAILPOINTS[number];

/** Failpoints of a cache that collects garbage, which no commit waits for. */
export const COLLECTION_FAILPOINTS = [
  /** Some paths are struck out, nothing of it is committed. */
  "gc.batch.begun",
  /** They are gone from the tables, their nars are still there. */
  "gc.batch.committed",
  /** A nar has lost its name, its bytes are still there. */
  "gc.file.hidden",
] as const;

export type CollectionFailpoint = typeof COLLECTION_FAILPOINTS[number];

interface Armed {
  name: string;
  left: number;
  gate: string | undefined;
}

/** Undefined until the first failpoint is reached: importing this needs no permission. */
let armed: Armed | null | undefined;

function readArmed(): Armed | null {
  let value: string | undefined;
  let gate: string | undefined;
  try {
    value = Deno.env.get("PROCURATOR_FAILPOINT");
    gate = Deno.env.get("PROCURATOR_FAILPOINT_GATE");
  } catch (error) {
    // Without the permission to look nobody can have armed one.
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
  if (value === undefined || value === "") return null;
  const [name, count] = value.split(":");
  if (name === undefined) return null;
  return { name, left: count === undefined ? 1 : Number(count), gate };
}

function isOpen(gate: string | undefined): boolean {
  if (gate === undefined || gate === "") return true;
  try {
    return Deno.statSync(gate).isFile;
  } catch {
    return false;
  }
}

/** Dies here by SIGKILL when this failpoint is armed and its turn has come. */
export function failpoint(
  name:
    | Failpoint
    | CommandFailpoint
    | CollectionFailpoint
    | CacheFilesFailpoint,
): void {
  if (armed === undefined) armed = readArmed();
  if (armed === null || armed.name !== name || !isOpen(armed.gate)) return;
  armed.left--;
  if (armed.left <= 0) Deno.kill(Deno.pid, "SIGKILL");
}
