/**
 * One start of a QEMU, from its config to a process that is watched over:
 * files, log, ports that are free, the record before and after.
 *
 * ```text
 *  record "starting" -> sh becomes qemu -daemonize -> record "running" -> QMP connected
 *        |  killed here: the next process finds QEMU by the record's marker
 * ```
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { type LogBounds, originBehind } from "../core/boot_log.ts";
import type { QemuAccel } from "./core/args.ts";
import { isPortTaken, qemuStartError } from "./core/errors.ts";
import { recordedOf, type RunRecord } from "../core/run_record.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { readBootId } from "../host/process_table.ts";
import { prepareFiles, shareRunDirectory } from "../host/vm_files.ts";
import type { QemuFleet, Running } from "./fleet.ts";
import { checkSizes } from "../host/machine_checks.ts";
import { startRecord } from "../host/start_record.ts";
import { launchQemu } from "./launch.ts";
import type { QemuProgram } from "./program.ts";
import type { RunDirectory } from "../host/run_directory.ts";
import {
  abandonBootLog,
  beginBootLog,
  type BegunLog,
} from "../host/serial_log.ts";
import type { Spawner } from "../host/spawner.ts";
import type { VmProcesses } from "../host/vm_process.ts";

/** A port found free can be taken before QEMU binds it; five in a row is no accident. */
const MAX_PORT_TRIES = 5;

/** What starts are done with. */
export interface StartDeps {
  fleet: QemuFleet;
  directory: RunDirectory;
  processes: VmProcesses;
  clock: Clock;
  logBounds: LogBounds;
  program: QemuProgram;
  accel: QemuAccel;
  tempDir: string;
  /** The address ports are forwarded from. */
  hostAddress: string;
  spawner?: Spawner;
  /** Called when the VMM runs and its record does not say so yet. */
  onSpawned: () => void;
}

/**
 * Starts a QEMU that does not run; with `isRestored` it waits for a snapshot.
 *
 * @throws {AppError} whose code tells whose fault it is.
 */
export async function startQemu(
  config: VmConfig,
  deps: StartDeps,
  isRestored = false,
): Promise<Running> {
  await deps.program.ready();
  const log = await prepare(config, deps);
  try {
    return await startWith(log, config, { ...deps, isRestored });
  } catch (error) {
    await abandonBootLog(log);
    throw error;
  }
}

async function startWith(
  log: BegunLog,
  config: VmConfig,
  deps: StartDeps & { isRestored: boolean },
): Promise<Running> {
  let stderr = "";
  for (let tries = 0; tries < MAX_PORT_TRIES; tries++) {
    const record = await newRecord(config, deps);
    await deps.directory.write(record);
    try {
      stderr = await launchQemu(config, record, {
        ...deps,
        log,
        paths: deps.directory.paths(config),
      });
    } catch (error) {
      await deps.processes.abandon(record);
      throw error;
    }
    if (stderr === "") return await take(record, deps);
    await deps.processes.abandon(record);
    const picked = config.ports.some(({ publish }) => publish === undefined);
    if (!isPortTaken(stderr) || !picked) break;
  }
  throw qemuStartError(config.id, stderr);
}

async function prepare(
  config: VmConfig,
  { directory, tempDir, logBounds }: StartDeps,
): Promise<BegunLog> {
  const { user, generation = 0 } = config;
  const { dir } = directory.paths(config);
  const largest = await prepareFiles(config, tempDir);
  await checkSizes(config);
  if (user !== undefined) await shareRunDirectory(dir, user);
  return await beginBootLog(dir, {
    generation,
    originMib: originBehind(largest),
    ...(user === undefined ? {} : { gid: user.gid }),
  }, logBounds);
}

async function newRecord(
  config: VmConfig,
  { fleet, hostAddress, clock }: StartDeps,
): Promise<RunRecord> {
  const reserved = new Set<number>();
  for (const { record } of fleet.vms.all()) {
    if (record.tap !== undefined) continue;
    for (const { host } of record.ports) reserved.add(host);
  }
  return startRecord(config, {
    reserved,
    bootId: await readBootId(),
    host: hostAddress,
    startedAtMs: Math.round(clock.bootMs()),
  });
}

async function take(record: RunRecord, deps: StartDeps): Promise<Running> {
  const { fleet, directory, processes, onSpawned } = deps;
  onSpawned();
  const facts = await processes.find(record);
  if (facts === null) {
    await processes.abandon(record);
    throw new AppError(
      "failed",
      `Cannot start VM "${record.id}": QEMU ended at once`,
    );
  }
  try {
    const full = recordedOf(record, facts);
    await directory.write(full);
    return await fleet.watchOver(full);
  } catch (error) {
    // Without its record it would be an orphan after the next crash.
    await processes.abandon(record);
    throw error;
  }
}
