/**
 * Cuts a stream of bytes into messages: the segment table, then the segments.
 *
 * Checks a header before any memory is taken for what it claims; what is
 * taken grows with what has arrived. Never parses what is in a message.
 *
 * @module
 */
import type { RpcLimits } from "../limits.ts";
import { MalformedMessage, Segment } from "./reader.ts";

/** First reservation for a message that has not arrived whole. */
const FIRST_RESERVATION = 64 * 1024;
const NOTHING = new Uint8Array(0);

export class Framer {
  readonly #limits: Pick<RpcLimits, "maxMessageBytes" | "maxSegments">;
  #rest: Uint8Array = NOTHING;
  #used = 0;

  constructor(limits: Pick<RpcLimits, "maxMessageBytes" | "maxSegments">) {
    this.#limits = limits;
  }

  /** True between messages. */
  get idle(): boolean {
    return this.#used === 0;
  }

  /**
   * Takes the next bytes and calls `message` for each that is whole. The
   * segments are valid during that call only.
   *
   * @throws {MalformedMessage} A header that claims too much.
   */
  push(chunk: Uint8Array, message: (segments: Segment[]) => void): void {
    let bytes = chunk;
    if (this.#used > 0) {
      this.#append(chunk);
      bytes = this.#rest.subarray(0, this.#used);
    }
    let at = 0;
    for (;;) {
      const size = this.#sizeAt(bytes, at);
      if (size === 0 || at + size > bytes.length) break;
      message(this.#segmentsAt(bytes, at));
      at += size;
    }
    this.#keepRest(bytes, at);
  }

  #append(chunk: Uint8Array): void {
    const need = this.#used + chunk.length;
    if (need > this.#rest.length) {
      const grown = new Uint8Array(Math.max(need, this.#rest.length * 2));
      grown.set(this.#rest.subarray(0, this.#used));
      this.#rest = grown;
    }
    this.#rest.set(chunk, this.#used);
    this.#used = need;
  }

  #keepRest(bytes: Uint8Array, at: number): void {
    const left = bytes.length - at;
    if (left === 0) {
      this.#used = 0;
      if (this.#rest.length > FIRST_RESERVATION) this.#rest = NOTHING;
      return;
    }
    // It is in place already when nothing was cut from its front.
    if (this.#used > 0 && at === 0) return;
    const kept = new Uint8Array(Math.max(left, FIRST_RESERVATION));
    kept.set(bytes.subarray(at));
    this.#rest = kept;
    this.#used = left;
  }

  /** Size of the message at `at` with its header; 0 while the header is not whole. */
  #sizeAt(bytes: Uint8Array, at: number): number {
    if (bytes.length - at < 8) return 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const count = view.getUint32(at, true) + 1;
    if (count > this.#limits.maxSegments) {
      throw new MalformedMessage(
        `a message of ${count} segments: at most ${this.#limits.maxSegments} are read`,
      );
    }
    const header = headerBytes(count);
    if (bytes.length - at < header) return 0;
    let size = header;
    for (let i = 0; i < count; i++) {
      size += view.getUint32(at + 4 + i * 4, true) * 8;
    }
    if (size > this.#limits.maxMessageBytes) {
      throw new MalformedMessage(
        `a message of ${size} bytes: at most ${this.#limits.maxMessageBytes} are read`,
      );
    }
    return size;
  }

  #segmentsAt(bytes: Uint8Array, at: number): Segment[] {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    const count = view.getUint32(at, true) + 1;
    const segments: Segment[] = [];
    let from = at + headerBytes(count);
    for (let i = 0; i < count; i++) {
      const end = from + view.getUint32(at + 4 + i * 4, true) * 8;
      segments.push(new Segment(bytes.subarray(from, end)));
      from = end;
    }
    return segments;
  }
}

/** The segment table: a count, a size for each, padded to words. */
function headerBytes(count: number): number {
  return (4 + count * 4 + 7) & ~7;
}
