/**
 * Work that several wait for and that is done once: a closure that two VMs
 * need, the image of it. Who leaves leaves alone; when all have left, the work
 * is ended. Knows nothing of the work.
 *
 * @module
 */

/** Who waits for a piece of work. */
export interface Waiter {
  signal: AbortSignal;
  onProgress?: (message: string) => void;
}

interface Shared<T> {
  done: Promise<T>;
  readonly ending: AbortController;
  readonly waiters: Set<Waiter>;
  /** What was last told: for those who come later. */
  told: string | null;
}

/** Pieces of work by key; bounded by who asks, each of whom waits for one. */
export class SharedWork<T> {
  readonly #all = new Map<string, Shared<T>>();

  /**
   * Joins the work of that key, or begins it.
   *
   * @throws the waiter's reason when it leaves, and what the work throws.
   */
  async run(
    key: string,
    waiter: Waiter,
    work: (on: Required<Waiter>) => Promise<T>,
  ): Promise<T> {
    waiter.signal.throwIfAborted();
    const shared = this.#all.get(key) ?? this.#begin(key, work);
    shared.waiters.add(waiter);
    if (shared.told !== null) waiter.onProgress?.(shared.told);
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = () => reject(waiter.signal.reason);
    waiter.signal.addEventListener("abort", leave, { once: true });
    try {
      return await Promise.race([shared.done, left]);
    } finally {
      waiter.signal.removeEventListener("abort", leave);
      shared.waiters.delete(waiter);
      if (shared.waiters.size === 0) this.#end(key, shared);
    }
  }

  #begin(
    key: string,
    work: (on: Required<Waiter>) => Promise<T>,
  ): Shared<T> {
    const ending = new AbortController();
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const shared: Shared<T> = {
      done: promise,
      ending,
      waiters: new Set(),
      told: null,
    };
    this.#all.set(key, shared);
    const onProgress = (message: string) => {
      shared.told = message;
      for (const waiter of shared.waiters) waiter.onProgress?.(message);
    };
    work({ signal: ending.signal, onProgress }).then(resolve, reject)
      .finally(() => this.#forget(key, shared));
    // When all have left nobody is there to be told how it ended.
    promise.catch(() => undefined);
    return shared;
  }

  /** Who comes now begins anew: what is being ended is not to be joined. */
  #end(key: string, shared: Shared<T>): void {
    this.#forget(key, shared);
    shared.ending.abort();
  }

  #forget(key: string, shared: Shared<T>): void {
    if (this.#all.get(key) === shared) this.#all.delete(key);
  }
}
