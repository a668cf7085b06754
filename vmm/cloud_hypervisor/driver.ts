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
import type { CopyId } from "../../roles/model/ids.ts";
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
import { LOG_BOUNDS } from "../core/boot_log.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { RunDirectory } from "../host/run_directory.ts";
import { setPaused } from "../host/running_vms.ts";
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
  #version: Promise<string> | null = null;

  constructor(options: CloudHypervisorOptions) {
    const { clock, tempDir, spawner } = options;
    const directory = new RunDirectory(options.runDir);
    const common = {
      logBounds: LOG_BOUNDS,
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
    const { vms } = this.#fleet;
    await vms.adopt();
    const running = vms.get(copy);
    if (running === undefined) return;
    running.stopping = true;
    await endVm(running, graceMs, this.#deps);
    await this.#fleet.drop(running);
    await Promise.all(this.#deps.leaving);
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
    const { host } = running.instance;
    return await tcpAccepts({ host, port: port.host, timeoutMs });
  }

  async publish(
    copy: CopyId,
    _ports: readonly PublishedPort[],
  ): Promise<VmInstance> {
    await this.#fleet.vms.adopt();
    this.#fleet.vms.required(copy, "publish ports of");
    throw new AppError(
      "refused",
      `Cannot publish ports of "${copy.id}": its network card's network does that`,
    );
  }

  async console(copy: CopyId): Promise<GuestConnection> {
    return await this.#fleet.access.console(copy);
  }

  async guestChannel(copy: CopyId): Promise<GuestConnection> {
    return await this.#fleet.access.guestChannel(copy, connectVsock);
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
    await resizeVm(this.#fleet.vms.lasting(copy, "resize"), to);
  }

  async snapshot(copy: CopyId, dir: string): Promise<number> {
    await this.#fleet.vms.adopt();
    const running = this.#fleet.vms.lasting(copy, "make a snapshot of");
    return await snapshotVm(running, dir, this.#deps);
  }

  async figures(copy: CopyId): Promise<VmFigures> {
    await this.#fleet.vms.adopt();
    return await vmFigures(this.#fleet.vms.required(copy, "read figures of"));
  }

  async forget(copy: CopyId): Promise<void> {
    await this.#fleet.access.forget(copy);
  }

  async close(): Promise<void> {
    await this.#fleet.close();
    await Promise.all(this.#deps.leaving);
  }

  async #starting(
    config: VmConfig,
    start: (deps: StartDeps) => Promise<Running>,
  ): Promise<VmInstance> {
    return await this.#fleet.vms.starting(config, async () => {
      const major = majorVersion(await this.#checkVersion()) ?? OLDEST_VERSION;
      return await start({ ...this.#deps, major });
    });
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
    await this.#fleet.vms.adopt();
    const running = this.#fleet.vms.lasting(
      copy,
      isPaused ? "pause" : "resume",
    );
    const { state } = await running.client.info();
    const isNow = state === "Paused";
    if (isNow !== isPaused) {
      await running.client.act(isPaused ? "vm.pause" : "vm.resume");
    }
    setPaused(running, isPaused);
  }
}
