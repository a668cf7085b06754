/**
 * Builds Cap'n Proto messages of one segment in a buffer that grows.
 *
 * Owns allocation and pointers; several messages can follow each other in one
 * buffer (that is how writes of one turn become one system call). Never reads
 * what it wrote. Everything beyond `end` is zero at all times.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Hook } from "./hook.ts";

/** Strings up to this many characters are faster in a loop than by a native call. */
const SHORT_TEXT = 48;
/** Element sizes of list pointers. */
export const ELEMENT = {
  empty: 0,
  bit: 1,
  byte: 2,
  twoBytes: 3,
  fourBytes: 4,
  eightBytes: 5,
  pointer: 6,
  composite: 7,
} as const;

const MAX_LIST = 2 ** 29 - 1;

export class Writer {
  bytes: Uint8Array<ArrayBuffer>;
  view: DataView<ArrayBuffer>;
  #buffer: Buffer<ArrayBuffer> | undefined;
  /** Bytes in use. */
  end = 0;
  /** The capabilities that the message under way names, by index. */
  caps: Hook[] = [];

  constructor(size = 1024) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Offset of `bytes` (rounded up to words) zeroed bytes. */
  allocate(bytes: number): number {
    const at = this.end;
    const end = at + ((bytes + 7) & ~7);
    if (end > this.bytes.length) this.#grow(end);
    this.end = end;
    return at;
  }

  #grow(end: number): void {
    const bytes = new Uint8Array(Math.max(end, this.bytes.length * 2));
    bytes.set(this.bytes.subarray(0, this.end));
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
    this.#buffer = undefined;
  }

  /** Forgets everything from `at` on: an unfinished message, or all that was sent. */
  truncate(at: number): void {
    this.bytes.fill(0, at, this.end);
    this.end = at;
    this.caps = [];
  }

  /** Writes a struct pointer at `pointerAt` and returns the offset of its data section. */
  struct(pointerAt: number, dataWords: number, pointerWords: number): number {
    if (dataWords + pointerWords === 0) {
      // An empty struct is told from null by the offset -1.
      this.view.setInt32(pointerAt, -4, true);
      return pointerAt;
    }
    const at = this.allocate((dataWords + pointerWords) * 8);
    this.view.setInt32(pointerAt, (at - pointerAt - 8) >> 1, true);
    this.view.setUint32(pointerAt + 4, dataWords | pointerWords << 16, true);
    return at;
  }

  /** Writes a list pointer at `pointerAt`; returns the offset of the first of `bytes` bytes. */
  list(
    pointerAt: number,
    element: number,
    count: number,
    bytes: number,
  ): number {
    if (count > MAX_LIST) throw new RangeError(`a list of ${count} elements`);
    const at = this.allocate(bytes);
    this.view.setInt32(pointerAt, ((at - pointerAt - 8) >> 1) | 1, true);
    this.view.setUint32(pointerAt + 4, (element | count << 3) >>> 0, true);
    return at;
  }

  /** Writes a pointer to a list of structs; returns the offset of the first one's data section. */
  structList(
    pointerAt: number,
    count: number,
    dataWords: number,
    pointerWords: number,
  ): number {
    const words = count * (dataWords + pointerWords);
    const at = this.list(pointerAt, ELEMENT.composite, words, words * 8 + 8);
    this.view.setUint32(at, count << 2, true);
    this.view.setUint32(at + 4, dataWords | pointerWords << 16, true);
    return at + 8;
  }

  text(pointerAt: number, text: string): void {
    if (typeof text !== "string") {
      throw new RangeError(`a text must be a string, not ${typeof text}`);
    }
    const length = text.length;
    if (length > SHORT_TEXT) return this.#longText(pointerAt, text);
    const at = this.list(pointerAt, ELEMENT.byte, length + 1, length + 1);
    const bytes = this.bytes;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.bytes.fill(0, at, this.end);
        this.end = at;
        return this.#longText(pointerAt, text);
      }
      bytes[at + i] = code;
    }
  }

  #longText(pointerAt: number, text: string): void {
    const size = Buffer.byteLength(text);
    const at = this.list(pointerAt, ELEMENT.byte, size + 1, size + 1);
    this.#buffer ??= Buffer.from(this.bytes.buffer);
    this.#buffer.write(text, at, size, "utf8");
  }

  data(pointerAt: number, data: Uint8Array): void {
    const at = this.list(pointerAt, ELEMENT.byte, data.length, data.length);
    this.bytes.set(data, at);
  }

  capability(pointerAt: number, hook: Hook): void {
    this.view.setUint32(pointerAt, 3, true);
    this.view.setUint32(pointerAt + 4, this.caps.length, true);
    this.caps.push(hook);
  }

  bools(pointerAt: number, list: readonly boolean[]): void {
    const size = (list.length + 7) >> 3;
    const at = this.list(pointerAt, ELEMENT.bit, list.length, size);
    for (let i = 0; i < list.length; i++) {
      if (list[i]) this.bytes[at + (i >> 3)]! |= 1 << (i & 7);
    }
  }

  /** A list of pointers; `write` fills each. */
  pointers<T>(
    pointerAt: number,
    list: readonly T[],
    write: (writer: Writer, at: number, item: T) => void,
  ): void {
    const at = this.list(
      pointerAt,
      ELEMENT.pointer,
      list.length,
      list.length * 8,
    );
    for (let i = 0; i < list.length; i++) write(this, at + i * 8, list[i]!);
  }

  /** A list of numbers of `size` bytes; `write` puts one. */
  numbers<T>(
    pointerAt: number,
    list: readonly T[],
    options: {
      element: number;
      size: number;
      write: (writer: Writer, at: number, item: T) => void;
    },
  ): void {
    const { element, size, write } = options;
    const at = this.list(pointerAt, element, list.length, list.length * size);
    for (let i = 0; i < list.length; i++) write(this, at + i * size, list[i]!);
  }

  /** A list of structs; `write` fills each. */
  structs<T>(
    pointerAt: number,
    list: readonly T[],
    options: {
      dataWords: number;
      pointerWords: number;
      write: (writer: Writer, item: T, at: number) => void;
    },
  ): void {
    const { dataWords, pointerWords, write } = options;
    const at = this.structList(
      pointerAt,
      list.length,
      dataWords,
      pointerWords,
    );
    const stride = (dataWords + pointerWords) * 8;
    for (let i = 0; i < list.length; i++) {
      write(this, list[i]!, at + i * stride);
    }
  }
}

