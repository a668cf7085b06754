/**
 * One start of a QEMU: the record that announces it, and the program run until
 * it is a daemon.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import type { Clock } from "../roles/model/ports.ts";
import { runProcess } from "../roles/process/run.ts";
import { type QemuAccel, qemuArgs } from "./core/qemu_args.ts";
import type { RunRecord } from "./core/run_record.ts";
import { startCommand } from "./core/starter.ts";
import type { VmConfig } from "./core/vm_config.ts";
import { launchGuarded } from "./guarded_launch.ts";
import { freePort } from "./host_ports.ts";
import type { VmPaths } from "./run_directory.ts";
import type { BegunLog } from "./serial_log.ts";
import { guardOf, type Spawner } from "./spawner.ts";

/** Daemonizing takes 0.1 s; a host that swaps may take long, but not for ever. */
const START_TIMEOUT_MS = 60_000;
const MISSING_HINT =
  "apt-get install --no-install-recommends qemu-system-x86, or set qemuPath";

/** A shell's word for a program that is not there. */
const NOT_FOUND = 127;

/** @throws {AppError} `missing_dependency` when it is not installed. */
export async function qemuVersion(qemuPath: string): Promise<string> {
  const { stdout } = await runProcess(qemuPath, ["--version"], {
    missingHint: MISSING_HINT,
    timeoutMs: START_TIMEOUT_MS,
  });
  return /version (\S+)/.exec(stdout)?.[1] ?? "unknown";
}

/** The record of a start that is about to happen, on ports that are free now. */
export function startRecord(
  config: VmConfig,
  on: {
    /** Ports that VMs of ours hold. */
    reserved: Set<number>;
    bootId: string;
    host: string;
    startedAtMs: number;
  },
): RunRecord {
  const { bootId, host, startedAtMs } = on;
  const reserved = new Set(on.reserved);
  const ports = config.ports.map(({ name, guest, publish }) => {
    // On a card of its own it is reached at its own ports: publishing them is the network's matter.
    if (config.nic !== undefined) return { name, guest, host: guest };
    const port = publish ?? freePort(host, reserved);
    reserved.add(port);
    return { name, guest, host: port };
  });
  const { id, incarnation, runtimeHash } = config;
  return {
    version: 1,
    id,
    incarnation,
    runtimeHash,
    bootId,
    marker: crypto.randomUUID(),
    host: config.nic?.address ?? host,
    ports,
    startedAtMs,
    ...(config.nic === undefined ? {} : { tap: config.nic.tap }),
    ...(config.lease === undefined ? {} : { guarded: true as const }),
    state: { kind: "starting" },
  };
}

/** How a start is done. */
export interface QemuLaunch {
  paths: VmPaths;
  log: BegunLog;
  qemuPath: string;
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
  const env = { TMPDIR: on.tempDir };
  if (config.lease !== undefined) {
    return await launchGuarded(record, {
      program,
      becomes: on.qemuPath,
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
      `Cannot run ${on.qemuPath}: it is not installed`,
      { hint: MISSING_HINT },
    );
  }
  return code === 0 ? "" : stderrTail || `exit code ${code}`;
}

function startOf(config: VmConfig, record: RunRecord, on: QemuLaunch) {
  const { cgroups, user, lease } = config;
  return startCommand({
    program: on.qemuPath,
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
