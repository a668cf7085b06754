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
import { createHash } from "node:crypto";
import { AppError } from "../roles/model/errors.ts";
import { type CopyId, copyKey } from "../roles/model/ids.ts";
import type { Clock } from "../roles/model/ports.ts";
import {
  type SimulatedScript,
  simulatedScript,
} from "./core/simulated_script.ts";
import type { VmConfig } from "./core/vm_config.ts";
import type { SimulatedHost, SimulatedVm } from "./simulated_host.ts";
import { guardOf, type Spawner } from "./spawner.ts";
import { Unsupported } from "./unsupported.ts";
import type {
  LogTail,
  PortMapping,
  PublishedPort,
  VmExit,
  VmInstance,
  Vmm,
  VmmCapabilities,
} from "./vmm.ts";

/** First host port handed out; they are names only, nothing listens. */
const FIRST_PORT = 20_000;
const LAST_PORT = 65_000;
/** How often ends are looked for when somebody watches. */
const WATCH_INTERVAL_MS = 50;

const START_ERRORS = {
  disk: ["storage", "the simulated disk is full"],
  driver: ["failed", "the simulated driver is broken"],
  capacity: ["overloaded", "the simulated host has no memory left"],
} as const;

const FENCED = { clean: false, reason: "the guard ended it", fenced: true };

const NONE: ReadonlySet<SimulatedVm> = new Set();

