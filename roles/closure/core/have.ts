/**
 * Which paths a store has, in few bytes: of each path's hash a window of 40
 * bits, sorted. Pure.
 *
 * A store of 50,000 paths takes 250 kB. Of 500 paths that it lacks one is
 * taken for there in one of 44,000 times; who finds that out asks again with
 * another window of the hashes, which has nothing to do with the first. A bloom
 * filter as good would take half the bytes, and could not be checked.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";

/** Characters of a path's hash, each 5 bits. */
const WINDOW_CHARS = 8;
const ENTRY_BYTES = 5;
/** Windows in the 32 characters of a hash. */
export const WINDOWS = 4;
/** 100,000 paths are 667 kB in base 64, which one request may carry. */
export const MAX_HAVE = 100_000;

const ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";
const DIGITS = new Map([...ALPHABET].map((char, digit) => [char, digit]));

/** As it is sent. */
export interface Have {
  /** Which 8 characters of each hash: 0 to 3. */
  window: number;
  /** 5 bytes each, ascending, in base 64. */
  prefixes: string;
}

function keyOf(hash: string, window: number): number {
  let key = 0;
  const start = window * WINDOW_CHARS;
  for (let at = start; at < start + WINDOW_CHARS; at++) {
    // Above 32 bits shifts would cut.
    key = key * 32 + (DIGITS.get(hash.charAt(at)) ?? 0);
  }
  return key;
}

/** The set as it is sent. At most {@linkcode MAX_HAVE} hashes. */
export function encodeHave(hashes: Iterable<string>, window: number): Have {
  const keys = new Set<number>();
  for (const hash of hashes) keys.add(keyOf(hash, window));
  if (keys.size > MAX_HAVE) {
    throw new AppError(
      "invalid",
      `Cannot name ${keys.size} paths: at most ${MAX_HAVE} are taken`,
    );
  }
  const sorted = Float64Array.from(keys).sort();
  const bytes = new Uint8Array(sorted.length * ENTRY_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [index, key] of sorted.entries()) {
    const at = index * ENTRY_BYTES;
    view.setUint8(at, Math.floor(key / 2 ** 32));
    view.setUint32(at + 1, key % 2 ** 32);
  }
  return { window, prefixes: bytes.toBase64() };
}

/** The set as it came. */
export class HaveSet {
  readonly #window: number;
  readonly #keys: Float64Array;

  /** @throws {AppError} `invalid` for what {@linkcode encodeHave} never makes. */
  constructor({ window, prefixes }: Have) {
    const bytes = fromBase64(prefixes);
    const isSet = bytes !== null && bytes.length % ENTRY_BYTES === 0 &&
      bytes.length <= MAX_HAVE * ENTRY_BYTES;
    const isWindow = Number.isInteger(window) && window >= 0 &&
      window < WINDOWS;
    if (!isSet || !isWindow) {
      throw new AppError(
        "invalid",
        `Cannot read what the store has: it is not base 64 of at most ${MAX_HAVE} times ${ENTRY_BYTES} bytes`,
      );
    }
    this.#window = window;
    this.#keys = keysOf(bytes);
  }

  get size(): number {
    return this.#keys.length;
  }

  /** True for every hash that was put in, and for few others. */
  has(hash: string): boolean {
    const key = keyOf(hash, this.#window);
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#keys[middle] ?? 0) < key) low = middle + 1;
      else high = middle;
    }
    return this.#keys[low] === key;
  }
}

function fromBase64(text: string): Uint8Array | null {
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null;
  }
}

function keysOf(bytes: Uint8Array): Float64Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keys = new Float64Array(bytes.length / ENTRY_BYTES);
  for (let index = 0; index < keys.length; index++) {
    const at = index * ENTRY_BYTES;
    keys[index] = view.getUint8(at) * 2 ** 32 + view.getUint32(at + 1);
    if (index > 0 && (keys[index] ?? 0) <= (keys[index - 1] ?? 0)) {
      throw new AppError(
        "invalid",
        "Cannot read what the store has: it is not in ascending order",
      );
    }
  }
  return keys;
}
