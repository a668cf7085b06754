/**
 * A worker's disk that is a table: it outlives the worker's process.
 *
 * @module
 */
import type { LedgerFiles } from "../../roles/worker/vms/ledger_store.ts";

/** A disk that is a table. */
export class MemoryFiles implements LedgerFiles {
  readonly #texts = new Map<string, string>();

  makeDirectory(): Promise<void> {
    return Promise.resolve();
  }

  read(path: string): Promise<string | null> {
    return Promise.resolve(this.#texts.get(path) ?? null);
  }

  write(path: string, text: string): Promise<void> {
    this.#texts.set(path, text);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    for (const known of this.#texts.keys()) {
      if (known === path || known.startsWith(`${path}/`)) {
        this.#texts.delete(known);
      }
    }
    return Promise.resolve();
  }

  removeUnfinished(): Promise<void> {
    return Promise.resolve();
  }

  setAside(): Promise<null> {
    return Promise.resolve(null);
  }

  list(directory: string): Promise<string[]> {
    const found = new Set<string>();
    for (const path of this.#texts.keys()) {
      if (!path.startsWith(`${directory}/`)) continue;
      const end = path.indexOf("/", directory.length + 1);
      found.add(end === -1 ? path : path.slice(0, end));
    }
    return Promise.resolve([...found].sort());
  }

  get size(): number {
    return this.#texts.size;
  }
}
