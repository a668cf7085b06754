/**
 * One start of a QEMU: the record that announces it, and the program run until
 * it is a daemon.
 *
 * @module
 */
import type { Clock } from "../roles/model/ports.ts";
import { runProcess } from "../roles/process/run.ts";
import { type QemuAccel, qemuArgs } from "./core/qemu_args.ts";
import type { RunRecord } from "./core/run_record.ts";
import type { VmConfig } from "./core/vm_config.ts";
import { launchGuarded } from "./guarded_launch.ts";
import { freePort } from "./host_ports.ts";
import type { VmPaths } from "./run_directory.ts";
import { guardOf, type Spawner } from "./spawner.ts";

/** Daemonizing takes 0.1 s; a host that swaps may take long, but not for ever. */
const START_TIMEOUT_MS = 60_000;
const MISSING_HINT =
  "apt-get install --no-install-recommends qemu-system-x86, or set qemuPath";

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
    host,
    ports,
    startedAtMs,
    ...(config.lease === undefined ? {} : { guarded: true as const }),
    state: { kind: "starting" },
  };
}

/** Runs QEMU until it is a daemon, or answers as the guard's child; its words when it failed, "" when it runs. */
export async function launchQemu(
  config: VmConfig,
  record: RunRecord,
  on: {
    paths: VmPaths;
    qemuPath: string;
    accel: QemuAccel;
    tempDir: string;
    clock: Clock;
    spawner?: Spawner;
  },
): Promise<string> {
  const args = qemuArgs(config, {
    accel: on.accel,
    marker: record.marker,
    hostAddress: record.host,
    hostPorts: new Map(record.ports.map(({ name, host }) => [name, host])),
    pidPath: on.paths.pid,
    socketPath: on.paths.socket,
    serialPath: on.paths.serial,
    daemonize: config.lease === undefined,
  });
  const env = { TMPDIR: on.tempDir };
  if (config.lease !== undefined) {
    return await launchGuarded(record, {
      program: on.qemuPath,
      args,
      env,
      lease: config.lease,
      paths: on.paths,
      spawner: guardOf(config, on.spawner),
      clock: on.clock,
      missingHint: MISSING_HINT,
    });
  }
  const result = await runProcess(on.qemuPath, args, {
    timeoutMs: START_TIMEOUT_MS,
    missingHint: MISSING_HINT,
    env,
  });
  return result.code === 0
    ? ""
    : result.stderrTail || `exit code ${result.code}`;
}
