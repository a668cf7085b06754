/**
 * A QEMU's state in a directory, and a QEMU that goes on from there. QEMU opens
 * no file but those it was started with: the state comes and goes over a socket
 * (transfer.ts).
 *
 * A guest that writes to a disk is refused: its disk goes on while the snapshot
 * stands still, and both together are a broken file system.
 *
 * @module
 */
import { z } from "zod";
import { writeFileAtomic } from "../../roles/files/mod.ts";
import { AppError, toAppError } from "../../roles/model/errors.ts";
import { Sha256 } from "../../roles/model/ids.ts";
import { parseJsonWith } from "../../roles/model/parse.ts";
import type { Clock } from "../../roles/model/ports.ts";
import type { VmConfig } from "../core/vm_config.ts";
import type { Running } from "./fleet.ts";
import { type StartDeps, startQemu } from "./start.ts";
import { loadState, saveState } from "./transfer.ts";
import type { Qmp } from "./qmp.ts";
import type { RunDirectory } from "../host/run_directory.ts";

const About = z.object({
  version: z.literal(1),
  driver: z.literal("qemu"),
  runtimeHash: Sha256,
});
const Disks = z.array(z.object({
  device: z.string(),
  inserted: z.object({ ro: z.boolean() }).optional(),
}));
/** Writes the guest's state to `dir`; its size in bytes. */
export async function snapshotQemu(
  running: Running,
  qmp: Qmp,
  to: { dir: string; directory: RunDirectory; clock: Clock },
): Promise<number> {
  const { id, runtimeHash, state: { pid } } = running.record;
  await refuseDisks(qmp, id);
  await makeNew(to.dir, id);
  const { migration: socket, saving: mark } = to.directory.paths(
    running.record,
  );
  try {
    const bytes = await saveState(qmp, {
      id,
      pid,
      socket,
      mark,
      state: `${to.dir}/state`,
      wasPaused: running.instance.paused,
      clock: to.clock,
      onLeft: () => {
        running.isStalled = true;
      },
    });
    const about = { version: 1, driver: "qemu", runtimeHash };
    await writeFileAtomic(`${to.dir}/snapshot.json`, JSON.stringify(about));
    return bytes;
  } catch (error) {
    await Deno.remove(to.dir, { recursive: true }).catch(() => undefined);
    throw toAppError(error);
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
    await loadState(monitorOf(running), {
      id: config.id,
      state: `${dir}/state`,
      socket: deps.directory.paths(config).migration,
      clock: deps.clock,
    });
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

function monitorOf({ qmp, record: { id } }: Running): Qmp {
  if (qmp !== null) return qmp;
  throw new AppError("unavailable", `Cannot restore "${id}": QEMU has ended`);
}
