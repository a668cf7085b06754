/**
 * The machine under a worker: its virtual machines, disk and clocks, which
 * outlive the worker's process. What runs here is the truth that checkers
 * look at; it is never asked of the code under test.
 *
 * @module
 */
import { SimulatedGuard } from "../../roles/worker/fencing/simulated_fence.ts";
import { isOurs, type RunRecord } from "../../vmm/core/run_record.ts";
import { simulatedScript } from "../../vmm/simulated/core/script.ts";
import { MemoryHost, type SimulatedHost } from "../../vmm/mod.ts";
import { SimulatedClosures } from "./closures.ts";
import { MemoryDisk } from "./files.ts";
import { SimulatedGuests } from "./guests.ts";
import { GuestNetworks } from "./guest_networks.ts";
import { HostTime, type Kernel, never, Process } from "./kernel.ts";
import { ProcessTable } from "./processes.ts";
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
  /** Its own on the guests' network. */
  address?: string | undefined;
}

/** A VM as its driver remembers it in the run directory, and by which process. */
interface Kept {
  vm: SimulatedVm;
  record: RunRecord;
}

function copyOf({ id, incarnation }: RunningVm): string {
  return `${id}#${incarnation}`;
}

export const STATE_DIR = "/state";
export const RUN_DIR = "/run";

/** Told when the VMs of a host have changed. */
export interface HostWatcher {
  started(host: Host, vm: RunningVm): void;
  ended(host: Host, vm: RunningVm): void;
  /** It runs on with another content. */
  switched(host: Host, vm: RunningVm): void;
  written(host: Host, path: string, text: string): void;
}

