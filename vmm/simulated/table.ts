/**
 * The table of simulated VMs, as the driver that runs now sees it: read once
 * from the host, written back with each change, cleared of those that have
 * ended by their script or by the guard.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import type { Clock } from "../../roles/model/ports.ts";
import { endOf, type GuestEnd } from "./core/guest.ts";
import type { VmConfig } from "../core/vm_config.ts";
import type { SimulatedHost, SimulatedVm } from "./host.ts";
import { guardOf, type Spawner } from "../host/spawner.ts";
import type { VmExit } from "../vmm.ts";

const FENCED = { clean: false, reason: "the guard ended it", fenced: true };

const NONE: ReadonlySet<SimulatedVm> = new Set();

/** What the table works with. */
export interface TableDeps {
  host: SimulatedHost;
  clock: Clock;
  /** The guard, for exclusive VMs. */
  spawner?: Spawner;
  /** Told of each VM that has ended, before it is gone. */
  onEnd: (vm: SimulatedVm, exit: VmExit) => void;
}

export class SimulatedTable {
  readonly #deps: TableDeps;
  /** By copy. */
  #vms: Map<string, SimulatedVm> | null = null;
  #saving: Promise<void> = Promise.resolve();

  constructor(deps: TableDeps) {
    this.#deps = deps;
  }

  /** By copy; those that have ended since anybody looked are among them. */
  async vms(): Promise<Map<string, SimulatedVm>> {
    if (this.#vms === null) {
      const { host } = this.#deps;
      const loaded = await host.load();
      const vms = loaded.filter((vm) => vm.bootId === host.bootId());
      await this.#endUnknown(new Set(vms.map(({ marker }) => marker)));
      this.#vms ??= new Map(vms.map((vm) => [copyKey(vm), vm]));
    }
    return this.#vms;
  }

  /** One at a time, each with the table as it is at its turn. */
  save(): Promise<void> {
    const write = async () =>
      this.#deps.host.save([...(await this.vms()).values()]);
    const saving = this.#saving.then(write, write);
    this.#saving = saving;
    return saving;
  }

  /** Changes one VM; unchanged when it could not be written. */
  async change(vm: SimulatedVm, to: Partial<SimulatedVm>): Promise<void> {
    const before = { ...vm };
    Object.assign(vm, to);
    try {
      await this.save();
    } catch (error) {
      Object.assign(vm, before);
      throw error;
    }
  }

  /** Starts a process that does nothing but live and die with the guard; its mark. */
  async spawn(config: VmConfig): Promise<string> {
    const { id: vm, incarnation, runtimeHash, lease = "" } = config;
    const { clock, spawner } = this.#deps;
    const marker = markerOf(config, clock.bootMs());
    // A guard that did not answer for a while may still run what was taken for ended.
    const known = [...(await this.vms()).values()];
    await this.#endUnknown(new Set(known.map(({ marker }) => marker)));
    await guardOf(config, spawner).spawn({
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

  /** Ends the process that stands for a VM. */
  async end({ marker }: SimulatedVm): Promise<void> {
    if (marker !== undefined) await this.#deps.spawner?.kill(marker);
  }

  /** Takes the VMs that have ended out of the table and tells of them. */
  async sweep(): Promise<void> {
    const vms = await this.vms();
    const nowMs = this.#deps.clock.bootMs();
    const exits: [SimulatedVm, VmExit][] = [];
    const fenced = await this.#fenced(vms.values());
    for (const vm of [...vms.values()]) {
      const end: GuestEnd | null = fenced.has(vm) ? FENCED : endOf(vm, nowMs);
      if (end === null) continue;
      const { id, incarnation } = vm;
      vms.delete(copyKey(vm));
      exits.push([vm, { kind: "exited", id, incarnation, ...end }]);
    }
    if (exits.length === 0) return;
    for (const [vm, exit] of exits) this.#deps.onEnd(vm, exit);
    // They have ended by themselves: only the process that stands for them is left.
    for (const [vm] of exits) {
      if (!fenced.has(vm)) await this.end(vm).catch(() => undefined);
    }
    // A table that could not be written is written whole with the next change.
    await this.save().catch(() => undefined);
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
      (await this.#deps.spawner?.list() ?? []).map(({ marker }) => marker),
    );
    return new Set(exclusive.filter(({ marker = "" }) => !running.has(marker)));
  }

  /** What the guard runs and the table does not know, nobody could manage. */
  async #endUnknown(known: ReadonlySet<string | undefined>): Promise<void> {
    const { spawner } = this.#deps;
    for (const { marker } of await spawner?.list() ?? []) {
      if (!known.has(marker)) await spawner?.kill(marker);
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
