/**
 * The QEMU driver. QEMU daemonizes, so that it holds nothing of ours and its
 * start ends with a verdict: exit code 0 once the machine exists, its reasons
 * on standard error otherwise. The pidfile, which QEMU locks, lets no second
 * QEMU run for one VM.
 *
 * An exclusive VM is started by the guard and stays its child
 * (guarded_launch.ts): it is adopted only while the guard knows it.
 *
 * Its parts: start.ts begins one, fleet.ts looks after those that
 * run, guest.ts and snapshot.ts ask them for something.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { CopyId } from "../../roles/model/ids.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { LOG_BOUNDS, type LogBounds } from "../core/boot_log.ts";
import type { QemuAccel } from "./core/args.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { connectGuest } from "../host/guest_connection.ts";
import { QemuFleet, type Running } from "./fleet.ts";
import { qemuFigures, resizeQemu } from "./guest.ts";
import { QemuProgram } from "./program.ts";
import { REQUEST_TIMEOUT_MS } from "./qmp.ts";
import { restoreQemu, snapshotQemu } from "./snapshot.ts";
import { type StartDeps, startQemu } from "./start.ts";
import { RunDirectory } from "../host/run_directory.ts";
import { setPaused } from "../host/running_vms.ts";
import type { Spawner } from "../host/spawner.ts";
import { tcpAccepts } from "../host/tcp_accepts.ts";
import { addForwards, guestAccepts } from "./usernet.ts";
import { VmProcesses } from "../host/vm_process.ts";
import type {
  GuestConnection,
  LogPiece,
  LogRequest,
  LogTail,
  PortMapping,
  PublishedPort,
  StartOptions,
  VmExit,
  VmFigures,
  VmInstance,
  Vmm,
  VmmCapabilities,
} from "../vmm.ts";

/** How to run QEMU. */
export interface QemuOptions {
  runDir: string;
  /** Holds what QEMU writes to disk for itself: the overlay of read-only disks. */
  tempDir: string;
  clock: Clock;
  qemuPath?: string;
  accel?: QemuAccel;
  /** The address ports are forwarded from. */
  hostAddress?: string;
  /** The guard, for exclusive VMs. */
  spawner?: Spawner;
  onWarning?: (message: string, error: unknown) => void;
  /** Called when the VMM runs and its record does not say so yet: tests die here. */
  onSpawned?: () => void;
  /** Smaller ones in tests. */
  logBounds?: LogBounds;
  /** Shorter in tests. */
  requestTimeoutMs?: number;
}

/** {@linkcode Vmm} over qemu-system-x86_64. */
export class QemuVmm implements Vmm {
  readonly name = "qemu";
  readonly capabilities: VmmCapabilities = {
    console: true,
    pause: true,
    resize: true,
    snapshot: true,
    switch: true,
    guestChannel: true,
    publish: true,
  };
  /** It reads kernels and translates code when it starts: more at once only slow each other down. */
  readonly startsAtOnce = 4;
  readonly #fleet: QemuFleet;
  readonly #start: StartDeps;

