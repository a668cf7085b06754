/**
 * Keeps the worker's memory on disk: the ledgers of its VMs' copies and the
 * last accepted assignment. Decides nothing.
 *
 * What cannot be read is told with what is lost by it, set aside as
 * `PATH.unreadable`, and counts as absent: guests that run are not touched.
 *
 * `RUN/<copy>/ledger.json` is for this boot, `STATE/memory/<copy>.json` its part
 * that outlives it, `STATE/assignment.json` the last orders. Versions before
 * copies named these by the VM alone: such files are read, and written anew
 * under the copy's name.
 *
 * @module
 */
import {
  readIfThere,
  removeIfThere,
  removeUnfinished,
  setAside,
  storageError,
  unreadable,
  writeFileAtomic,
} from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import { Assignment, type Order } from "../../model/assignment.ts";
import { canonicalJson } from "../../model/hashes.ts";
import { parseJsonWith } from "../../model/parse.ts";
import { type CopyId, copyKey } from "../../model/ids.ts";
import { copyDirectoryName } from "../../../vmm/mod.ts";
import {
  copyOf,
  type DurableMemory,
  durablePart,
  emptyLedger,
  type Ledger,
  numberedLedger,
  numberedMemory,
  StoredLedger,
  StoredMemory,
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
  /** Moves what is damaged out of the way: where to, or null when it stays. */
  setAside(path: string, error: unknown): Promise<string | null>;
  /** The paths in a directory, sorted. */
  list(path: string): Promise<string[]>;
}

const DISK: LedgerFiles = {
  makeDirectory: (path) => Deno.mkdir(path, { recursive: true, mode: 0o700 }),
  read: readIfThere,
  write: writeFileAtomic,
  remove: removeIfThere,
  removeUnfinished,
  setAside,
  list: listFiles,
};

/** What goes on without a file. */
const LOST = {
  ledger:
    "its VM goes on by the last orders; its restarts and the change under way are forgotten",
  memory:
    "what of its VM was healthy last, and refused, is forgotten unless its ledger knows: what was refused may be tried once more",
  assignment: "VMs go on by their ledgers until the master is heard",
} as const;

