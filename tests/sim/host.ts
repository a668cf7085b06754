/**
 * The machine under a worker: its virtual machines, disk and clocks, which
 * outlive the worker's process. What runs here is the truth that checkers
 * look at; it is never asked of the code under test.
 *
 * @module
 */
import { simulatedScript } from "../../vmm/core/simulated_script.ts";
import { MemoryHost, type SimulatedHost } from "../../vmm/mod.ts";
import { SimulatedClosures } from "./closures.ts";
import { MemoryDisk } from "./files.ts";
import { HostTime, type Kernel, never, type Process } from "./kernel.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";

type SimulatedVm = Awaited<ReturnType<SimulatedHost["load"]>>[number];

/** What runs on a host. */
export interface RunningVm {
  id: string;
  incarnation: number;
  runtimeHash: string;
  cmdline: string;
  startedAtMs: number;
}

export const STATE_DIR = "/state";
export const RUN_DIR = "/run";

/** Told when the VMs of a host have changed. */
export interface HostWatcher {
  started(host: Host, vm: RunningVm): void;
  ended(host: Host, vm: RunningVm): void;
  written(host: Host, path: string, text: string): void;
}

export class Host {
  readonly name: string;
  readonly capacity: { cpuMilli: number; memoryMib: number };
  readonly time: HostTime;
  readonly disk: MemoryDisk;
  readonly closures: SimulatedClosures;
  running: ReadonlyMap<string, RunningVm> = new Map();
  /** No health check gets an answer, whatever the guest does. */
  isDeaf = false;
  readonly #machines = new MemoryHost();
  readonly #trace: Trace;
  readonly #watcher: HostWatcher;

  constructor(
    name: string,
    capacity: Host["capacity"],
    parts: {
      kernel: Kernel;
      random: RandomStream;
      trace: Trace;
      watcher: HostWatcher;
    },
  ) {
    const { kernel, random, trace, watcher } = parts;
    this.name = name;
    this.capacity = capacity;
    this.#trace = trace;
    this.#watcher = watcher;
    this.time = new HostTime(kernel);
    this.disk = new MemoryDisk(kernel, random.child("disk"));
    this.disk.onWritten = (path, text) => watcher.written(this, path, text);
    this.disk.onRefused = () => trace.fault("worker-disk-full", name);
    this.closures = new SimulatedClosures(name, {
      kernel,
      random: random.child("closures"),
      trace,
    });
  }

  bootId(): string {
    return this.#machines.bootId();
  }

  /** Power off and on: VMs and tmpfs are gone, the disk is not. */
  reboot(): void {
    for (const vm of this.running.values()) this.#watcher.ended(this, vm);
    this.running = new Map();
    this.#machines.reboot();
    this.disk.clear(`${RUN_DIR}/`);
    this.time.reboot();
  }

  /** The VMs as one process of this host reaches them. */
  machinesOf(process: Process): SimulatedHost {
    return {
      bootId: () => this.bootId(),
      load: () => process.alive(this.#machines.load()),
      save: async (vms) => {
        // The table is as it was asked for; what is written later is another save.
        const table = structuredClone(vms);
        await this.disk.commit(process, () => {
          void this.#machines.save(table);
          this.#changed(table);
        });
        if (process.isDead) return await never();
      },
    };
  }

  #changed(vms: readonly SimulatedVm[]): void {
    const before = this.running;
    const after = new Map<string, RunningVm>();
    for (const vm of vms) {
      if (after.has(vm.id)) {
        this.#trace.broken(
          "always_once",
          `${vm.id} runs twice on ${this.name}`,
        );
      }
      after.set(vm.id, vm);
    }
    this.running = after;
    for (const vm of before.values()) {
      if (after.get(vm.id)?.startedAtMs !== vm.startedAtMs) {
        this.#trace.seen(
          this.hasEnded(vm) ? "end" : "stop",
          this.name,
          `${vm.id}#${vm.incarnation}`,
        );
        this.#watcher.ended(this, vm);
      }
    }
    for (const vm of after.values()) {
      if (before.get(vm.id)?.startedAtMs === vm.startedAtMs) continue;
      this.#trace.seen(
        "start",
        this.name,
        `${vm.id}#${vm.incarnation} ${vm.runtimeHash.slice(0, 8)}`,
      );
      this.#watcher.started(this, vm);
    }
  }

  /** Its script has come to its end. */
  hasEnded(vm: RunningVm): boolean {
    const script = scriptOf(vm.cmdline);
    const isMortal = script.outcome === "crash" ||
      script.outcome === "poweroff";
    const ageMs = this.time.bootMs() - vm.startedAtMs;
    return isMortal && ageMs >= script.bootMs + script.afterMs;
  }

  /** It answers its checks now. */
  answers(vm: RunningVm): boolean {
    const script = scriptOf(vm.cmdline);
    return script.outcome !== "never" && !this.hasEnded(vm) &&
      this.time.bootMs() - vm.startedAtMs >= script.bootMs;
  }
}

const scripts = new Map<string, ReturnType<typeof simulatedScript>>();

/** Parsed once per command line: checkers ask often. */
function scriptOf(cmdline: string): ReturnType<typeof simulatedScript> {
  let script = scripts.get(cmdline);
  if (script === undefined) {
    // One run has a few dozen; a long series of runs must not keep them all.
    if (scripts.size > 1000) scripts.clear();
    script = simulatedScript(cmdline);
    scripts.set(cmdline, script);
  }
  return script;
}
