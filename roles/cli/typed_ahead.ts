/**
 * Keys on their way to a guest: sent in order, one piece at a time, while the
 * terminal goes on being read, so that the way out works whatever the other
 * end does.
 *
 * @module
 */

/** A pasted file; more than that a serial line takes minutes for. */
const MAX_BYTES = 1024 * 1024;

export class TypedAhead {
  /** Rejects with the first failure; what was typed after it is dropped. */
  readonly failed: Promise<never>;
  readonly #send: (bytes: Uint8Array) => Promise<void>;
  readonly #fail: (error: unknown) => void;
  #bytes = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(send: (bytes: Uint8Array) => Promise<void>) {
    this.#send = send;
    const failed = Promise.withResolvers<never>();
    failed.promise.catch(() => undefined);
    this.failed = failed.promise;
    this.#fail = failed.reject;
  }

  /** False when there is no room: then nothing of it is sent. */
  push(bytes: Uint8Array): boolean {
    if (bytes.length === 0) return true;
    if (this.#bytes + bytes.length > MAX_BYTES) return false;
    this.#bytes += bytes.length;
    this.#last = this.#last.then(async () => {
      await this.#send(bytes);
      this.#bytes -= bytes.length;
    });
    this.#last.catch(this.#fail);
    return true;
  }

  /** Resolves when all that was pushed so far is sent; rejects as `failed` does. */
  get sent(): Promise<void> {
    return this.#last;
  }
}