/** A VM's directory ends with the digits of a hash; what else is there is no directory. */
const DIRECTORY_NAME = /\/[0-9a-f]{16}$/;

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
  /** The durable part as written, by copy: it changes seldom and is on the slower disk. */
  #durable = new Map<string, string>();
  /** Of directories, by copy: hashes, asked for with each write. */
  readonly #names = new Map<string, string>();

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
    const { stateDir, runDir } = this.#options;
    // A copy's directory is the driver's as well: nothing writes there yet.
    const directories = [stateDir, this.#memoryDir, runDir];
    for (const path of await this.#files.list(runDir)) {
      if (DIRECTORY_NAME.test(path)) directories.push(path);
    }
    for (const path of directories) await this.#files.removeUnfinished(path);
  }

  /** Every ledger of this boot, and the durable part of all others. */
  async loadAll(): Promise<Ledger[]> {
    const { bootId } = this.#options;
    const stored = await this.#loadLedgers();
    const ledgers = new Map<string, Ledger>();
    for (const memory of await this.#loadMemories(stored)) {
      const copy = copyOf(memory);
      ledgers.set(copyKey(copy), { ...emptyLedger(copy, bootId), ...memory });
    }
    for (const ledger of stored) {
      const key = copyKey(copyOf(ledger));
      // The durable file is written first: where they differ it is the newer one.
      const memory = ledgers.get(key);
      if (memory === undefined) await this.#keepAgain(ledger);
      ledgers.set(key, {
        ...ledger,
        ...(memory === undefined ? {} : durablePart(memory)),
      });
    }
    return [...ledgers.values()];
  }

  /** The file of its durable part was lost: what the ledger knows must outlive a reboot again. */
  async #keepAgain(ledger: Ledger): Promise<void> {
    const memory = durablePart(ledger);
    if (isEmpty(memory)) return;
    await this.#writeMemory(memory).catch((error) =>
      this.#options.onUnreadable(this.#memoryPath(copyOf(ledger)), error)
    );
  }

  async #loadLedgers(): Promise<Ledger[]> {
    const { bootId, runDir } = this.#options;
    const found = new Map<string, Ledger>();
    const former: [path: string, ledger: Ledger][] = [];
    for (const dir of await this.#files.list(runDir)) {
      const path = `${dir}/ledger.json`;
      const stored = await this.#read(StoredLedger, path, "ledger");
      if (stored === null || stored.bootId !== bootId) continue;
      const ledger = numberedLedger(stored);
      if (path === this.#ledgerPath(copyOf(ledger))) {
        found.set(copyKey(copyOf(ledger)), ledger);
      } else former.push([path, ledger]);
    }
    for (const [path, ledger] of former) {
      const key = copyKey(copyOf(ledger));
      const known = found.get(key) ?? ledger;
      found.set(key, known);
      await this.#moveTo(path, () => this.#writeLedger(known));
    }
    return [...found.values()];
  }

  async #loadMemories(ledgers: readonly Ledger[]): Promise<DurableMemory[]> {
    const likely = new Map(
      ledgers.map(({ vm, incarnation }) => [vm, incarnation]),
    );
    for (const { vm, incarnation } of await this.#lastOrders()) {
      likely.set(vm, incarnation);
    }
    const found = new Map<string, DurableMemory>();
    const former: [path: string, memory: DurableMemory][] = [];
    for (const path of await this.#files.list(this.#memoryDir)) {
      if (!path.endsWith(".json")) continue;
      const stored = await this.#read(StoredMemory, path, "memory");
      if (stored === null) continue;
      const memory = numberedMemory(stored, likely.get(stored.vm));
      if (path === this.#memoryPath(copyOf(memory))) {
        found.set(copyKey(copyOf(memory)), memory);
        this.#durable.set(copyKey(copyOf(memory)), canonicalJson(memory));
      } else former.push([path, memory]);
    }
    for (const [path, memory] of former) {
      const key = copyKey(copyOf(memory));
      const known = found.get(key) ?? memory;
      found.set(key, known);
      await this.#moveTo(path, () => this.#writeMemory(known));
    }
    return [...found.values()];
  }

  async #lastOrders(): Promise<readonly Order[]> {
    return (await this.loadAssignment())?.orders ?? [];
  }

  /** Writes under the new name, then removes the former file; without room for it that is done by the next start. */
  async #moveTo(former: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
      await this.#files.remove(former);
    } catch (error) {
      this.#options.onUnreadable(former, error);
    }
  }

  /** @throws {AppError} `storage`; what was there is still there. */
  async save(ledger: Ledger): Promise<void> {
    const durable = durablePart(ledger);
    const key = copyKey(copyOf(ledger));
    if (
      !(isEmpty(durable) && !this.#durable.has(key)) &&
      this.#durable.get(key) !== canonicalJson(durable)
    ) await this.#writeMemory(durable);
    await this.#writeLedger(ledger);
  }

  /** Forgets a copy; its VM's volumes are data and stay. */
  async remove(copy: CopyId): Promise<void> {
    const memory = this.#memoryPath(copy);
    await this.#files.remove(memory);
    await this.#files.remove(unreadable(memory));
    this.#durable.delete(copyKey(copy));
    await this.#files.remove(this.#runDir(copy));
    this.#names.delete(copyKey(copy));
  }

  async #writeMemory(memory: DurableMemory): Promise<void> {
    const copy = copyOf(memory);
    const text = canonicalJson(memory);
    await this.#files.write(this.#memoryPath(copy), text);
    this.#durable.set(copyKey(copy), text);
  }

  async #writeLedger(ledger: Ledger): Promise<void> {
    const copy = copyOf(ledger);
    try {
      await this.#files.makeDirectory(this.#runDir(copy));
    } catch (error) {
      throw storageError(this.#runDir(copy), error);
    }
    await this.#files.write(this.#ledgerPath(copy), JSON.stringify(ledger));
  }

  /** The last accepted assignment; null when there is none that can be read. */
  async loadAssignment(): Promise<Assignment | null> {
    return await this.#read(Assignment, this.#assignmentPath, "assignment");
  }

  /** @throws {AppError} `storage`. */
  async saveAssignment(assignment: Assignment): Promise<void> {
    await this.#files.write(this.#assignmentPath, JSON.stringify(assignment));
  }

  async #read<S extends Parameters<typeof parseJsonWith>[0]>(
    schema: S,
    path: string,
    what: keyof typeof LOST,
  ) {
    try {
      const text = await this.#files.read(path);
      return text === null
        ? null
        : parseJsonWith<S>(schema, text, { what: path });
    } catch (cause) {
      const aside = await this.#files.setAside(path, cause);
      const where = aside === null
        ? "it stays where it is"
        : `it is set aside as ${aside}`;
      const lost = new AppError("storage", `${where}, and ${LOST[what]}`, {
        cause,
        ...(aside === null ? {} : { hint: "look at it, then remove it" }),
      });
      this.#options.onUnreadable(path, lost);
      return null;
    }
  }

  get #memoryDir(): string {
    return `${this.#options.stateDir}/memory`;
  }

  get #assignmentPath(): string {
    return `${this.#options.stateDir}/assignment.json`;
  }

  #memoryPath(copy: CopyId): string {
    return `${this.#memoryDir}/${this.#nameOf(copy)}.json`;
  }

  #runDir(copy: CopyId): string {
    return `${this.#options.runDir}/${this.#nameOf(copy)}`;
  }

  #nameOf(copy: CopyId): string {
    const key = copyKey(copy);
    const name = this.#names.get(key) ?? copyDirectoryName(copy);
    this.#names.set(key, name);
    return name;
  }

  #ledgerPath(copy: CopyId): string {
    return `${this.#runDir(copy)}/ledger.json`;
  }
}

function isEmpty({ lastHealthy, refused }: DurableMemory): boolean {
  return lastHealthy === null && refused === null;
}

async function listFiles(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const entry of Deno.readDir(dir)) {
    paths.push(`${dir}/${entry.name}`);
  }
  return paths.sort();
}
