/**
 * Cuts what a peer sends into lines of bounded length. Pure.
 *
 * @module
 */
import { Buffer } from "node:buffer";

const LINE_END = 10;

/** Lines of ASCII; longer ones are dropped whole, and nothing longer is ever kept. */
export class LineCutter {
  readonly #maxBytes: number;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  /** Inside a line that is too long: dropped up to its end. */
  #isDropping = false;
  /** Bytes dropped so far. */
  dropped = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The lines that end in this chunk, without their ends. */
  cut(chunk: Uint8Array): string[] {
    const lines: string[] = [];
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_END, from);
      if (end < 0) break;
      const line = this.#end(chunk.subarray(from, end));
      if (line !== null) lines.push(line);
      from = end + 1;
    }
    this.#keep(chunk.subarray(from));
    return lines;
  }

  #keep(part: Uint8Array): void {
    if (part.length === 0) return;
    if (this.#isDropping || this.#keptBytes + part.length > this.#maxBytes) {
      this.dropped += this.#keptBytes + part.length;
      this.#isDropping = true;
      this.#clear();
      return;
    }
    // Not a view: the chunk may be a large one of which this is the end.
    this.#kept.push(part.slice());
    this.#keptBytes += part.length;
  }

  #end(part: Uint8Array): string | null {
    // Nearly always: a flood of short lines must cost little more than reading it.
    if (this.#keptBytes === 0 && !this.#isDropping) {
      if (part.length <= this.#maxBytes) return latin1(part);
      this.dropped += part.length;
      return null;
    }
    this.#keep(part);
    if (this.#isDropping) {
      this.#isDropping = false;
      return null;
    }
    const text = latin1(Buffer.concat(this.#kept));
    this.#clear();
    return text;
  }

  #clear(): void {
    this.#kept = [];
    this.#keptBytes = 0;
  }
}

/** Each byte is a character: what is not ASCII is no valid frame, and stays recognisable as such. */
function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString("latin1");
}
