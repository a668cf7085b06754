/**
 * One start of a QEMU: its program run until it is a daemon.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { runProcess } from "../../roles/process/run.ts";
import { type QemuAccel, qemuArgs } from "./core/args.ts";
import { recordEnv, type RunRecord } from "../core/run_record.ts";
import { startCommand } from "../core/starter.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { MISSING_HINT } from "./core/version.ts";
import type { QemuProgram } from "./program.ts";
import { launchGuarded } from "./guarded_launch.ts";
import type { VmPaths } from "../host/run_directory.ts";
import type { BegunLog } from "../host/serial_log.ts";
import { guardOf, type Spawner } from "../host/spawner.ts";

/** Daemonizing takes 0.1 s; a host that swaps may take long, but not for ever. */
const START_TIMEOUT_MS = 60_000;

/** A shell's word for a program that is not there. */
const NOT_FOUND = 127;

/** How a start is done. */
export interface QemuLaunch {
  paths: VmPaths;
  log: BegunLog;
  program: QemuProgram;
  accel: QemuAccel;
  tempDir: string;
  clock: Clock;
  /** It waits for a snapshot. */
  isRestored: boolean;
  spawner?: Spawner;
}

/** Runs QEMU until it is a daemon, or answers as the guard's child; its words when it failed, "" when it runs. */
export async function launchQemu(
  config: VmConfig,
  record: RunRecord,
  on: QemuLaunch,
): Promise<string> {
  const { program, args } = startOf(config, record, on);
  const env = { TMPDIR: on.tempDir, ...recordEnv(record) };
  if (config.lease !== undefined) {
    return await launchGuarded(record, {
      program,
      becomes: on.program.path,
      args,
      env,
      lease: config.lease,
      paths: on.paths,
      spawner: guardOf(config, on.spawner),
      clock: on.clock,
      missingHint: MISSING_HINT,
    });
  }
  const { code, stderrTail } = await runProcess(program, args, {
    timeoutMs: START_TIMEOUT_MS,
    missingHint: MISSING_HINT,
    env,
  });
  if (code === NOT_FOUND) {
    throw new AppError(
      "missing_dependency",
      `Cannot run ${on.program.path}: it is not installed`,
      { hint: MISSING_HINT },
    );
  }
  return code === 0 ? "" : stderrTail || `exit code ${code}`;
}

function startOf(config: VmConfig, record: RunRecord, on: QemuLaunch) {
  const { cgroups, user, lease } = config;
  return startCommand({
    program: on.program.path,
    args: qemuArgs(config, {
      accel: on.accel,
      marker: record.marker,
      hostAddress: record.host,
      hostPorts: new Map(record.ports.map(({ name, host }) => [name, host])),
      pidPath: on.paths.pid,
      socketPath: on.paths.socket,
      consolePath: on.paths.console,
      channelPath: on.paths.channel,
      serialPath: on.log.path,
      isRestored: on.isRestored,
      daemonize: lease === undefined,
    }),
    fileLimitBytes: on.log.fileLimitBytes,
    isGuarded: lease !== undefined,
    ...(cgroups === undefined ? {} : { cgroups }),
    ...(user === undefined ? {} : { user }),
  });
}
