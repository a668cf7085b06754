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
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
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
import { readBootLog, readSerialTail } from "../host/serial_log.ts";
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
  readonly #directory: RunDirectory;
  readonly #processes: VmProcesses;
  readonly #fleet: QemuFleet;
  readonly #start: StartDeps;
  /** Copies a start is under way for. */
  readonly #busy = new Set<string>();

  constructor(options: QemuOptions) {
    const { clock } = options;
    this.#directory = new RunDirectory(options.runDir);
    this.#processes = new VmProcesses(this.#directory, clock);
    const spawner = options.spawner === undefined
      ? {}
      : { spawner: options.spawner };
    const owned = {
      logBounds: options.logBounds ?? LOG_BOUNDS,
      directory: this.#directory,
      processes: this.#processes,
      clock,
      ...spawner,
    };
    this.#fleet = new QemuFleet({
      ...owned,
      requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      onWarning: options.onWarning ?? (() => undefined),
    });
    this.#start = {
      ...owned,
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
    return await this.#once(config, async () => {
      // It opens its card before it does anything else.
      await nicMade;
      const { instance } = await startQemu(config, this.#start);
      return instance;
    });
  }

  async restore(config: VmConfig, dir: string): Promise<VmInstance> {
    return await this.#once(config, async () => {
      const { instance } = await restoreQemu(config, dir, this.#start);
      return instance;
    });
  }

  async stop(copy: CopyId, options: { graceMs: number }): Promise<void> {
    await this.#fleet.adopt();
    const running = this.#fleet.get(copy);
    if (running === undefined) return;
    running.stopping = true;
    const end = this.#start.clock.bootMs() + options.graceMs;
    if (options.graceMs > 0) {
      await powerDown(running);
      await this.#processes.untilEnded(running.record, end);
    }
    await this.#processes.end(running.record);
    this.#fleet.drop(running);
    await this.#directory.clear(copy);
  }

  async list(): Promise<VmInstance[]> {
    await this.#fleet.adopt();
    return this.#fleet.all().map(({ instance }) => instance);
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    return this.#fleet.watch(onExit);
  }

  async serialTail(copy: CopyId, maxBytes: number): Promise<LogTail> {
    return await readSerialTail(this.#directory.paths(copy).dir, maxBytes);
  }

  async readLog(copy: CopyId, request: LogRequest): Promise<LogPiece> {
    await this.#fleet.adopt();
    const { dir } = this.#directory.paths(copy);
    return await readBootLog(
      dir,
      request,
      () => this.#fleet.get(copy) !== undefined,
      this.#start.logBounds,
    );
  }

  async accepts(
    copy: CopyId,
    port: PortMapping,
    timeoutMs: number,
  ): Promise<boolean> {
    const running = this.#fleet.get(copy);
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
    await this.#fleet.adopt();
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
    await this.#fleet.adopt();
    const { console } = this.#fleet.required(copy, "attach to the console of");
    return await console.attach();
  }

  async guestChannel(copy: CopyId): Promise<GuestConnection> {
    await this.#fleet.adopt();
    const running = this.#fleet.required(copy, "reach inside");
    if (running.hasChannel) {
      throw new AppError(
        "conflict",
        `Cannot reach inside "${copy.id}": its guest channel is in use`,
      );
    }
    running.hasChannel = true;
    const free = () => running.hasChannel = false;
    try {
      const { channel } = this.#directory.paths(copy);
      const what = `the guest channel of "${copy.id}"`;
      return await connectGuest(channel, what, free);
    } catch (error) {
      free();
      throw error;
    }
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
    await this.#fleet.adopt();
    await resizeQemu(this.#fleet.monitor(copy, "resize").qmp, to, copy.id);
  }

  async snapshot(copy: CopyId, dir: string): Promise<number> {
    await this.#fleet.adopt();
    const { running, qmp } = this.#fleet.monitor(copy, "make a snapshot of");
    return await snapshotQemu(running, qmp, {
      dir,
      ...this.#start,
    });
  }

  async figures(copy: CopyId): Promise<VmFigures> {
    await this.#fleet.adopt();
    const { qmp, record } = this.#fleet.required(copy, "read figures of");
    return await qemuFigures(qmp, record);
  }

  async forget(copy: CopyId): Promise<void> {
    if (this.#fleet.get(copy) === undefined) await this.#directory.forget(copy);
  }

  async close(): Promise<void> {
    await this.#fleet.close();
  }

  /** One start of a copy at a time, and none while it runs. */
  async #once(
    config: VmConfig,
    begin: () => Promise<VmInstance>,
  ): Promise<VmInstance> {
    await this.#fleet.adopt();
    const key = copyKey(config);
    if (this.#fleet.get(config) !== undefined || this.#busy.has(key)) {
      throw new AppError(
        "conflict",
        `Cannot start VM "${config.id}": it runs already`,
      );
    }
    this.#busy.add(key);
    try {
      return await begin();
    } finally {
      this.#busy.delete(key);
    }
  }

  async #setPaused(copy: CopyId, paused: boolean): Promise<void> {
    await this.#fleet.adopt();
    const { running, qmp } = this.#fleet.monitor(
      copy,
      paused ? "pause" : "resume",
    );
    await qmp.execute(paused ? "stop" : "cont");
    running.instance = { ...running.instance, paused };
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
