/**
 * The simulated driver: VMs that are entries in a table and boot, crash or
 * never answer as their kernel command line scripts (core/simulated_script.ts).
 * Deterministic on the Clock port: no timers, sockets or processes of its own.
 *
 * The table is a `SimulatedHost`, which outlives the driver as real VMMs
 * outlive a worker: kept by the test, or in a file for workers that are killed.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { CopyConsole } from "../host/console.ts";
import { SimulatedAgent } from "./core/agent.ts";
import { ageMs, isUp, scriptOf } from "./core/guest.ts";
import { movePorts, placePorts, takenPorts } from "./core/ports.ts";
import type { VmConfig } from "../core/vm_config.ts";
import { keyboardOf, simulatedChannel } from "./channel.ts";
import type { SimulatedHost, SimulatedVm } from "./host.ts";
import { SimulatedLogs } from "./logs.ts";
import { SimulatedTable } from "./table.ts";
import type { Spawner } from "../host/spawner.ts";
import type {
  GuestConnection,
  LogPiece,
  LogRequest,
  LogTail,
  PublishedPort,
  StartOptions,
  VmExit,
  VmFigures,
  VmInstance,
  Vmm,
  VmmCapabilities,
} from "../vmm.ts";

/** How often ends are looked for when somebody watches. */
const WATCH_INTERVAL_MS = 50;
const MIB = 1024 * 1024;

const START_ERRORS = {
  disk: ["storage", "the simulated disk is full"],
  driver: ["failed", "the simulated driver is broken"],
  capacity: ["overloaded", "the simulated host has no memory left"],
} as const;

/** {@linkcode Vmm} without machines. */
export class SimulatedVmm implements Vmm {
  readonly name = "simulated";
  readonly capabilities: VmmCapabilities = {
    console: true,
    pause: true,
    resize: true,
    snapshot: true,
    switch: true,
    guestChannel: true,
    publish: true,
  };
  /** As QEMU. */
  readonly startsAtOnce = 4;
  readonly #host: SimulatedHost;
  readonly #clock: Clock;
  readonly #onSpawned: () => void;
  readonly #watchIntervalMs: number;
  readonly #table: SimulatedTable;
  readonly #logs: SimulatedLogs;
  readonly #consoles = new Map<string, CopyConsole>();
  /** Copies whose guest channel is in use. */
  readonly #channels = new Map<string, GuestConnection>();
  readonly #watchers = new Set<(exit: VmExit) => void>();
  readonly #closing = new AbortController();
  #watching: Promise<void> | null = null;

