/**
 * The pipe that a VMM writes its events to, read as far as it goes whenever
 * somebody looks. A pipe holds 64 KiB and the VMM does not wait for room in it,
 * so a guest that makes events without end fills nothing and stops nobody.
 *
 * Deno cannot read a pipe without waiting in a thread for it; Node's functions
 * can.
 *
 * @module
 */
import { closeSync, constants, openSync, readSync } from "node:fs";
import {
  type EndSigns,
  NO_SIGNS,
  parseEvents,
  withEvent,
} from "./core/events.ts";

/** What a pipe holds: one look takes at most some of these. */
const PIECE_BYTES = 64 * 1024;
const MAX_PIECES = 16;
/** Of all pipes, which are read in one go each: made for every look at every VM it was 30 MiB a second for a hundred. */
const PIECE = new Uint8Array(PIECE_BYTES);

/** The events of one VM. */
export class EventPipe {
  #fd: number | null;
  #rest = "";
  #signs = NO_SIGNS;
  readonly #decoder = new TextDecoder();

  /** Its reading end. A VMM that has none waits for one before it does anything. @throws when it is not there, or a link that its VMM's user put there. */
  constructor(path: string) {
    const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
    this.#fd = openSync(path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW);
  }

  /** What has been heard until now. */
  look(): EndSigns {
    for (let pieces = 0; pieces < MAX_PIECES; pieces++) {
      const count = this.#read(PIECE);
      if (count === 0) break;
      this.#take(
        this.#decoder.decode(PIECE.subarray(0, count), { stream: true }),
      );
    }
    return this.#signs;
  }

  close(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }

  /** 0: nothing now, or nobody writes. */
  #read(buffer: Uint8Array): number {
    if (this.#fd === null) return 0;
    try {
      return readSync(this.#fd, buffer);
    } catch {
      return 0;
    }
  }

  #take(text: string): void {
    const { events, rest } = parseEvents(this.#rest + text);
    this.#rest = rest;
    this.#signs = events.reduce(withEvent, this.#signs);
  }
}