/** {@linkcode Vmm} without machines. */
export class SimulatedVmm extends Unsupported implements Vmm {
  readonly name = "simulated";
  readonly capabilities: VmmCapabilities = {
    console: false,
    pause: false,
    resize: false,
    snapshot: false,
    switch: false,
    guestChannel: false,
    publish: true,
  };
  #host: SimulatedHost;
  #clock: Clock;
  #onSpawned: () => void;
  readonly #spawner: Spawner | undefined;
  readonly #watchIntervalMs: number;
  /** By VM in the table: each is looked at many times. */
  readonly #scripts = new WeakMap<SimulatedVm, SimulatedScript>();
  /** By copy. */
  #vms: Map<string, SimulatedVm> | null = null;
  /** What an ended VM wrote stays readable until `forget`. */
  #oldLogs = new Map<string, string>();
  #watchers = new Set<(exit: VmExit) => void>();
  #closing = new AbortController();
  #watching: Promise<void> | null = null;
  #saving: Promise<void> = Promise.resolve();

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
    super();
    this.#watchIntervalMs = options.watchIntervalMs ?? WATCH_INTERVAL_MS;
    this.#onSpawned = options.onSpawned ?? (() => undefined);
    this.#host = options.host;
    this.#spawner = options.spawner;
    this.#clock = options.clock;
  }

  version(): Promise<string> {
    return Promise.resolve("1");
  }

  async start(config: VmConfig): Promise<VmInstance> {
    const vms = await this.#table();
    await this.#sweep();
    const key = copyKey(config);
    if (vms.has(key)) {
      throw new AppError(
        "conflict",
        `Cannot start VM "${config.id}": it runs already`,
      );
    }
    const { start } = simulatedScript(config.cmdline);
    if (start !== "ok") {
      const [code, why] = START_ERRORS[start];
      throw new AppError(code, `Cannot start VM "${config.id}": ${why}`);
    }
    const vm: SimulatedVm = {
      id: config.id,
      incarnation: config.incarnation,
      runtimeHash: config.runtimeHash,
      bootId: this.#host.bootId(),
      cmdline: config.cmdline,
      ports: this.#placePorts(config, vms),
      startedAtMs: Math.round(this.#clock.bootMs()),
    };
    if (config.lease !== undefined) vm.marker = await this.#spawn(config);
    vms.set(key, vm);
    this.#oldLogs.delete(key);
    try {
      await this.#save();
    } catch (error) {
      vms.delete(key);
      await this.#end(vm);
      throw error;
    }
    this.#onSpawned();
    return instanceOf(vm);
  }

  async stop(copy: CopyId): Promise<void> {
    const vms = await this.#table();
    const key = copyKey(copy);
    const vm = vms.get(key);
    if (vm === undefined) return;
    this.#oldLogs.set(key, this.#log(vm));
    vms.delete(key);
    try {
      await this.#end(vm);
      await this.#save();
    } catch (error) {
      // By the host's table it runs on: whoever asks again must not hear that it is gone.
      vms.set(key, vm);
      throw error;
    }
  }

  async list(): Promise<VmInstance[]> {
    const vms = await this.#table();
    await this.#sweep();
    return [...vms.values()].map(instanceOf);
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    this.#watchers.add(onExit);
    this.#watching ??= this.#watchLoop();
    return { [Symbol.dispose]: () => void this.#watchers.delete(onExit) };
  }

  async serialTail(copy: CopyId, maxBytes: number): Promise<LogTail> {
    const key = copyKey(copy);
    const vm = (await this.#table()).get(key);
    const log = vm === undefined ? this.#oldLogs.get(key) ?? "" : this.#log(vm);
    return { text: log.slice(-maxBytes), truncated: log.length > maxBytes };
  }

  accepts(copy: CopyId): Promise<boolean> {
    return this.answers(copy);
  }

  async publish(
    copy: CopyId,
    ports: readonly PublishedPort[],
  ): Promise<VmInstance> {
    const vms = await this.#table();
    const vm = vms.get(copyKey(copy));
    if (vm === undefined) {
      throw new AppError(
        "not_found",
        `Cannot publish ports of "${copy.id}": it does not run here`,
      );
    }
    const { moved, taken } = movePorts(vm, ports, takenPorts(vms.values()));
    const before = vm.ports;
    if (moved.some((port, index) => port !== before[index])) {
      vm.ports = moved;
      try {
        await this.#save();
      } catch (error) {
        vm.ports = before;
        throw error;
      }
    }
    if (taken === null) return instanceOf(vm);
    throw new AppError(
      "overloaded",
      `Cannot publish port ${taken} of "${copy.id}": it is taken`,
    );
  }

  forget(copy: CopyId): Promise<void> {
    this.#oldLogs.delete(copyKey(copy));
    return Promise.resolve();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#watching;
  }

  /** What a probe of this VM would find: the simulated side of every health check. */
  async answers(copy: CopyId): Promise<boolean> {
    const vms = await this.#table();
    // The guard may have ended it since anybody looked.
    if (vms.get(copyKey(copy))?.marker !== undefined) await this.#sweep();
    const vm = vms.get(copyKey(copy));
    return vm !== undefined && this.#isUp(vm);
  }

  /** Starts a process that does nothing but live and die with the guard. */
  async #spawn(config: VmConfig): Promise<string> {
    const { id: vm, incarnation, runtimeHash, lease = "" } = config;
    const marker = markerOf(config, this.#clock.bootMs());
    // A guard that did not answer for a while may still run what was taken for ended.
    const known = [...(await this.#table()).values()];
    await this.#endUnknown(new Set(known.map(({ marker }) => marker)));
    await guardOf(config, this.#spawner).spawn({
      marker,
      vm,
      incarnation,
      runtimeHash,
      lease,
      program: "tail",
      args: ["-q", "-F", `/simulated-vm/${marker}`],
      env: {},
    });
    return marker;
  }

  async #end({ marker }: SimulatedVm): Promise<void> {
    if (marker !== undefined) await this.#spawner?.kill(marker);
  }

  /** The exclusive VMs that the guard has ended; none when none are here. */
  async #fenced(
    vms: Iterable<SimulatedVm>,
  ): Promise<ReadonlySet<SimulatedVm>> {
    const exclusive: SimulatedVm[] = [];
    for (const vm of vms) {
      if (vm.marker !== undefined) exclusive.push(vm);
    }
    if (exclusive.length === 0) return NONE;
    const running = new Set(
      (await this.#spawner?.list() ?? []).map(({ marker }) => marker),
    );
    return new Set(exclusive.filter(({ marker = "" }) => !running.has(marker)));
  }

  #scriptOf(vm: SimulatedVm): SimulatedScript {
    let script = this.#scripts.get(vm);
    if (script === undefined) {
      script = simulatedScript(vm.cmdline);
      this.#scripts.set(vm, script);
    }
    return script;
  }

  #isUp(vm: SimulatedVm): boolean {
    const script = this.#scriptOf(vm);
    const ageMs = this.#clock.bootMs() - vm.startedAtMs;
    return script.outcome !== "never" && ageMs >= script.bootMs &&
      this.#endOf(vm) === null;
  }

  #log(vm: SimulatedVm): string {
    return this.#isUp(vm)
      ? `simulated: booting\nsimulated: ready\nprocurator: ready\n`
      : "simulated: booting\n";
  }

  /** How it has ended by now; null while it runs. */
  #endOf(vm: SimulatedVm): { clean: boolean; reason: string } | null {
    const script = this.#scriptOf(vm);
    if (script.outcome !== "crash" && script.outcome !== "poweroff") {
      return null;
    }
    const endMs = vm.startedAtMs + script.bootMs + script.afterMs;
    if (this.#clock.bootMs() < endMs) return null;
    return script.outcome === "poweroff"
      ? { clean: true, reason: "the VM ended: guest-shutdown" }
      : { clean: false, reason: "the VM ended: guest-panic" };
  }

  #placePorts(config: VmConfig, vms: Map<string, SimulatedVm>) {
    const taken = takenPorts(vms.values());
    let next = FIRST_PORT;
    return config.ports.map(({ name, guest, publish }) => {
      while (publish === undefined && taken.has(next)) next++;
      const host = publish ?? next;
      if (taken.has(host) || host > LAST_PORT) {
        throw new AppError(
          "overloaded",
          `Cannot start VM "${config.id}": port ${host} is taken`,
        );
      }
      taken.add(host);
      return { name, guest, host };
    });
  }

  async #table(): Promise<Map<string, SimulatedVm>> {
    if (this.#vms === null) {
      const loaded = await this.#host.load();
      const bootId = this.#host.bootId();
      const vms = loaded.filter((vm) => vm.bootId === bootId);
      await this.#endUnknown(new Set(vms.map(({ marker }) => marker)));
      this.#vms ??= new Map(vms.map((vm) => [copyKey(vm), vm]));
    }
    return this.#vms;
  }

  /** What the guard runs and the table does not know, nobody could manage. */
  async #endUnknown(known: ReadonlySet<string | undefined>): Promise<void> {
    for (const { marker } of await this.#spawner?.list() ?? []) {
      if (!known.has(marker)) await this.#spawner?.kill(marker);
    }
  }

  /** One at a time, each with the table as it is at its turn. */
  #save(): Promise<void> {
    const write = async () =>
      this.#host.save([...(await this.#table()).values()]);
    const saving = this.#saving.then(write, write);
    this.#saving = saving;
    return saving;
  }

  /** Takes the VMs that have ended out of the table and tells of them. */
  async #sweep(): Promise<void> {
    const vms = await this.#table();
    const exits: VmExit[] = [];
    const ended: SimulatedVm[] = [];
    const fenced = await this.#fenced(vms.values());
    for (const vm of [...vms.values()]) {
      const end = fenced.has(vm) ? FENCED : this.#endOf(vm);
      if (end === null) continue;
      const { id, incarnation } = vm;
      this.#oldLogs.set(copyKey(vm), "simulated: booting\nsimulated: ended\n");
      vms.delete(copyKey(vm));
      if (!fenced.has(vm)) ended.push(vm);
      exits.push({ kind: "exited", id, incarnation, ...end });
    }
    if (exits.length === 0) return;
    for (const exit of exits) {
      for (const watcher of this.#watchers) watcher(exit);
    }
    // They have ended by themselves: only the process that stands for them is left.
    for (const vm of ended) await this.#end(vm).catch(() => undefined);
    // A table that could not be written is written whole with the next change.
    await this.#save().catch(() => undefined);
  }

  async #watchLoop(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      await this.#sweep();
      await this.#clock.sleep(this.#watchIntervalMs, this.#closing.signal);
    }
  }
}

