/**
 * A host's disk in memory. A write takes time and then is whole or absent, so
 * that a crash falls between two of them; the disk may be full.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { LedgerFiles } from "../../roles/worker/vms/ledger_store.ts";
import { type Kernel, never, type Process } from "./kernel.ts";
import type { RandomStream } from "./random.ts";

export class MemoryDisk {
  readonly #texts = new Map<string, string>();
  readonly #kernel: Kernel;
  readonly #random: RandomStream;
  isFull = false;
  /** Told after each write. */
  onWritten: (path: string, text: string) => void = () => undefined;
  /** Told of each write that found no room. */
  onRefused: () => void = () => undefined;

  constructor(kernel: Kernel, random: RandomStream) {
    this.#kernel = kernel;
    this.#random = random;
  }

  /** Waits as a disk does. @throws {AppError} `storage` when it is full. */
  async commit(process: Process, apply: () => void): Promise<void> {
    const flushMs = this.#random.integer(0, 3);
    if (flushMs > 0) await this.#kernel.sleep(flushMs);
    if (process.isDead) return await never();
    if (this.isFull) {
      this.onRefused();
      throw new AppError("storage", "no space left on the simulated disk");
    }
    apply();
    // It is there, and its writer may die before it knows.
    if (this.#random.chance(0.3)) await this.#kernel.sleep(1);
    if (process.isDead) return await never();
  }

  /** What was on a tmpfs is gone. */
  clear(prefix: string): void {
    for (const path of [...this.#texts.keys()]) {
      if (path.startsWith(prefix)) this.#texts.delete(path);
    }
  }

  filesOf(process: Process): LedgerFiles {
    return {
      makeDirectory: () => process.alive(Promise.resolve()),
      read: (path) =>
        process.alive(Promise.resolve(this.#texts.get(path) ?? null)),
      write: (path, text) =>
        this.commit(process, () => {
          this.#texts.set(path, text);
          this.onWritten(path, text);
        }),
      remove: (path) => {
        if (process.isDead) return never();
        this.#texts.delete(path);
        this.clear(`${path}/`);
        return Promise.resolve();
      },
      // A write here is whole or absent.
      removeUnfinished: () => process.alive(Promise.resolve()),
      setAside: () => process.alive(Promise.resolve(null)),
      list: (path) => process.alive(Promise.resolve(this.#list(path))),
    };
  }

  #list(directory: string): string[] {
    const found = new Set<string>();
    for (const path of this.#texts.keys()) {
      if (!path.startsWith(`${directory}/`)) continue;
      const end = path.indexOf("/", directory.length + 1);
      found.add(end === -1 ? path : path.slice(0, end));
    }
    return [...found].sort();
  }
}
