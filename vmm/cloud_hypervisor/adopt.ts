/**
 * What a driver finds of its predecessor: guests that run are taken over, VMMs
 * that run none or do not answer are ended, what is left of ended ones removed.
 *
 * @module
 */
import { storageError } from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import { CloudHypervisorClient } from "./client.ts";
import { EventPipe } from "./events.ts";
import { clearStart, scratchDirOf } from "./files.ts";
import type { CloudHypervisorFleet, FleetDeps } from "./fleet.ts";
import { isMarkedHeld } from "./held.ts";
import { reconnectSerial } from "./serial.ts";
import { eventsName } from "./core/args.ts";
import { copyDirectoryName, type Recorded } from "../core/run_record.ts";
import { findByMarker, killNow, readBootId } from "../host/process_table.ts";
import { adoptVms } from "../host/adopt.ts";

/** One that is busy with a snapshot answers when that is done: every other VM waits meanwhile. */
const HELD_TIMEOUT_MS = 2000;
/** The names of copies' directories. */
const COPY_DIRECTORY = /^[0-9a-f]{16}$/;

async function namesIn(dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw storageError(dir, error, "read");
    }
  }
  return names;
}

/** Looks after everything in the run directory. */
export async function adoptCloudHypervisors(
  fleet: CloudHypervisorFleet,
  deps: FleetDeps,
): Promise<void> {
  await adoptVms({
    ...deps,
    bootId: await readBootId(),
    watchOver: (record) => takeOver(record, fleet, deps),
  });
  await endUnrecorded(fleet, deps);
  await clearLeft(fleet, deps);
}

async function takeOver(
  record: Recorded,
  fleet: CloudHypervisorFleet,
  deps: FleetDeps,
): Promise<void> {
  const { directory, requestTimeoutMs, onWarning } = deps;
  const { api, console, dir } = directory.paths(record);
  const client = new CloudHypervisorClient(api, {
    timeoutMs: requestTimeoutMs,
  });
  try {
    const isHeld = await isMarkedHeld(scratchDirOf(deps.tempDir, record));
    const state = await stateOf(client, isHeld);
    if (state !== "Running" && state !== "Paused") {
      throw new AppError("failed", `Its VM is ${state}, so no guest runs`);
    }
    const serial = await reconnectSerial(record.id, {
      dir,
      socketPath: console,
      onWarning,
    });
    const events = reopen(`${dir}/${eventsName(record.marker)}`);
    const isPaused = state === "Paused" && !isHeld;
    const links = { client, events, serial };
    fleet.watchOver(record, links, { isPaused, isHeld });
  } catch (error) {
    client.close();
    throw error;
  }
}

/** A VMM that writes or reads the guest's memory for minutes is not one that hangs. */
async function stateOf(
  client: CloudHypervisorClient,
  isHeld: boolean,
): Promise<string> {
  if (!isHeld) return (await client.info()).state;
  try {
    return (await client.info(HELD_TIMEOUT_MS)).state;
  } catch (error) {
    if (error instanceof AppError && error.code === "timeout") return "Paused";
    throw error;
  }
}

function reopen(path: string): EventPipe | null {
  try {
    return new EventPipe(path);
  } catch {
    return null;
  }
}

/** A VMM below our directory that no record tells of, nobody could manage. */
async function endUnrecorded(
  fleet: CloudHypervisorFleet,
  { directory }: FleetDeps,
): Promise<void> {
  const known = new Set(fleet.vms.all().map(({ instance }) => instance.pid));
  const ours = `--event-monitor path=${directory.root}/`;
  for (const { pid } of await findByMarker(ours)) {
    if (!known.has(pid)) killNow(pid);
  }
}

async function clearLeft(
  fleet: CloudHypervisorFleet,
  { directory, tempDir }: FleetDeps,
): Promise<void> {
  const kept = new Set(
    fleet.vms.all().map(({ record }) => copyDirectoryName(record)),
  );
  const names = [
    ...await namesIn(directory.root),
    ...await namesIn(tempDir),
  ];
  for (const name of new Set(names)) {
    if (!COPY_DIRECTORY.test(name) || kept.has(name)) continue;
    await clearStart(directory.pathsIn(name), `${tempDir}/${name}`);
  }
}
