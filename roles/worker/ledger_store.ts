/**
 * Keeps the worker's memory on disk: the ledgers of its VMs and the last
 * accepted assignment. Decides nothing.
 *
 * `RUN/<vm>/ledger.json` is for this boot, `STATE/memory/<vm>.json` its part
 * that outlives it, `STATE/assignment.json` the last orders.
 *
 * @module
 */
import { Assignment } from "../model/assignment.ts";
import { canonicalJson } from "../model/hashes.ts";
import { parseJsonWith } from "../model/parse.ts";
import {
  directoryName,
  readIfThere,
  removeIfThere,
  storageError,
  writeDurable,
} from "../../vmm/mod.ts";
import {
  DurableMemory,
  durablePart,
  emptyLedger,
  Ledger,
} from "./core/ledger.ts";

/** Where, and what to do with what cannot be read. */
export interface LedgerStoreOptions {
  stateDir: string;
  runDir: string;
  bootId: string;
  /** A file that cannot be read counts as absent. */
  onUnreadable: (path: string, error: unknown) => void;
}

export class LedgerStore {
  #options: LedgerStoreOptions;
  /** The durable part as written, by VM: it changes seldom and is on the slower disk. */
  #durable = new Map<string, string>();

  constructor(options: LedgerStoreOptions) {
    this.#options = options;
  }

  /** Makes the directories. */
  async prepare(): Promise<void> {
    for (const path of [this.#memoryDir, this.#options.runDir]) {
      try {
        await Deno.mkdir(path, { recursive: true, mode: 0o700 });
      } catch (error) {
        throw storageError(path, error);
      }
    }
  }

  /** Every ledger of this boot, and the durable part of all others. */
  async loadAll(): Promise<Ledger[]> {
    const ledgers = new Map<string, Ledger>();
    const { bootId, runDir } = this.#options;
    for (const path of await listFiles(this.#memoryDir)) {
      if (!path.endsWith(".json")) continue;
      const memory = await this.#read(DurableMemory, path);
      if (memory === null) continue;
      this.#durable.set(memory.vm, canonicalJson(memory));
      ledgers.set(memory.vm, { ...emptyLedger(memory.vm, bootId), ...memory });
    }
    for (const dir of await listFiles(runDir)) {
      const ledger = await this.#read(Ledger, `${dir}/ledger.json`);
      if (ledger === null || ledger.bootId !== bootId) continue;
      // The durable file is written first: where they differ it is the newer one.
      const memory = ledgers.get(ledger.vm);
      ledgers.set(ledger.vm, {
        ...ledger,
        ...(memory === undefined ? {} : durablePart(memory)),
      });
    }
    return [...ledgers.values()];
  }

  /** @throws {AppError} `storage`; what was there is still there. */
  async save(ledger: Ledger): Promise<void> {
    const durable = durablePart(ledger);
    const text = canonicalJson(durable);
    const isEmpty = durable.lastHealthy === null && durable.refused === null;
    if (
      !(isEmpty && !this.#durable.has(ledger.vm)) &&
      this.#durable.get(ledger.vm) !== text
    ) {
      await writeDurable(this.#memoryPath(ledger.vm), text);
      this.#durable.set(ledger.vm, text);
    }
    const path = this.#ledgerPath(ledger.vm);
    try {
      await Deno.mkdir(path.slice(0, path.lastIndexOf("/")), {
        recursive: true,
        mode: 0o700,
      });
    } catch (error) {
      throw storageError(path, error);
    }
    await writeDurable(path, JSON.stringify(ledger));
  }

  /** Forgets a VM; its volumes are data and stay. */
  async remove(vm: string): Promise<void> {
    await removeIfThere(this.#memoryPath(vm));
    this.#durable.delete(vm);
    await removeIfThere(`${this.#options.runDir}/${directoryName(vm)}`);
  }

  /** The last accepted assignment; null when there is none that can be read. */
  async loadAssignment(): Promise<Assignment | null> {
    return await this.#read(Assignment, this.#assignmentPath);
  }

  /** @throws {AppError} `storage`. */
  async saveAssignment(assignment: Assignment): Promise<void> {
    await writeDurable(this.#assignmentPath, JSON.stringify(assignment));
  }

  async #read<S extends Parameters<typeof parseJsonWith>[0]>(
    schema: S,
    path: string,
  ) {
    try {
      const text = await readIfThere(path);
      return text === null
        ? null
        : parseJsonWith<S>(schema, text, { what: path });
    } catch (error) {
      this.#options.onUnreadable(path, error);
      return null;
    }
  }

  get #memoryDir(): string {
    return `${this.#options.stateDir}/memory`;
  }

  get #assignmentPath(): string {
    return `${this.#options.stateDir}/assignment.json`;
  }

  #memoryPath(vm: string): string {
    return `${this.#memoryDir}/${directoryName(vm)}.json`;
  }

  #ledgerPath(vm: string): string {
    return `${this.#options.runDir}/${directoryName(vm)}/ledger.json`;
  }
}

async function listFiles(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    paths.push(`${dir}/${entry.name}`);
  }
  return paths.sort();
}
