/**
 * The cloud-hypervisor driver: one process for each VM, its HTTP API on a unix
 * socket. Wires what its parts do; decides nothing.
 *
 * There is no network without a card: a config with ports names a TAP, and the
 * ports are the guest's own, at its address.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { REQUEST_TIMEOUT_MS } from "./client.ts";
import { CloudHypervisorFleet, type Running } from "./fleet.ts";
import { resizeVm, vmFigures } from "./guest.ts";
import { cloudHypervisorVersion } from "./launch.ts";
import { Pipes } from "./pipes.ts";
import { restoreVm, snapshotVm } from "./snapshot.ts";
import { type StartDeps, startVm } from "./start.ts";
import { endVm } from "./stop.ts";
import { connectVsock } from "./vsock.ts";
import { majorVersion, OLDEST_VERSION } from "./core/errors.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { RunDirectory } from "../host/run_directory.ts";
import { readBootLog, readSerialTail } from "../host/serial_log.ts";
import type { Spawner } from "../host/spawner.ts";
import { tcpAccepts } from "../host/tcp_accepts.ts";
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

/** How to run cloud-hypervisor. */
export interface CloudHypervisorOptions {
  runDir: string;
  /** Holds a directory per VM that its VMM may write to: overlays, snapshots under way. */
  tempDir: string;
  clock: Clock;
  cloudHypervisorPath?: string;
  /** Confine VMMs by Landlock where the kernel can; default: yes. */
  landlock?: boolean;
  requestTimeoutMs?: number;
  /** The guard, for exclusive VMs. */
  spawner?: Spawner;
  onWarning?: (message: string, error: unknown) => void;
  /** Called when the VMM runs and its record does not say so yet: tests die here. */
  onSpawned?: () => void;
}

/** {@linkcode Vmm} over cloud-hypervisor v50 and later. */
export class CloudHypervisorVmm implements Vmm {
  readonly name = "cloud-hypervisor";
  readonly capabilities: VmmCapabilities = {
    console: true,
    pause: true,
    resize: true,
    snapshot: true,
    switch: true,
    guestChannel: true,
    publish: false,
  };
  /** Some milliseconds each, of which half is waiting; and what is asked of ip and nft together is done at once. */
  readonly startsAtOnce = 20;
  readonly #deps: Omit<StartDeps, "major">;
  readonly #fleet: CloudHypervisorFleet;
  /** Copies a start is under way for. */
  readonly #busy = new Set<string>();
  #version: Promise<string> | null = null;

