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
    this.#keep(part);
    if (this.#isDropping) {
      this.#isDropping = false;
      return null;
    }
    // Each byte is a character: what is not ASCII is no valid frame, and stays recognisable as such.
    const text = Buffer.concat(this.#kept).toString("latin1");
    this.#clear();
    return text;
  }

  #clear(): void {
    this.#kept = [];
    this.#keptBytes = 0;
  }
}
