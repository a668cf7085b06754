/**
 * What waits for a reader that may be slow: a bounded number of bytes, the
 * newest of all that came. Pure.
 *
 * @module
 */

/** What was taken, and how much before it was lost. */
export interface TakenBytes {
  bytes: Uint8Array;
  dropped: number;
}

export class NewestBytes {
  readonly #ring: Uint8Array;
  #start = 0;
  #length = 0;
  #dropped = 0;

  constructor(capacity: number) {
    this.#ring = new Uint8Array(capacity);
  }

  /** Bytes that wait. */
  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    const capacity = this.#ring.length;
    const kept = bytes.subarray(Math.max(0, bytes.length - capacity));
    this.#dropped += bytes.length - kept.length;
    const over = Math.max(0, this.#length + kept.length - capacity);
    this.#start = (this.#start + over) % capacity;
    this.#length -= over;
    this.#dropped += over;
    const at = (this.#start + this.#length) % capacity;
    const first = Math.min(kept.length, capacity - at);
    this.#ring.set(kept.subarray(0, first), at);
    this.#ring.set(kept.subarray(first), 0);
    this.#length += kept.length;
  }

  /** The oldest that is still there, at most `max`; `dropped` came before it and is told once. */
  take(max: number): TakenBytes {
    const count = Math.min(max, this.#length);
    const bytes = new Uint8Array(count);
    const first = Math.min(count, this.#ring.length - this.#start);
    bytes.set(this.#ring.subarray(this.#start, this.#start + first));
    bytes.set(this.#ring.subarray(0, count - first), first);
    this.#start = (this.#start + count) % this.#ring.length;
    this.#length -= count;
    const dropped = this.#dropped;
    this.#dropped = 0;
    return { bytes, dropped };
  }
}
