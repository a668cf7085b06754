/**
 * Walks the frames of a zstd stream (RFC 8878) without unpacking them, to
 * tell whether it ends where a frame ends.
 *
 * The decompressor of node:zlib takes a stream that stops in the middle of a
 * frame, and one with other bytes behind it; nix does not. Without this, a
 * publisher could store a nar that no client can read.
 *
 * @module
 */

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;
/** The magic, and the descriptor that tells how long the header is. */
const FRAME_START_BYTES = 5;
/** The magic, and how many bytes to skip. */
const SKIPPABLE_START_BYTES = 8;
const BLOCK_HEADER_BYTES = 3;
const CHECKSUM_BYTES = 4;
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
/** A block of this type repeats one byte: its size says how often, it holds one. */
const RLE_BLOCK = 1;
const RESERVED_BLOCK = 3;

type State =
  /** Between frames: the only state to end in. */
  | { kind: "frame" }
  | { kind: "block"; checksum: boolean }
  | { kind: "skip"; left: number; then: State };

function little(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let digit = count - 1; digit >= 0; digit--) {
    value = value * 256 + (bytes[at + digit] ?? 0);
  }
  return value;
}

/** Bytes of a frame header after its magic and descriptor. */
function headerBytes(descriptor: number): number {
  const single = (descriptor >> 5 & 1) === 1;
  const sizeFlag = descriptor >> 6;
  const window = single ? 0 : 1;
  const dictionary = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0;
  const size = sizeFlag === 0 && single ? 1 : CONTENT_SIZE_BYTES[sizeFlag] ?? 0;
  return window + dictionary + size;
}

/** Follows one stream, chunk by chunk. */
export class ZstdFrames {
  #state: State = { kind: "frame" };
  /** The start of a header that a chunk's end has cut. */
  #held = new Uint8Array();
  #frames = 0;

  /** False when this is no zstd: nothing after it counts. */
  add(chunk: Uint8Array): boolean {
    let bytes = chunk;
    if (this.#held.length > 0) {
      bytes = new Uint8Array(this.#held.length + chunk.length);
      bytes.set(this.#held);
      bytes.set(chunk, this.#held.length);
    }
    let at = 0;
    while (at < bytes.length) {
      const used = this.#step(bytes, at);
      if (used === "broken") return false;
      if (used === "cut") break;
      at += used;
    }
    this.#held = bytes.slice(at);
    return true;
  }

  /** True when the stream so far is one or more whole frames. */
  get complete(): boolean {
    return this.#frames > 0 && this.#state.kind === "frame" &&
      this.#held.length === 0;
  }

  #step(bytes: Uint8Array, at: number): number | "cut" | "broken" {
    const left = bytes.length - at;
    const state = this.#state;
    switch (state.kind) {
      case "skip": {
        const used = Math.min(state.left, left);
        this.#state = used === state.left
          ? this.#entered(state.then)
          : { ...state, left: state.left - used };
        return used;
      }
      case "frame":
        return this.#frame(bytes, at);
      case "block":
        return this.#block(bytes, at, state.checksum);
    }
  }

  #frame(bytes: Uint8Array, at: number): number | "cut" | "broken" {
    const left = bytes.length - at;
    if (left < FRAME_START_BYTES) return "cut";
    const magic = little(bytes, at, 4);
    if (magic >= SKIPPABLE_MAGIC && magic <= SKIPPABLE_MAGIC + 15) {
      if (left < SKIPPABLE_START_BYTES) return "cut";
      this.#skip(little(bytes, at + 4, 4), { kind: "frame" });
      return SKIPPABLE_START_BYTES;
    }
    if (magic !== FRAME_MAGIC) return "broken";
    const descriptor = bytes[at + 4] ?? 0;
    const more = headerBytes(descriptor);
    this.#skip(more, { kind: "block", checksum: (descriptor >> 2 & 1) === 1 });
    return FRAME_START_BYTES;
  }

  #block(
    bytes: Uint8Array,
    at: number,
    checksum: boolean,
  ): number | "cut" | "broken" {
    if (bytes.length - at < BLOCK_HEADER_BYTES) return "cut";
    const header = little(bytes, at, BLOCK_HEADER_BYTES);
    const type = header >> 1 & 3;
    if (type === RESERVED_BLOCK) return "broken";
    const size = type === RLE_BLOCK ? 1 : header >> 3;
    const last = (header & 1) === 1;
    if (last) {
      this.#skip(size + (checksum ? CHECKSUM_BYTES : 0), { kind: "frame" });
    } else this.#skip(size, { kind: "block", checksum });
    return BLOCK_HEADER_BYTES;
  }

  #skip(left: number, then: State): void {
    this.#state = left === 0
      ? this.#entered(then)
      : { kind: "skip", left, then };
  }

  #entered(state: State): State {
    if (state.kind === "frame") this.#frames++;
    return state;
  }
}
