/**
 * A QEMU's state in a directory, and a QEMU that goes on from there. QEMU opens
 * no file but those it was started with: the state comes and goes over a socket
 * (transfer.ts).
 *
 * @module
 */
import { z } from "zod";
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import type { VmConfig } from "../core/vm_config.ts";
import type { RunDirectory } from "../host/run_directory.ts";
import {
  checkSnapshot,
  makeSnapshot,
  refuseWritten,
} from "../host/snapshot_directory.ts";
import type { Running } from "./fleet.ts";
import { type StartDeps, startQemu } from "./start.ts";
import { loadState, saveState } from "./transfer.ts";
import type { Qmp } from "./qmp.ts";

const DRIVER = "qemu";

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
  const { record } = running;
  const { id, state: { pid } } = record;
  await refuseDisks(qmp, id);
  const { dir, directory, clock } = to;
  const { migration: socket, saving: mark } = directory.paths(record);
  return await makeSnapshot(
    record,
    { dir, driver: DRIVER },
    () =>
      saveState(qmp, {
        id,
        pid,
        socket,
        mark,
        state: `${dir}/state`,
        wasPaused: running.instance.paused,
        clock,
        onLeft: () => {
          running.isStalled = true;
        },
      }),
  );
}

async function refuseDisks(qmp: Qmp, id: string): Promise<void> {
  const disks = Disks.parse(await qmp.execute("query-block"));
  const written = disks.find(({ inserted }) => inserted?.ro === false);
  refuseWritten(id, written?.device);
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
  await checkSnapshot(config, { dir, driver: DRIVER });
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
    await deps.fleet.drop(running);
    throw error;
  }
  running.stopping = false;
  return running;
}

function monitorOf({ qmp, record: { id } }: Running): Qmp {
  if (qmp !== null) return qmp;
  throw new AppError("unavailable", `Cannot restore "${id}": QEMU has ended`);
}