  constructor(
    options: {
      host: SimulatedHost;
      clock: Clock;
      /** The guard, for exclusive VMs. */
      spawner?: Spawner;
      onSpawned?: () => void;
      watchIntervalMs?: number;
    },
  ) {
    this.#watchIntervalMs = options.watchIntervalMs ?? WATCH_INTERVAL_MS;
    this.#onSpawned = options.onSpawned ?? (() => undefined);
    this.#host = options.host;
    this.#clock = options.clock;
    this.#logs = new SimulatedLogs(() => this.#clock.bootMs());
    this.#table = new SimulatedTable({
      host: options.host,
      clock: options.clock,
      ...(options.spawner === undefined ? {} : { spawner: options.spawner }),
      onEnd: (vm, exit) => {
        this.#ended(vm);
        for (const watcher of this.#watchers) watcher(exit);
      },
    });
  }

  version(): Promise<string> {
    return Promise.resolve("1");
  }

  async start(
    config: VmConfig,
    { nicMade }: StartOptions = {},
  ): Promise<VmInstance> {
    await nicMade;
    const { start } = scriptOf({ cmdline: config.cmdline, startedAtMs: 0 });
    if (start !== "ok") {
      const [code, why] = START_ERRORS[start];
      throw new AppError(code, `Cannot start VM "${config.id}": ${why}`);
    }
    return await this.#begin(config, {});
  }

  async stop(copy: CopyId): Promise<void> {
    const vms = await this.#table.vms();
    const key = copyKey(copy);
    const vm = vms.get(key);
    if (vm === undefined) return;
    vms.delete(key);
    try {
      await this.#table.end(vm);
      await this.#table.save();
    } catch (error) {
      // By the host's table it runs on: whoever asks again must not hear that it is gone.
      vms.set(key, vm);
      throw error;
    }
    this.#ended(vm);
  }

  async list(): Promise<VmInstance[]> {
    const vms = await this.#table.vms();
    await this.#table.sweep();
    return [...vms.values()].map(instanceOf);
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    this.#watchers.add(onExit);
    this.#watching ??= this.#watchLoop();
    return { [Symbol.dispose]: () => void this.#watchers.delete(onExit) };
  }

  async serialTail(copy: CopyId, maxBytes: number): Promise<LogTail> {
    await this.#find(copy);
    return this.#logs.tail(copy, maxBytes);
  }

  async readLog(copy: CopyId, request: LogRequest): Promise<LogPiece> {
    await this.#find(copy);
    return this.#logs.read(copy, request);
  }

  accepts(copy: CopyId): Promise<boolean> {
    return this.answers(copy);
  }

  async publish(
    copy: CopyId,
    ports: readonly PublishedPort[],
  ): Promise<VmInstance> {
    const vms = await this.#table.vms();
    const vm = await this.#required(copy, "publish ports of");
    const { moved, taken } = movePorts(vm, ports, takenPorts(vms.values()));
    if (moved.some((port, index) => port !== vm.ports[index])) {
      await this.#table.change(vm, { ports: moved });
    }
    if (taken === null) return instanceOf(vm);
    throw new AppError(
      "overloaded",
      `Cannot publish port ${taken} of "${copy.id}": it is taken`,
    );
  }

  async console(copy: CopyId): Promise<GuestConnection> {
    const vm = await this.#required(copy, "attach to the console of");
    const key = copyKey(copy);
    let console = this.#consoles.get(key);
    if (console === undefined) {
      console = this.#consoleOf(vm);
      this.#consoles.set(key, console);
    }
    return await console.attach();
  }

  async guestChannel(copy: CopyId): Promise<GuestConnection> {
    const vm = await this.#required(copy, "reach inside");
    const key = copyKey(copy);
    if (this.#channels.has(key)) {
      throw new AppError(
        "conflict",
        `Cannot reach inside "${copy.id}": its guest channel is in use`,
      );
    }
    const { agent, switch: switches } = scriptOf(vm);
    const isListening = agent === "yes" && isUp(vm, this.#clock.bootMs());
    const name = `agent.${vm.boot ?? 1}`;
    const channel = simulatedChannel(
      isListening ? new SimulatedAgent(name, switches) : null,
      () => this.#channels.delete(key),
    );
    this.#channels.set(key, channel);
    return channel;
  }

  async pause(copy: CopyId): Promise<void> {
    const vm = await this.#required(copy, "pause");
    if (vm.pausedAtMs !== undefined) return;
    const pausedAtMs = Math.round(this.#clock.bootMs());
    await this.#table.change(vm, { pausedAtMs });
  }

  async resume(copy: CopyId): Promise<void> {
    const vm = await this.#required(copy, "resume");
    const { pausedAtMs, pausedMs = 0 } = vm;
    if (pausedAtMs === undefined) return;
    const more = Math.round(this.#clock.bootMs()) - pausedAtMs;
    await this.#table.change(vm, {
      pausedAtMs: undefined,
      pausedMs: pausedMs + more,
    });
  }

  async resize(
    copy: CopyId,
    to: { cpus?: number; memoryMib?: number },
  ): Promise<void> {
    await this.#table.change(await this.#required(copy, "resize"), to);
  }

  async snapshot(copy: CopyId, dir: string): Promise<number> {
    const vm = await this.#required(copy, "make a snapshot of");
    // Restored later: the time in between does not pass for it.
    const pausedAtMs = vm.pausedAtMs ?? Math.round(this.#clock.bootMs());
    return await this.#host.saveSnapshot(dir, { ...vm, pausedAtMs });
  }

  async restore(config: VmConfig, dir: string): Promise<VmInstance> {
    const saved = await this.#host.loadSnapshot(dir);
    if (saved.runtimeHash !== config.runtimeHash) {
      throw new AppError(
        "refused",
        `Cannot restore "${config.id}": the snapshot is of other content`,
      );
    }
    const age = ageMs(saved, saved.pausedAtMs ?? saved.startedAtMs);
    // As old as it was: it has not to boot again.
    return await this.#begin(config, { pausedMs: -age, isRestored: true });
  }

  async figures(copy: CopyId): Promise<VmFigures> {
    const vm = await this.#required(copy, "read figures of");
    const seconds = Math.max(0, ageMs(vm, this.#clock.bootMs())) / 1000;
    return {
      cpuSeconds: seconds / 10,
      memoryBytes: (vm.memoryMib ?? 0) * MIB,
      diskReadBytes: MIB,
      diskWrittenBytes: 0,
      networkReceivedBytes: Math.floor(seconds) * 1000,
      networkSentBytes: Math.floor(seconds) * 100,
    };
  }

  forget(copy: CopyId): Promise<void> {
    this.#logs.forget(copy);
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const console of this.#consoles.values()) console.close();
    for (const channel of [...this.#channels.values()]) channel.close();
    await this.#watching;
  }

  /** What a probe of this VM would find: the simulated side of every health check. */
  async answers(copy: CopyId): Promise<boolean> {
    // The guard may have ended it since anybody looked.
    if ((await this.#find(copy))?.marker !== undefined) {
      await this.#table.sweep();
    }
    const vm = await this.#find(copy);
    return vm !== undefined && isUp(vm, this.#clock.bootMs());
  }

  async #begin(
    config: VmConfig,
    from: Pick<SimulatedVm, "pausedMs" | "isRestored">,
  ): Promise<VmInstance> {
    const vms = await this.#table.vms();
    await this.#table.sweep();
    const key = copyKey(config);
    if (vms.has(key)) {
      throw new AppError(
        "conflict",
        `Cannot start VM "${config.id}": it runs already`,
      );
    }
    const { id, incarnation, runtimeHash, cmdline, memoryMib, cpus } = config;
    const vm: SimulatedVm = {
      id,
      incarnation,
      runtimeHash,
      bootId: this.#host.bootId(),
      cmdline,
      ports: placePorts(config, takenPorts(vms.values())),
      startedAtMs: Math.round(this.#clock.bootMs()),
      memoryMib,
      cpus,
      boot: this.#logs.nextBoot(config),
      ...(config.generation === undefined
        ? {}
        : { generation: config.generation }),
      ...(config.nic === undefined ? {} : { address: config.nic.address }),
      ...from,
    };
    if (config.lease !== undefined) vm.marker = await this.#table.spawn(config);
    vms.set(key, vm);
    try {
      await this.#table.save();
    } catch (error) {
      vms.delete(key);
      await this.#table.end(vm);
      throw error;
    }
    this.#logs.begin(vm);
    this.#onSpawned();
    return instanceOf(vm);
  }

  /** It has ended: its log stays readable until `forget`. */
  #ended(vm: SimulatedVm): void {
    const key = copyKey(vm);
    this.#logs.end(vm);
    this.#channels.get(key)?.close();
    // Attached ones read to the end of the log and close by themselves.
    this.#consoles.delete(key);
  }

  #consoleOf(vm: SimulatedVm): CopyConsole {
    const logs = this.#logs;
    return new CopyConsole({
      id: vm.id,
      clock: this.#clock,
      tail: (maxBytes) => Promise.resolve(logs.tailOf(vm, maxBytes)),
      read: (at) => Promise.resolve(logs.read(vm, { ...at, generation: 0 })),
      openInput: () =>
        Promise.resolve(keyboardOf((text) => logs.type(vm, text))),
    });
  }

  /** The VM that runs; its log is known then, whoever started it. */
  async #find(copy: CopyId): Promise<SimulatedVm | undefined> {
    const vm = (await this.#table.vms()).get(copyKey(copy));
    if (vm !== undefined) this.#logs.begin(vm);
    return vm;
  }

  async #required(copy: CopyId, what: string): Promise<SimulatedVm> {
    const vm = await this.#find(copy);
    if (vm !== undefined) return vm;
    throw new AppError(
      "not_found",
      `Cannot ${what} "${copy.id}": it does not run here`,
    );
  }

  async #watchLoop(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#table.sweep();
      await this.#clock.sleep(this.#watchIntervalMs, this.#closing.signal);
    }
  }
}

function instanceOf(vm: SimulatedVm): VmInstance {
  return {
    id: vm.id,
    incarnation: vm.incarnation,
    runtimeHash: vm.runtimeHash,
    pid: 0,
    host: vm.address ?? "127.0.0.1",
    ports: vm.ports,
    startedAtMs: vm.startedAtMs,
    paused: vm.pausedAtMs !== undefined,
  };
}