/** In the form of a UUID, and the same for the same start: the simulator repeats its runs. */
function markerOf(copy: CopyId, startedAtMs: number): string {
  const hash = createHash("sha256").update(`${copyKey(copy)} ${startedAtMs}`);
  const hex = hash.digest("hex");
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join("-");
}

function takenPorts(vms: Iterable<SimulatedVm>): Set<number> {
  const taken = new Set<number>();
  for (const vm of vms) for (const { host } of vm.ports) taken.add(host);
  return taken;
}

/** The ports of a VM when it takes the published ones that are free, and the first that is not. */
function movePorts(
  vm: SimulatedVm,
  ports: readonly PublishedPort[],
  held: ReadonlySet<number>,
): { moved: PortMapping[]; taken: number | null } {
  let taken: number | null = null;
  const moved = vm.ports.map((port) => {
    const wanted = ports.find(({ name }) => name === port.name)?.publish;
    if (wanted === undefined || wanted === port.host) return port;
    if (held.has(wanted)) taken ??= wanted;
    return taken === null ? { ...port, host: wanted } : port;
  });
  return { moved, taken };
}

function instanceOf(vm: SimulatedVm): VmInstance {
  return {
    id: vm.id,
    incarnation: vm.incarnation,
    runtimeHash: vm.runtimeHash,
    pid: 0,
    host: "127.0.0.1",
    ports: vm.ports,
    startedAtMs: vm.startedAtMs,
    paused: false,
  };
}