/** The value, or a RangeError that names the field. */
export function checkInteger(
  value: number,
  min: number,
  max: number,
  field: string,
): number {
  if (!(value >= min && value <= max && Number.isInteger(value))) {
    throw new RangeError(
      `${field} must be an integer from ${min} to ${max}, not ${value}`,
    );
  }
  return value;
}

const LOW_32 = 0xffff_ffffn;

/** Writes an unsigned 64-bit field. Bits of `mask` are flipped: the field's default. */
export function setUint64(
  view: DataView,
  at: number,
  value: number | bigint,
  field: string,
): void {
  if (typeof value === "number") {
    checkInteger(value, 0, Number.MAX_SAFE_INTEGER, field);
    view.setUint32(at, value >>> 0, true);
    view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
    return;
  }
  if (value < 0n || value >= 1n << 64n) {
    throw new RangeError(`${field} must be from 0 to 2^64-1, not ${value}`);
  }
  view.setUint32(at, Number(value & LOW_32), true);
  view.setUint32(at + 4, Number(value >> 32n), true);
}

/** Writes a signed 64-bit field. */
export function setInt64(
  view: DataView,
  at: number,
  value: number | bigint,
  field: string,
): void {
  if (typeof value === "number") {
    const safe = Number.MAX_SAFE_INTEGER;
    checkInteger(value, -safe, safe, field);
    view.setUint32(at, value >>> 0, true);
    view.setInt32(at + 4, Math.floor(value / 0x1_0000_0000), true);
    return;
  }
  if (value < -(1n << 63n) || value >= 1n << 63n) {
    throw new RangeError(`${field} must be from -2^63 to 2^63-1, not ${value}`);
  }
  view.setBigInt64(at, value, true);
}

/** Flips the bits of a 64-bit field that are set in its default. */
export function flip64(
  view: DataView,
  at: number,
  low: number,
  high: number,
): void {
  view.setUint32(at, view.getUint32(at, true) ^ low, true);
  view.setUint32(at + 4, view.getUint32(at + 4, true) ^ high, true);
}

/** The number of an enumerant; numbers that a newer schema may know pass. */
export function enumNumber(
  value: string | number,
  table: Readonly<Record<string, number>>,
  field: string,
): number {
  if (typeof value === "number") return checkInteger(value, 0, 65535, field);
  const number = Object.hasOwn(table, value) ? table[value] : undefined;
  if (number === undefined) {
    throw new RangeError(
      `${field} must be one of ${Object.keys(table).join(", ")}, not ${value}`,
    );
  }
  return number;
}
