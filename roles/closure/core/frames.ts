/**
 * The framing of a closure on its way from a cache to a store: one response
 * body that says by itself whether it is whole. Pure.
 *
 * ```text
 *   "pcrclos1"  frame*          frame: kind (1)  length (4, big endian)  payload
 *
 *   head  (path data*)*  end    whole
 *   head  (path data*)*  error  the cache could not go on, and says why
 *   anything else               cut or damaged
 * ```
 *
 * Compressed nars pass as they are stored, in pieces: a cache that fails in the
 * middle of a file can still say so.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** Names the version: a later one that cannot be read by this has another. */
export const MAGIC = "pcrclos1";
export const CONTENT_TYPE = "application/x-procurator-closure";

/** In the order in which they may come. */
export type FrameKind = "head" | "path" | "data" | "end" | "error";

const CODES = {
  head: 0x48,
  path: 0x50,
  data: 0x44,
  end: 0x5a,
  error: 0x45,
} as const satisfies Record<FrameKind, number>;
const KINDS = new Map<number, FrameKind>(
  Object.entries(CODES).map(([kind, code]) => [code, kind as FrameKind]),
);

/** Files are read in pieces of 64 KiB; whoever reads larger ones stays below this. */
export const MAX_DATA_BYTES = 1024 * 1024;
/**
 * The longest payload of each kind: a head lists 100,000 paths of 160 bytes, a
 * path is a narinfo, an error is a message for people.
 */
const MAX_BYTES = {
  head: 16 * 1024 * 1024,
  path: 1024 * 1024,
  data: MAX_DATA_BYTES,
  end: 64,
  error: 64 * 1024,
} as const satisfies Record<FrameKind, number>;
const HEADER_BYTES = 5;

/** A frame; data comes in pieces, each with the bytes that arrived together. */
export interface Frame {
  kind: FrameKind;
  bytes: Uint8Array;
}

function broken(why: string): AppError {
  return new AppError("failed", `Cannot read the closure: ${why}`);
}

/** What goes before `payload`. */
export function frameHeader(kind: FrameKind, length: number): Uint8Array {
  if (length > MAX_BYTES[kind]) {
    throw broken(`a ${kind} of ${length} bytes is larger than may be`);
  }
  const header = new Uint8Array(HEADER_BYTES);
  header[0] = CODES[kind];
  new DataView(header.buffer).setUint32(1, length);
  return header;
}

/** A whole frame. */
export function encodeFrame(kind: FrameKind, payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(HEADER_BYTES + payload.length);
  frame.set(frameHeader(kind, payload.length));
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** What a response begins with. */
export function encodeMagic(): Uint8Array {
  return new TextEncoder().encode(MAGIC);
}

/** Bytes that are collected until there are enough of them. */
class Collected {
  readonly bytes: Uint8Array;
  #filled = 0;

  constructor(length: number) {
    this.bytes = new Uint8Array(length);
  }

  get missing(): number {
    return this.bytes.length - this.#filled;
  }

  /** Takes what it lacks; gives how much that was. */
  add(chunk: Uint8Array): number {
    const part = chunk.subarray(0, this.missing);
    this.bytes.set(part, this.#filled);
    this.#filled += part.length;
    return part.length;
  }
}

type ReaderState =
  | { at: "magic"; collected: Collected }
  | { at: "header"; collected: Collected }
  | { at: "payload"; kind: FrameKind; collected: Collected }
  /** Passed on as it comes. */
  | { at: "data"; left: number };

/** Takes a response apart, however it was cut into chunks. */
export class FrameReader {
  #state: ReaderState = {
    at: "magic",
    collected: new Collected(MAGIC.length),
  };

  /** True between two frames. */
  get atBoundary(): boolean {
    return this.#state.at === "header" &&
      this.#state.collected.missing === HEADER_BYTES;
  }

  /** @throws {AppError} `failed` for what is no such stream. */
  *push(chunk: Uint8Array): Generator<Frame> {
    let rest = chunk;
    while (rest.length > 0) {
      const state = this.#state;
      if (state.at === "data") {
        const bytes = rest.subarray(0, state.left);
        rest = rest.subarray(bytes.length);
        state.left -= bytes.length;
        if (state.left === 0) this.#toHeader();
        yield { kind: "data", bytes };
        continue;
      }
      rest = rest.subarray(state.collected.add(rest));
      if (state.collected.missing > 0) return;
      const { bytes } = state.collected;
      if (state.at === "magic") this.#takeMagic(bytes);
      else if (state.at === "header") {
        const empty = this.#takeHeader(bytes);
        if (empty !== null) yield empty;
      } else {
        this.#toHeader();
        yield { kind: state.kind, bytes };
      }
    }
  }

  #toHeader(): void {
    this.#state = { at: "header", collected: new Collected(HEADER_BYTES) };
  }

  #takeMagic(bytes: Uint8Array): void {
    const text = new TextDecoder("latin1").decode(bytes);
    if (text !== MAGIC) {
      throw broken(`it begins with ${JSON.stringify(text)}, not ${MAGIC}`);
    }
    this.#toHeader();
  }

  /** Gives the frame when it has no payload. */
  #takeHeader(bytes: Uint8Array): Frame | null {
    const kind = KINDS.get(bytes[0] ?? 0);
    const length = new DataView(bytes.buffer).getUint32(1);
    if (kind === undefined) throw broken(`there is no frame ${bytes[0]}`);
    if (length > MAX_BYTES[kind]) {
      throw broken(`a ${kind} of ${length} bytes is larger than may be`);
    }
    if (length === 0) {
      this.#toHeader();
      return { kind, bytes: new Uint8Array() };
    }
    this.#state = kind === "data"
      ? { at: "data", left: length }
      : { at: "payload", kind, collected: new Collected(length) };
    return null;
  }
}
