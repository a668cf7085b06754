/**
 * The real store as one master process reaches it. A crash before the commit
 * loses the transaction, a crash after it loses only the answer; the disk may
 * be slow or full.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { NewEvent } from "../../roles/master/core/events.ts";
import type { EventPage, EventQuery } from "../../roles/master/event_table.ts";
import type {
  Store,
  StoreChange,
  StoredDocument,
  StoreOperation,
} from "../../roles/master/store.ts";
import { type Kernel, never, type Process } from "./kernel.ts";
import type { RandomStream } from "./random.ts";
import type { Trace } from "./trace.ts";
import type { Transitions } from "./transitions.ts";

/** Outlive the process: they are the disk's. */
export interface StoreFaults {
  isFull: boolean;
  isSlow: boolean;
}

interface StoreParts {
  process: Process;
  kernel: Kernel;
  random: RandomStream;
  faults: StoreFaults;
  trace: Trace;
  transitions: Transitions;
}

export class ProcessStore implements Store {
  readonly #inner: Store;
  readonly #options: StoreParts;

  constructor(inner: Store, options: StoreParts) {
    this.#inner = inner;
    this.#options = options;
  }

  get(kind: string, id: string): Promise<StoredDocument | null> {
    return this.#options.process.alive(this.#inner.get(kind, id));
  }

  list(kind: string, prefix?: string): Promise<StoredDocument[]> {
    return this.#options.process.alive(this.#inner.list(kind, prefix));
  }

  readEvents(query: EventQuery): Promise<EventPage> {
    return this.#options.process.alive(this.#inner.readEvents(query));
  }

  async transact(
    operations: readonly StoreOperation[],
    events: readonly NewEvent[] = [],
  ): Promise<number> {
    const { process, faults, trace, transitions } = this.#options;
    await this.#wait();
    if (process.isDead) return await never();
    if (faults.isFull) {
      trace.fault("master-disk-full", "master");
      throw new AppError("storage", "the disk is full");
    }
    const revision = await this.#inner.transact(operations, events);
    transitions.committed(operations, events);
    await this.#wait();
    return process.isDead ? await never() : revision;
  }

  async #wait(): Promise<void> {
    const { kernel, random, faults, trace } = this.#options;
    if (!faults.isSlow || !random.chance(0.3)) return;
    const ms = random.integer(1, 400);
    trace.fault("master-disk-slow", "master", `${ms} ms`);
    await kernel.sleep(ms);
  }

  watch(
    kind: string,
    fromRevision: number,
    onChange: (change: StoreChange) => void,
  ): Disposable {
    return this.#inner.watch(kind, fromRevision, onChange);
  }

  close(): void {}
}