  constructor(options: CloudHypervisorOptions) {
    const { clock, tempDir, spawner } = options;
    const directory = new RunDirectory(options.runDir);
    const common = {
      directory,
      processes: new VmProcesses(directory, clock),
      clock,
      tempDir,
      requestTimeoutMs: options.requestTimeoutMs ?? REQUEST_TIMEOUT_MS,
      onWarning: options.onWarning ?? (() => undefined),
      ...(spawner === undefined ? {} : { spawner }),
    };
    this.#fleet = new CloudHypervisorFleet(common);
    this.#deps = {
      ...common,
      fleet: this.#fleet,
      program: options.cloudHypervisorPath ?? "cloud-hypervisor",
      landlock: { isOn: options.landlock ?? true },
      pipes: new Pipes(),
      leaving: new Set(),
      onSpawned: options.onSpawned ?? (() => undefined),
    };
  }

  async version(): Promise<string> {
    return await cloudHypervisorVersion(this.#deps.program);
  }

  async start(
    config: VmConfig,
    { nicMade }: StartOptions = {},
  ): Promise<VmInstance> {
    // It may be told before anybody waits for it.
    nicMade?.catch(() => undefined);
    return await this.#starting(
      config,
      (deps) => startVm(config, { ...deps, nicMade }),
    );
  }

  async restore(config: VmConfig, dir: string): Promise<VmInstance> {
    return await this.#starting(
      config,
      (deps) => restoreVm(config, dir, deps),
    );
  }

  async stop(copy: CopyId, { graceMs }: { graceMs: number }): Promise<void> {
    await this.#fleet.adopt();
    const running = this.#fleet.get(copy);
    if (running === undefined) return;
    running.stopping = true;
    await endVm(running, graceMs, this.#deps);
    await this.#fleet.drop(running);
    await Promise.all(this.#deps.leaving);
  }

  async list(): Promise<VmInstance[]> {
    await this.#fleet.adopt();
    return this.#fleet.all().map(({ instance }) => instance);
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    return this.#fleet.watch(onExit);
  }

  async serialTail(copy: CopyId, maxBytes: number): Promise<LogTail> {
    return await readSerialTail(this.#dirOf(copy), maxBytes);
  }

  async readLog(copy: CopyId, request: LogRequest): Promise<LogPiece> {
    return await readBootLog(
      this.#dirOf(copy),
      request,
      () => this.#fleet.get(copy) !== undefined,
    );
  }

  async accepts(
    copy: CopyId,
    port: PortMapping,
    timeoutMs: number,
  ): Promise<boolean> {
    const running = this.#fleet.get(copy);
    if (running === undefined) return false;
    const { host } = running.instance;
    return await tcpAccepts({ host, port: port.host, timeoutMs });
  }

  async publish(
    copy: CopyId,
    _ports: readonly PublishedPort[],
  ): Promise<VmInstance> {
    await this.#fleet.adopt();
    this.#fleet.required(copy, "publish ports of");
    throw new AppError(
      "refused",
      `Cannot publish ports of "${copy.id}": its network card's network does that`,
    );
  }

  async console(copy: CopyId): Promise<GuestConnection> {
    await this.#fleet.adopt();
    return await this.#fleet.required(copy, "attach to the console of").console
      .attach();
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
    const letGo = () => {
      running.hasChannel = false;
    };
    try {
      const { channel } = this.#deps.directory.paths(copy);
      const what = `the guest channel of "${copy.id}"`;
      return await connectVsock(channel, what, letGo);
    } catch (error) {
      letGo();
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
    await resizeVm(this.#fleet.lasting(copy, "resize"), to);
  }

  async snapshot(copy: CopyId, dir: string): Promise<number> {
    await this.#fleet.adopt();
    const running = this.#fleet.lasting(copy, "make a snapshot of");
    return await snapshotVm(running, dir, this.#deps);
  }

  async figures(copy: CopyId): Promise<VmFigures> {
    await this.#fleet.adopt();
    return await vmFigures(this.#fleet.required(copy, "read figures of"));
  }

  async forget(copy: CopyId): Promise<void> {
    if (this.#fleet.get(copy) !== undefined) return;
    await this.#deps.directory.forget(copy);
  }

  async close(): Promise<void> {
    await this.#fleet.close();
    await Promise.all(this.#deps.leaving);
  }

  #dirOf(copy: CopyId): string {
    return this.#deps.directory.paths(copy).dir;
  }

  async #starting(
    config: VmConfig,
    start: (deps: StartDeps) => Promise<Running>,
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
      const major = majorVersion(await this.#checkVersion()) ?? OLDEST_VERSION;
      return (await start({ ...this.#deps, major })).instance;
    } finally {
      this.#busy.delete(key);
    }
  }

  /** Once: a program that is replaced while we run says its version over the API. */
  #checkVersion(): Promise<string> {
    this.#version ??= this.version().catch((error) => {
      this.#version = null;
      throw error;
    });
    return this.#version;
  }

  async #setPaused(copy: CopyId, isPaused: boolean): Promise<void> {
    await this.#fleet.adopt();
    const running = this.#fleet.lasting(copy, isPaused ? "pause" : "resume");
    const { state } = await running.client.info();
    const isNow = state === "Paused";
    if (isNow !== isPaused) {
      await running.client.act(isPaused ? "vm.pause" : "vm.resume");
    }
    this.#fleet.setPaused(running, isPaused);
  }
}
