/**
 * A QEMU's state in a directory, and a QEMU that goes on from there: a
 * migration to and from ourselves over a socket in the VM's directory, so that
 * QEMU opens no file but those it was started with.
 *
 * A guest that writes to a disk is refused: its disk goes on while the snapshot
 * stands still, and both together are a broken file system.
 *
 * @module
 */
import { z } from "zod";
import { removeIfThere, writeFileAtomic } from "../roles/files/mod.ts";
import { AppError, toAppError } from "../roles/model/errors.ts";
import { Sha256 } from "../roles/model/ids.ts";
import { parseJsonWith } from "../roles/model/parse.ts";
import type { Clock } from "../roles/model/ports.ts";
import type { VmConfig } from "./core/vm_config.ts";
import type { Running } from "./qemu_fleet.ts";
import { type StartDeps, startQemu } from "./qemu_start.ts";
import type { Qmp } from "./qmp.ts";
import type { RunDirectory } from "./run_directory.ts";

/** A large guest on a slow disk; longer, and something hangs. */
const TRANSFER_TIMEOUT_MS = 600_000;
/** QEMU answers within milliseconds that it has begun. */
const POLL_MS = 20;
/** As fast as the disk takes it: the guest stands still meanwhile. */
const MAX_BANDWIDTH = 2 ** 40;

const About = z.object({
  version: z.literal(1),
  driver: z.literal("qemu"),
  runtimeHash: Sha256,
});
const Disks = z.array(z.object({
  device: z.string(),
  inserted: z.object({ ro: z.boolean() }).optional(),
}));
const Migration = z.object({
  status: z.string().optional(),
  "error-desc": z.string().optional(),
});

/** Writes the guest's state to `dir`; its size in bytes. */
export async function snapshotQemu(
  running: Running,
  qmp: Qmp,
  to: { dir: string; directory: RunDirectory; clock: Clock },
): Promise<number> {
  const { id, runtimeHash, state: { pid } } = running.record;
  await refuseDisks(qmp, id);
  await makeNew(to.dir, id);
  const wasPaused = running.instance.paused;
  const { migration: path } = to.directory.paths(running.record);
  try {
    if (!wasPaused) await qmp.execute("stop");
    const bytes = await saveState(qmp, { ...to, path, pid, id });
    const about = { version: 1, driver: "qemu", runtimeHash };
    await writeFileAtomic(`${to.dir}/snapshot.json`, JSON.stringify(about));
    return bytes;
  } catch (error) {
    await Deno.remove(to.dir, { recursive: true }).catch(() => undefined);
    throw toAppError(error);
  } finally {
    if (!wasPaused) await qmp.execute("cont");
  }
}

async function refuseDisks(qmp: Qmp, id: string): Promise<void> {
  const disks = Disks.parse(await qmp.execute("query-block"));
  const written = disks.find(({ inserted }) => inserted?.ro === false);
  if (written === undefined) return;
  throw new AppError(
    "refused",
    `Cannot make a snapshot of "${id}": it writes to a disk (${written.device}), which would not be part of it`,
  );
}

async function makeNew(dir: string, id: string): Promise<void> {
  try {
    await Deno.mkdir(dir, { mode: 0o700 });
  } catch (cause) {
    const isThere = cause instanceof Deno.errors.AlreadyExists;
    throw new AppError(
      isThere ? "conflict" : "storage",
      isThere
        ? `Cannot make a snapshot of "${id}": ${dir} is there already`
        : `Cannot make a snapshot of "${id}" in ${dir}`,
      { cause },
    );
  }
}

