/**
 * The machine that simulated VMs run on: a table that outlives its driver as
 * real VMMs outlive a worker. In memory, or in a file for workers that tests
 * kill.
 *
 * @module
 */
import { z } from "zod";
import {
  readIfThere,
  storageError,
  writeFileAtomic,
} from "../../roles/files/mod.ts";
import { AppError } from "../../roles/model/errors.ts";
import { Counter, Sha256, VmId } from "../../roles/model/ids.ts";
import { parseJsonWith } from "../../roles/model/parse.ts";

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
  /** On a card of its own: where it is reached, at its own ports. */
  address: z.string().max(64).optional(),
  memoryMib: Counter.optional(),
  cpus: Counter.optional(),
  /** Counts this copy's boots from 1. */
  boot: Counter.optional(),
  generation: Counter.optional(),
  /** Since when it is paused. */
  pausedAtMs: Counter.optional(),
  /** For how long it was, before; negative: it is older, from a snapshot. */
  pausedMs: z.number().int().optional(),
  isRestored: z.boolean().optional(),
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
  /** Keeps a VM's state; its size in bytes. @throws {AppError} `conflict` when there is one. */
  saveSnapshot(dir: string, vm: SimulatedVm): Promise<number>;
  /** @throws {AppError} `not_found`. */
  loadSnapshot(dir: string): Promise<SimulatedVm>;
}

function noSnapshot(dir: string, cause?: unknown): AppError {
  return new AppError("not_found", `There is no snapshot in ${dir}`, { cause });
}

function isThere(dir: string, cause?: unknown): AppError {
  return new AppError("conflict", `${dir} is there already`, { cause });
}

/** A host in memory; `reboot` ends its VMs. */
export class MemoryHost implements SimulatedHost {
  #boots = 1;
  #vms: SimulatedVm[] = [];
  readonly #snapshots = new Map<string, SimulatedVm>();

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

  saveSnapshot(dir: string, vm: SimulatedVm): Promise<number> {
    if (this.#snapshots.has(dir)) return Promise.reject(isThere(dir));
    this.#snapshots.set(dir, structuredClone(vm));
    return Promise.resolve(JSON.stringify(vm).length);
  }

  loadSnapshot(dir: string): Promise<SimulatedVm> {
    const vm = this.#snapshots.get(dir);
    return vm === undefined
      ? Promise.reject(noSnapshot(dir))
      : Promise.resolve(structuredClone(vm));
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

  async saveSnapshot(dir: string, vm: SimulatedVm): Promise<number> {
    await Deno.mkdir(dir, { mode: 0o700 }).catch((cause) => {
      throw cause instanceof Deno.errors.AlreadyExists
        ? isThere(dir, cause)
        : storageError(dir, cause);
    });
    const text = JSON.stringify(vm);
    await writeFileAtomic(`${dir}/snapshot.json`, text);
    return text.length;
  }

  async loadSnapshot(dir: string): Promise<SimulatedVm> {
    const path = `${dir}/snapshot.json`;
    const text = await readIfThere(path);
    if (text === null) throw noSnapshot(dir);
    return parseJsonWith(SimulatedVm, text, { what: path });
  }
}
