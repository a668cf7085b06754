/**
 * One sync for all who wait for one: who comes while a sync is under way waits
 * for the next, together with all others who came meanwhile. Nobody waits for
 * company: alone, a sync begins at once.
 *
 * @module
 */

export class SharedSync {
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(private readonly sync: () => Promise<void>) {}

  /** Resolves when a sync that began after this call has ended; rejects with what that failed with. */
  wait(): Promise<void> {
    if (this.#running === undefined) return this.#begin();
    this.#next ??= this.#running.catch(() => undefined)
      .then(() => this.#begin());
    return this.#next;
  }

  #begin(): Promise<void> {
    this.#next = undefined;
    const running = this.sync().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    this.#running = running;
    return running;
  }
}
