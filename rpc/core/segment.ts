/**
 * The bytes of one segment of a message, and what is thrown of bad ones.
 *
 * @module
 */
import { Buffer } from "node:buffer";

/** What is wrong with a message. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

/** Strings up to this many bytes are faster from an array of codes than by a native call. */
const SHORT_TEXT = 16;
const SCRATCH: number[][] = Array.from(
  { length: SHORT_TEXT + 1 },
  (_, length) => new Array<number>(length).fill(0),
);

export class Segment {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #buffer: Buffer | undefined;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  utf8(at: number, length: number): string {
    if (length <= SHORT_TEXT) {
      const codes = SCRATCH[length]!;
      let i = 0;
      for (; i < length; i++) {
        const code = this.bytes[at + i]!;
        if (code > 127) break;
        codes[i] = code;
      }
      if (i === length) return String.fromCharCode.apply(null, codes);
    }
    this.#buffer ??= Buffer.from(
      this.bytes.buffer,
      this.bytes.byteOffset,
      this.bytes.byteLength,
    );
    return this.#buffer.toString("utf8", at, at + length);
  }
}
