/**
 * Keeps the worker's memory on disk: the ledgers of its VMs and the last
 * accepted assignment. Decides nothing.
 *
 * `RUN/<vm>/ledger.json` is for this boot, `STATE/memory/<vm>.json` its part
 * that outlives it, `STATE/assignment.json` the last orders.
 *
 * @module
 */
import {
  readIfThere,
  removeIfThere,
  removeUnfinished,
  storageError,
  writeFileAtomic,
} from "../files/mod.ts";
import { Assignment } from "../model/assignment.ts";
import { canonicalJson } from "../model/hashes.ts";
import { parseJsonWith } from "../model/parse.ts";
import { directoryName } from "../../vmm/mod.ts";
import {
  DurableMemory,
  durablePart,
  emptyLedger,
  Ledger,
} from "./core/ledger.ts";

/** The disk under the ledgers. */
export interface LedgerFiles {
  makeDirectory(path: string): Promise<void>;
  /** The text of a file; null when it is not there. */
  read(path: string): Promise<string | null>;
  /** Replaces a file in one step that survives a crash. */
  write(path: string, text: string): Promise<void>;
  /** Removes a file or a tree; an absent one is no error. */
  remove(path: string): Promise<void>;
  /** Removes what a killed writer left half written in a directory. */
  removeUnfinished(path: string): Promise<void>;
  /** The paths in a directory, sorted. */
  list(path: string): Promise<string[]>;
}

const DISK: LedgerFiles = {
  makeDirectory: (path) => Deno.mkdir(path, { recursive: true, mode: 0o700 }),
  read: readIfThere,
  write: writeFileAtomic,
  remove: removeIfThere,
  removeUnfinished,
  list: listFiles,
};

/** Where, and what to do with what cannot be read. */
export interface LedgerStoreOptions {
  stateDir: string;
  runDir: string;
  bootId: string;
  /** A file that cannot be read counts as absent. */
  onUnreadable: (path: string, error: unknown) => void;
  /** Default: this host's disk. A simulator brings its own. */
  files?: LedgerFiles;
}

export class LedgerStore {
  #options: LedgerStoreOptions;
  readonly #files: LedgerFiles;
  /** The durable part as written, by VM: it changes seldom and is on the slower disk. */
  #durable = new Map<string, string>();

  constructor(options: LedgerStoreOptions) {
    this.#options = options;
    this.#files = options.files ?? DISK;
  }

  /** Makes the directories and clears up what a kill left in them. */
  async prepare(): Promise<void> {
    for (const path of [this.#memoryDir, this.#options.runDir]) {
      try {
        await this.#files.makeDirectory(path);
      } catch (error) {
        throw storageError(path, error);
      }
    }
    await this.#files.removeUnfinished(this.#options.stateDir);
    await this.#files.removeUnfinished(this.#memoryDir);
  }

  /** Every ledger of this boot, and the durable part of all others. */
  async loadAll(): Promise<Ledger[]> {
    const ledgers = new Map<string, Ledger>();
    const { bootId, runDir } = this.#options;
    for (const path of await this.#files.list(this.#memoryDir)) {
      if (!path.endsWith(".json")) continue;
      const memory = await this.#read(DurableMemory, path);
      if (memory === null) continue;
      this.#durable.set(memory.vm, canonicalJson(memory));
      ledgers.set(memory.vm, { ...emptyLedger(memory.vm, bootId), ...memory });
    }
    for (const dir of await this.#files.list(runDir)) {
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
      await this.#files.write(this.#memoryPath(ledger.vm), text);
      this.#durable.set(ledger.vm, text);
    }
    const path = this.#ledgerPath(ledger.vm);
    try {
      await this.#files.makeDirectory(path.slice(0, path.lastIndexOf("/")));
    } catch (error) {
      throw storageError(path, error);
    }
    await this.#files.write(path, JSON.stringify(ledger));
  }

  /** Forgets a VM; its volumes are data and stay. */
  async remove(vm: string): Promise<void> {
    await this.#files.remove(this.#memoryPath(vm));
    this.#durable.delete(vm);
    await this.#files.remove(`${this.#options.runDir}/${directoryName(vm)}`);
  }

  /** The last accepted assignment; null when there is none that can be read. */
  async loadAssignment(): Promise<Assignment | null> {
    return await this.#read(Assignment, this.#assignmentPath);
  }

  /** @throws {AppError} `storage`. */
  async saveAssignment(assignment: Assignment): Promise<void> {
    await this.#files.write(this.#assignmentPath, JSON.stringify(assignment));
  }

  async #read<S extends Parameters<typeof parseJsonWith>[0]>(
    schema: S,
    path: string,
  ) {
    try {
      const text = await this.#files.read(path);
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