async function saveState(
  qmp: Qmp,
  to: { dir: string; path: string; pid: number; clock: Clock; id: string },
): Promise<number> {
  await removeIfThere(to.path);
  using listener = Deno.listen({ transport: "unix", path: to.path });
  try {
    // It may run as another user than we.
    const { uid, gid } = await Deno.stat(`/proc/${to.pid}`);
    await Deno.chown(to.path, uid, gid);
    await qmp.execute("migrate-set-parameters", {
      "max-bandwidth": MAX_BANDWIDTH,
    });
    const accepting = listener.accept();
    accepting.catch(() => undefined);
    await qmp.execute("migrate", { uri: `unix:${to.path}` });
    const file = await Deno.open(`${to.dir}/state`, {
      write: true,
      createNew: true,
      mode: 0o600,
    });
    const copying = accepting.then((from) =>
      from.readable.pipeTo(file.writable)
    );
    copying.catch(() => undefined);
    await untilMigrated(qmp, to);
    await copying;
    return (await Deno.stat(`${to.dir}/state`)).size;
  } finally {
    await removeIfThere(to.path);
  }
}

/** @throws {AppError} `failed` with QEMU's words, `timeout`. */
async function untilMigrated(
  qmp: Qmp,
  { clock, id }: { clock: Clock; id: string },
): Promise<void> {
  const endMs = clock.bootMs() + TRANSFER_TIMEOUT_MS;
  for (;;) {
    const now = Migration.parse(await qmp.execute("query-migrate"));
    if (now.status === "completed") return;
    if (now.status === "failed" || now.status === "cancelled") {
      throw new AppError(
        "failed",
        `Cannot move the state of "${id}": ${now["error-desc"] ?? now.status}`,
      );
    }
    if (clock.bootMs() >= endMs) {
      await qmp.execute("migrate_cancel");
      throw new AppError(
        "timeout",
        `Cannot move the state of "${id}" within ${TRANSFER_TIMEOUT_MS} ms`,
      );
    }
    await clock.sleep(POLL_MS);
  }
}

/**
 * Starts a QEMU that goes on from the snapshot in `dir`.
 *
 * @throws {AppError} `not_found` without one, `refused` when it is another content's.
 */
export async function restoreQemu(
  config: VmConfig,
  dir: string,
  deps: StartDeps,
): Promise<Running> {
  await checkSnapshot(config, dir);
  const running = await startQemu(config, deps, true);
  // Until it runs its end is our failure, not an exit.
  running.stopping = true;
  try {
    await loadState(running, `${dir}/state`, deps);
  } catch (error) {
    await deps.processes.end(running.record);
    deps.fleet.drop(running);
    await deps.directory.clear(config);
    throw error;
  }
  running.stopping = false;
  return running;
}

async function checkSnapshot(config: VmConfig, dir: string): Promise<void> {
  const path = `${dir}/snapshot.json`;
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (cause) {
    throw new AppError(
      "not_found",
      `Cannot restore "${config.id}": there is no snapshot in ${dir}`,
      { cause },
    );
  }
  const about = parseJsonWith(About, text, { what: path });
  if (about.runtimeHash === config.runtimeHash) return;
  throw new AppError(
    "refused",
    `Cannot restore "${config.id}": the snapshot is of other content`,
    { hint: "start it, or restore a snapshot of what is assigned now" },
  );
}

async function loadState(
  { qmp, record }: Running,
  path: string,
  { directory, clock }: StartDeps,
): Promise<void> {
  if (qmp === null) throw gone(record.id);
  const { migration: socket } = directory.paths(record);
  await removeIfThere(socket);
  try {
    await qmp.execute("migrate-incoming", { uri: `unix:${socket}` });
    const into = await Deno.connect({ transport: "unix", path: socket });
    const file = await Deno.open(path);
    // QEMU has read to its end mark and closes; or it has died, which the next question tells.
    await file.readable.pipeTo(into.writable).catch(() => undefined);
    await untilMigrated(qmp, { clock, id: record.id });
    await qmp.execute("cont");
  } catch (cause) {
    throw new AppError(
      "failed",
      `Cannot restore "${record.id}": its VMM does not take the snapshot`,
      { cause },
    );
  } finally {
    await removeIfThere(socket);
  }
}

function gone(id: string): AppError {
  return new AppError("unavailable", `Cannot restore "${id}": QEMU has ended`);
}