  constructor(options: QemuOptions) {
    const { clock, spawner } = options;
    const directory = new RunDirectory(options.runDir);
    const host = {
      logBounds: options.logBounds ?? LOG_BOUNDS,
      directory,
      processes: new VmProcesses(directory, clock),
      clock,
      ...(spawner === undefined ? {} : { spawner }),
      onWarning: options.onWarning ?? (() => undefined),
    };
    this.#fleet = new QemuFleet({
      ...host,
      requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
    });
    this.#start = {
      ...host,
      fleet: this.#fleet,
      program: new QemuProgram(options.qemuPath ?? "qemu-system-x86_64"),
      accel: options.accel ?? "tcg",
      tempDir: options.tempDir,
      hostAddress: options.hostAddress ?? "127.0.0.1",
      onSpawned: options.onSpawned ?? (() => undefined),
    };
  }

  version(): Promise<string> {
    return this.#start.program.version();
  }

  async start(
    config: VmConfig,
    { nicMade }: StartOptions = {},
  ): Promise<VmInstance> {
    return await this.#fleet.vms.starting(config, async () => {
      // It opens its card before it does anything else.
      await nicMade;
      return await startQemu(config, this.#start);
    });
  }

  async restore(config: VmConfig, dir: string): Promise<VmInstance> {
    return await this.#fleet.vms.starting(
      config,
      () => restoreQemu(config, dir, this.#start),
    );
  }

  async stop(copy: CopyId, { graceMs }: { graceMs: number }): Promise<void> {
    const { vms } = this.#fleet;
    await vms.adopt();
    const running = vms.get(copy);
    if (running === undefined) return;
    running.stopping = true;
    const { clock, processes } = this.#start;
    const endMs = clock.bootMs() + graceMs;
    if (graceMs > 0) {
      await powerDown(running);
      await processes.untilEnded(running.record, endMs);
    }
    await processes.end(running.record);
    await this.#fleet.drop(running);
  }

  async list(): Promise<VmInstance[]> {
    return await this.#fleet.access.list();
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    return this.#fleet.ends.watch(onExit);
  }

  async serialTail(copy: CopyId, maxBytes: number): Promise<LogTail> {
    return await this.#fleet.access.serialTail(copy, maxBytes);
  }

  async readLog(copy: CopyId, request: LogRequest): Promise<LogPiece> {
    return await this.#fleet.access.readLog(copy, request);
  }

  async accepts(
    copy: CopyId,
    port: PortMapping,
    timeoutMs: number,
  ): Promise<boolean> {
    const running = this.#fleet.vms.get(copy);
    if (running === undefined) return false;
    const { instance: { host }, record: { tap }, qmp } = running;
    const where = { host, port: port.host, timeoutMs };
    if (tap !== undefined) return await tcpAccepts(where);
    return qmp !== null && await guestAccepts(qmp, where);
  }

  async publish(
    copy: CopyId,
    ports: readonly PublishedPort[],
  ): Promise<VmInstance> {
    await this.#fleet.vms.adopt();
    const { running, qmp } = this.#fleet.monitor(copy, "publish ports of");
    const { record } = running;
    // On a card of its own no port of this host is QEMU's to take.
    if (record.tap !== undefined) return running.instance;
    const { reached, taken } = await addForwards(qmp, record, ports);
    if (reached.some((port, index) => port !== record.ports[index])) {
      await this.#fleet.record(running, { ...record, ports: reached });
    }
    if (taken === null) return running.instance;
    throw new AppError(
      "overloaded",
      `Cannot publish port ${taken} of "${copy.id}": it is taken`,
      { hint: "free the port, or publish another one" },
    );
  }

  async console(copy: CopyId): Promise<GuestConnection> {
    return await this.#fleet.access.console(copy);
  }

  async guestChannel(copy: CopyId): Promise<GuestConnection> {
    return await this.#fleet.access.guestChannel(copy, connectGuest);
  }

  async pause(copy: CopyId): Promise<void> {
    await this.#setPaused(copy, true);
  }

  async resume(copy: CopyId): Promise<void> {
    await this.#setPaused(copy, false);
  }

  async resize(
    copy: CopyId,
    to: { cpus?: number; memoryMib?: number },
  ): Promise<void> {
    await this.#fleet.vms.adopt();
    await resizeQemu(this.#fleet.monitor(copy, "resize").qmp, to, copy.id);
  }

  async snapshot(copy: CopyId, dir: string): Promise<number> {
    await this.#fleet.vms.adopt();
    const { running, qmp } = this.#fleet.monitor(copy, "make a snapshot of");
    return await snapshotQemu(running, qmp, { dir, ...this.#start });
  }

  async figures(copy: CopyId): Promise<VmFigures> {
    await this.#fleet.vms.adopt();
    const { qmp, record } = this.#fleet.vms.required(
      copy,
      "read figures of",
    );
    return await qemuFigures(qmp, record);
  }

  async forget(copy: CopyId): Promise<void> {
    await this.#fleet.access.forget(copy);
  }

  async close(): Promise<void> {
    await this.#fleet.close();
  }

  async #setPaused(copy: CopyId, paused: boolean): Promise<void> {
    await this.#fleet.vms.adopt();
    const { running, qmp } = this.#fleet.monitor(
      copy,
      paused ? "pause" : "resume",
    );
    await qmp.execute(paused ? "stop" : "cont");
    setPaused(running, paused);
  }
}

async function powerDown({ qmp, instance }: Running): Promise<void> {
  try {
    // A guest whose processors stand still cannot hear.
    if (instance.paused) await qmp?.execute("cont", {}, { timeoutMs: 1000 });
    await qmp?.execute("system_powerdown", {}, { timeoutMs: 1000 });
  } catch {
    // It is ended the hard way when the grace is over.
  }
}
