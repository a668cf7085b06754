/**
 * The machine that simulated VMs run on: a table that outlives its driver as
 * real VMMs outlive a worker. In memory, or in a file for workers that tests
 * kill.
 *
 * @module
 */
import { z } from "zod";
import { readIfThere, writeFileAtomic } from "../roles/files/mod.ts";
import { Counter, Sha256, VmId } from "../roles/model/ids.ts";
import { parseJsonWith } from "../roles/model/parse.ts";

const SimulatedVm = z.strictObject({
  id: VmId,
  incarnation: Counter,
  runtimeHash: Sha256,
  bootId: z.string(),
  cmdline: z.string().max(4096),
  ports: z.array(
    z.strictObject({ name: z.string(), guest: Counter, host: Counter }),
  ).max(64),
  startedAtMs: Counter,
  /** An exclusive VM: the guard's mark of the start, whose process stands for the VMM. */
  marker: z.uuid().optional(),
});
export type SimulatedVm = z.output<typeof SimulatedVm>;
const Table = z.array(SimulatedVm).max(100_000);

/** The machine the simulated VMs run on. */
export interface SimulatedHost {
  /** A new one means that the host was started again: its VMs are gone. */
  bootId(): string;
  load(): Promise<SimulatedVm[]>;
  save(vms: SimulatedVm[]): Promise<void>;
}

/** A host in memory; `reboot` ends its VMs. */
export class MemoryHost implements SimulatedHost {
  #boots = 1;
  #vms: SimulatedVm[] = [];

  bootId(): string {
    return `simulated-boot-${this.#boots}`;
  }

  reboot(): void {
    this.#boots++;
    this.#vms = [];
  }

  load(): Promise<SimulatedVm[]> {
    return Promise.resolve(structuredClone(this.#vms));
  }

  save(vms: SimulatedVm[]): Promise<void> {
    this.#vms = structuredClone(vms);
    return Promise.resolve();
  }
}

/** A host in a file, for workers in processes that tests kill. */
export class FileHost implements SimulatedHost {
  #path: string;
  #bootId: string;

  constructor(path: string, bootId: string) {
    this.#path = path;
    this.#bootId = bootId;
  }

  bootId(): string {
    return this.#bootId;
  }

  async load(): Promise<SimulatedVm[]> {
    const text = await readIfThere(this.#path);
    return text === null
      ? []
      : parseJsonWith(Table, text, { what: this.#path });
  }

  async save(vms: SimulatedVm[]): Promise<void> {
    await writeFileAtomic(this.#path, JSON.stringify(vms));
  }
}