export class Host {
  readonly name: string;
  readonly capacity: { cpuMilli: number; memoryMib: number };
  readonly time: HostTime;
  readonly disk: MemoryDisk;
  readonly closures: SimulatedClosures;
  readonly guestNetworks: GuestNetworks;
  /** What runs inside its VMs. */
  readonly guests: SimulatedGuests;
  /** Ends exclusive VMs at their deadline. */
  readonly guard: SimulatedGuard;
  /** By copy: `id#incarnation`. */
  running: ReadonlyMap<string, RunningVm> = new Map();
  /** No health check gets an answer, whatever the guest does. */
  isDeaf = false;
  #boots = 1;
  #starts = 0;
  #kept = new Map<string, Kept>();
  /** Files that no fault here harms. */
  readonly #snapshots = new MemoryHost();
  readonly #processes = new ProcessTable();
  readonly #random: RandomStream;
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
    this.#random = random.child("processes");
    this.#trace = trace;
    this.#watcher = watcher;
    this.time = new HostTime(kernel);
    this.guard = new SimulatedGuard(this.time.clockOf(new Process()));
    this.disk = new MemoryDisk(kernel, random.child("disk"));
    this.disk.onWritten = (path, text) => watcher.written(this, path, text);
    this.disk.onRefused = () => trace.fault("worker-disk-full", name);
    this.guestNetworks = new GuestNetworks(name, {
      kernel,
      trace,
      random: random.child("guest networks"),
    });
    this.guests = new SimulatedGuests(name, {
      host: {
        guest: (key) => this.#guest(key),
        look: () => this.look(),
      },
      kernel,
      random: random.child("guests"),
      trace,
    });
    this.closures = new SimulatedClosures(name, {
      kernel,
      random: random.child("closures"),
      trace,
    });
  }

  bootId(): string {
    return `simulated-boot-${this.#boots}`;
  }

  /** The copies of a VM that run here. */
  copies(id: string): RunningVm[] {
    return [...this.running.values()].filter((vm) => vm.id === id);
  }

  /** Power off and on: VMs and tmpfs are gone, the disk is not. */
  reboot(): void {
    this.#boots++;
    this.#kept = new Map();
    this.#processes.clear();
    this.guestNetworks.clear();
    this.guard.kill();
    this.look();
    this.disk.clear(`${RUN_DIR}/`);
    this.time.reboot();
    this.guard.start();
  }

  /** kill -9 of the guard: what it guards dies with it. */
  killGuard(): void {
    this.guard.kill();
    this.look();
  }

  /** kill -9 of one VMM, whose pid is soon another process'; false when there is none. */
  killOne(random: RandomStream): boolean {
    const running = [...this.running.keys()];
    if (running.length === 0) return false;
    const kept = this.#kept.get(random.pick(running));
    if (kept === undefined) return false;
    this.#trace.fault("vmm-killed", this.name, copyOf(kept.vm));
    this.#ended(kept);
    this.look();
    return true;
  }

  #ended({ vm, record: { state } }: Kept): void {
    if (state.kind !== "running") return;
    if (vm.marker !== undefined) {
      this.guard.end(vm.marker, "itself", "it was killed");
    }
    this.#processes.kill(state.pid);
    if (!this.#random.chance(0.7)) return;
    this.#trace.fault("pid-reused", this.name, String(state.pid));
    this.#processes.reuse(state.pid, "/bin/sh another process");
  }

  /** The VMs as one process of this host reaches them. */
  machinesOf(process: Process): SimulatedHost {
    return {
      bootId: () => this.bootId(),
      load: () => process.alive(Promise.resolve(this.#load())),
      save: async (vms) => {
        // The table is as it was asked for; what is written later is another save.
        const table = vms.map((vm) => ({ ...vm }));
        await this.disk.commit(process, () => this.#save(table));
        if (process.isDead) return await never();
      },
      saveSnapshot: (dir, vm) =>
        process.alive(this.#snapshots.saveSnapshot(dir, vm)),
      loadSnapshot: (dir) => process.alive(this.#snapshots.loadSnapshot(dir)),
    };
  }

  /** What a driver that begins finds: as the real ones do, by its records and the process table. */
  #load(): SimulatedVm[] {
    for (const kept of this.#kept.values()) {
      if (this.#isAlive(kept) && this.hasEnded(kept.vm)) this.#ended(kept);
    }
    this.look();
    return [...this.#kept.values()].filter(({ record }) => {
      if (record.state.kind !== "running") return false;
      const facts = this.#processes.facts(record.state.pid);
      return facts !== null && isOurs(record, facts);
    }).map(({ vm }) => structuredClone(vm));
  }

  #save(vms: readonly SimulatedVm[]): void {
    const before = this.#kept;
    this.#kept = new Map();
    for (const vm of vms) {
      const key = copyOf(vm);
      if (this.#kept.has(key)) {
        this.#trace.broken("always_once", `${key} runs twice on ${this.name}`);
      }
      const known = before.get(key);
      const isSame = known?.vm.startedAtMs === vm.startedAtMs;
      this.#kept.set(
        key,
        isSame ? { ...known, vm } : { vm, record: this.#spawn(vm) },
      );
    }
    for (const [key, { vm, record: { state } }] of before) {
      const isKept = this.#kept.get(key)?.vm.startedAtMs === vm.startedAtMs;
      if (!isKept && state.kind === "running") this.#processes.kill(state.pid);
    }
    this.look();
  }

  #spawn(vm: SimulatedVm): RunRecord {
    const marker = `marker-${++this.#starts}`;
    const { pid, startTicks } = this.#processes.spawn(`vmm ${marker}`);
    return {
      version: 1,
      ...vm,
      marker,
      host: "127.0.0.1",
      state: { kind: "running", pid, startTicks },
    };
  }

  /** Whether its very process is there: the truth, whatever anybody remembers. */
  #isAlive({ vm, record: { state, marker } }: Kept): boolean {
    if (state.kind !== "running") return false;
    const isGuarded = vm.marker === undefined ||
      this.guard.running.some((each) => each.marker === vm.marker);
    if (!isGuarded) this.#processes.kill(state.pid);
    return isGuarded &&
      this.#processes.facts(state.pid)?.cmdline === `vmm ${marker}`;
  }

  #guest(key: string): SimulatedVm | undefined {
    const kept = this.#kept.get(key);
    return kept !== undefined && this.#isAlive(kept) && !this.hasEnded(kept.vm)
      ? kept.vm
      : undefined;
  }

  /** Tells what has begun and ended since the last look. */
  look(): void {
    const before = this.running;
    const after = new Map<string, RunningVm>();
    for (const [key, kept] of this.#kept) {
      if (!this.#isAlive(kept)) continue;
      const runtimeHash = this.guests.runtimeHash(kept.vm);
      after.set(key, { ...kept.vm, runtimeHash });
    }
    this.running = after;
    for (const [key, vm] of before) {
      if (after.get(key)?.startedAtMs !== vm.startedAtMs) {
        this.#trace.seen(this.hasEnded(vm) ? "end" : "stop", this.name, key);
        this.#watcher.ended(this, vm);
      }
    }
    for (const [key, vm] of after) {
      const was = before.get(key);
      if (was?.startedAtMs === vm.startedAtMs) {
        if (was.runtimeHash !== vm.runtimeHash) {
          this.#watcher.switched(this, vm);
        }
        continue;
      }
      this.#trace.seen(
        "start",
        this.name,
        `${key} ${vm.runtimeHash.slice(0, 8)}`,
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
      this.guests.answers(this.#guest(copyOf(vm)) ?? vm) &&
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
