/**
 * Reads Cap'n Proto messages of several segments, hostile ones included.
 *
 * Owns the resolution of pointers and its bounds: every section lies in its
 * segment, depth is at most MAX_DEPTH, and the words read in all are bounded
 * by a multiple of the message, so that loops and overlaps end. Generated
 * code reads the registers (`segment`, `data`, ...) that `structure` sets into
 * locals at once. Nothing here keeps a view of the message.
 *
 * @module
 */
import {
  MAX_DEPTH,
  TRAVERSAL_FACTOR,
  TRAVERSAL_GRACE_WORDS,
} from "../limits.ts";
import type { Hook } from "./hook.ts";
import { MalformedMessage, Segment } from "./segment.ts";
import { ELEMENT } from "./writer.ts";

export { MalformedMessage, Segment };

export class Reader {
  readonly segments: readonly Segment[];
  /** The capability table of the message. */
  caps: readonly (Hook | undefined)[];
  /** Stubs that decoding made, for who must dispose of them. */
  taken: Disposable[] = [];

  // Registers of the struct that was resolved last.
  segment: Segment;
  /** Offset of its data section. */
  data = 0;
  /** Bytes of its data section. */
  dataBytes = 0;
  /** Offset of its pointer section. */
  pointers = 0;
  pointerCount = 0;

  // Registers of the list that was resolved last; `segment` is its segment.
  count = 0;
  element = 0;
  /** Bytes from one element to the next (not for bits). */
  stride = 0;

  readonly #fullBudget: number;
  #budget: number;
  #depth = 0;
  // The place of the pointer proper, when a far pointer led to it.
  #targetAt = 0;
  #low = 0;
  #high = 0;

  constructor(
    segments: readonly Segment[],
    caps: readonly (Hook | undefined)[],
  ) {
    const first = segments[0];
    if (first === undefined || first.bytes.length < 8) {
      throw new MalformedMessage("a message without a root pointer");
    }
    this.segments = segments;
    this.segment = first;
    this.caps = caps;
    let bytes = 0;
    for (const segment of segments) bytes += segment.bytes.length;
    this.#fullBudget = TRAVERSAL_GRACE_WORDS + TRAVERSAL_FACTOR * (bytes / 8);
    this.#budget = this.#fullBudget;
  }

  /** Begins a reading of its own, for a message that is kept and read again. */
  rewind(): void {
    this.#budget = this.#fullBudget;
    this.#depth = 0;
  }

  /** How many bytes all segments have. */
  get byteLength(): number {
    return this.segments.reduce((sum, each) => sum + each.bytes.length, 0);
  }

  /** Reads the pointer at `at`, through far pointers. False: null. */
  pointer(segment: Segment, at: number): boolean {
    const low = segment.view.getInt32(at, true);
    const high = segment.view.getUint32(at + 4, true);
    if (low === 0 && high === 0) return false;
    this.segment = segment;
    this.#low = low;
    this.#high = high;
    this.#targetAt = at + 8 + (low >> 2) * 8;
    if ((low & 3) === 2) this.#far(low, high);
    return true;
  }

  #far(low: number, high: number): void {
    const segment = this.#segmentAt(high);
    const pad = (low >>> 3) * 8;
    const double = (low & 4) !== 0;
    this.#within(segment, pad, double ? 16 : 8);
    const view = segment.view;
    if (!double) {
      this.segment = segment;
      this.#low = view.getInt32(pad, true);
      this.#high = view.getUint32(pad + 4, true);
      this.#targetAt = pad + 8 + (this.#low >> 2) * 8;
      if ((this.#low & 3) === 2) {
        throw new MalformedMessage("a far pointer that leads to another");
      }
      return;
    }
    const place = view.getInt32(pad, true);
    if ((place & 7) !== 2) {
      throw new MalformedMessage("a double-far pointer without a far pointer");
    }
    this.segment = this.#segmentAt(view.getUint32(pad + 4, true));
    this.#targetAt = (place >>> 3) * 8;
    this.#low = view.getInt32(pad + 8, true);
    this.#high = view.getUint32(pad + 12, true);
    if ((this.#low & 3) === 2) {
      throw new MalformedMessage("a double-far pointer that leads to another");
    }
  }

  #segmentAt(index: number): Segment {
    const segment = this.segments[index];
    if (segment === undefined) {
      throw new MalformedMessage(`a pointer into segment ${index}`);
    }
    return segment;
  }

  /** Checks that `bytes` bytes at `at` are in the segment. */
  #within(segment: Segment, at: number, bytes: number): void {
    if (at < 0 || at + bytes > segment.bytes.length) {
      throw new MalformedMessage("a pointer out of bounds");
    }
  }

  #spend(words: number): void {
    this.#budget -= words;
    if (this.#budget < 0) {
      throw new MalformedMessage("a message that is read more than twice over");
    }
  }

  /** Which kind the pointer read last is: 0 struct, 1 list, 3 capability. */
  get kind(): number {
    return this.#low & 3;
  }

  /** Sets the registers to the struct at `at`. False: null. */
  structure(segment: Segment, at: number): boolean {
    if (!this.pointer(segment, at)) return false;
    if ((this.#low & 3) !== 0) {
      throw new MalformedMessage("a struct was expected");
    }
    this.dataBytes = (this.#high & 0xffff) * 8;
    this.pointerCount = this.#high >>> 16;
    const bytes = this.dataBytes + this.pointerCount * 8;
    this.data = this.#targetAt;
    this.pointers = this.data + this.dataBytes;
    // An empty struct may point anywhere; nothing of it is read.
    if (bytes !== 0) this.#within(this.segment, this.data, bytes);
    this.#spend(1 + bytes / 8);
    return true;
  }

  /** Sets the list registers; returns the offset of the first element, -1 for null. */
  list(segment: Segment, at: number): number {
    if (!this.pointer(segment, at)) return -1;
    if ((this.#low & 3) !== 1) {
      throw new MalformedMessage("a list was expected");
    }
    const element = this.#high & 7;
    const count = this.#high >>> 3;
    const start = this.#targetAt;
    this.element = element;
    if (element === ELEMENT.composite) return this.#composite(start, count);
    this.count = count;
    const bits = element === ELEMENT.empty
      ? 0
      : element === ELEMENT.bit
      ? 1
      : element === ELEMENT.pointer
      ? 64
      : 4 << element - 1;
    this.stride = bits >> 3;
    const bytes = Math.ceil(count * bits / 8);
    this.#within(this.segment, start, bytes);
    // Empty elements take no room: each is charged, or a few bytes would claim half a billion.
    this.#spend(1 + (bits === 0 ? count : Math.ceil(bytes / 8)));
    return start;
  }

  #composite(tagAt: number, words: number): number {
    this.#within(this.segment, tagAt, 8 + words * 8);
    const view = this.segment.view;
    const tag = view.getUint32(tagAt, true);
    if ((tag & 3) !== 0) throw new MalformedMessage("a list tag was expected");
    this.count = tag >>> 2;
    this.dataBytes = view.getUint16(tagAt + 4, true) * 8;
    this.pointerCount = view.getUint16(tagAt + 6, true);
    this.stride = this.dataBytes + this.pointerCount * 8;
    if (this.count * this.stride > words * 8) {
      throw new MalformedMessage("a list that is longer than its words");
    }
    this.#spend(1 + words + (this.stride === 0 ? this.count : 0));
    return tagAt + 8;
  }

  enter(): void {
    if (++this.#depth > MAX_DEPTH) {
      throw new MalformedMessage(`more than ${MAX_DEPTH} nested pointers`);
    }
  }

  leave(): void {
    this.#depth--;
  }

  /** The struct at `at`, undefined for null. */
  struct<T>(
    segment: Segment,
    at: number,
    decode: (reader: Reader) => T,
  ): T | undefined {
    if (!this.structure(segment, at)) return undefined;
    this.enter();
    const value = decode(this);
    this.leave();
    return value;
  }

  /** The struct at the root; a null root reads as a struct of defaults. */
  root<T>(segment: Segment, at: number, decode: (reader: Reader) => T): T {
    if (!this.structure(segment, at)) {
      this.segment = segment;
      this.data =
        this.dataBytes =
        this.pointers =
        this.pointerCount =
          0;
    }
    this.enter();
    const value = decode(this);
    this.leave();
    return value;
  }

  /** A list of structs. */
  structs<T>(
    segment: Segment,
    at: number,
    decode: (reader: Reader) => T,
  ): T[] {
    const start = this.list(segment, at);
    if (start < 0) return [];
    if (this.element === ELEMENT.bit) {
      throw new MalformedMessage("a list of bits where structs were expected");
    }
    const { segment: target, count, stride, element } = this;
    // A list of plain values is read as structs with that one field.
    const composite = element === ELEMENT.composite;
    const pointerCount = composite
      ? this.pointerCount
      : element === ELEMENT.pointer
      ? 1
      : 0;
    const dataBytes = stride - pointerCount * 8;
    this.enter();
    const values = new Array<T>(count);
    for (let i = 0; i < count; i++) {
      this.segment = target;
      this.data = start + i * stride;
      this.dataBytes = dataBytes;
      this.pointers = this.data + dataBytes;
      this.pointerCount = pointerCount;
      values[i] = decode(this);
    }
    this.leave();
    return values;
  }

  /** A list of pointers; `read` is given the place of each. */
  pointerList<T>(
    segment: Segment,
    at: number,
    read: (reader: Reader, segment: Segment, at: number) => T,
  ): T[] {
    let start = this.list(segment, at);
    if (start < 0) return [];
    const { segment: target, count, stride, element } = this;
    if (element === ELEMENT.composite && this.pointerCount > 0) {
      start += this.dataBytes;
    } else if (element !== ELEMENT.pointer && count > 0) {
      throw new MalformedMessage("a list of pointers was expected");
    }
    this.enter();
    const values = new Array<T>(count);
    for (let i = 0; i < count; i++) {
      values[i] = read(this, target, start + i * stride);
    }
    this.leave();
    return values;
  }

  /** A list of numbers of `size` bytes. */
  numbers<T>(
    segment: Segment,
    at: number,
    size: number,
    read: (view: DataView, at: number) => T,
  ): T[] {
    const start = this.list(segment, at);
    if (start < 0) return [];
    const room = this.element === ELEMENT.composite
      ? this.dataBytes
      : this.element === ELEMENT.pointer || this.element === ELEMENT.bit
      ? 0
      : this.stride;
    if (room < size && this.count > 0) {
      throw new MalformedMessage(`a list of ${size}-byte values was expected`);
    }
    const { count, stride } = this;
    const view = this.segment.view;
    const values = new Array<T>(count);
    for (let i = 0; i < count; i++) values[i] = read(view, start + i * stride);
    return values;
  }

  bools(segment: Segment, at: number): boolean[] {
    const start = this.list(segment, at);
    if (start < 0) return [];
    if (this.element !== ELEMENT.bit && this.count > 0) {
      throw new MalformedMessage("a list of bits was expected");
    }
    const bytes = this.segment.bytes;
    const values = new Array<boolean>(this.count);
    for (let i = 0; i < this.count; i++) {
      values[i] = (bytes[start + (i >> 3)]! >> (i & 7) & 1) === 1;
    }
    return values;
  }

  /** A list whose elements carry nothing. */
  voids(segment: Segment, at: number): undefined[] {
    return this.list(segment, at) < 0
      ? []
      : new Array<undefined>(this.count).fill(undefined);
  }

  text(segment: Segment, at: number): string {
    const start = this.list(segment, at);
    if (start < 0) return "";
    const length = this.count - 1;
    if (
      this.element !== ELEMENT.byte || length < 0 ||
      this.segment.bytes[start + length] !== 0
    ) {
      throw new MalformedMessage("a text that does not end in NUL");
    }
    return this.segment.utf8(start, length);
  }

  /** A copy of the bytes. */
  dataOf(segment: Segment, at: number): Uint8Array<ArrayBuffer> {
    const start = this.list(segment, at);
    if (start < 0) return new Uint8Array(0);
    if (this.element !== ELEMENT.byte && this.count > 0) {
      throw new MalformedMessage("bytes were expected");
    }
    return new Uint8Array(this.segment.bytes.slice(start, start + this.count));
  }

  /** The capability that the pointer at `at` names; undefined for null. */
  capability(segment: Segment, at: number): Hook | undefined {
    if (!this.pointer(segment, at)) return undefined;
    if ((this.#low & 3) !== 3) {
      throw new MalformedMessage("a capability was expected");
    }
    if (this.#high >= this.caps.length) {
      throw new MalformedMessage(
        `capability ${this.#high} of a table of ${this.caps.length}`,
      );
    }
    return this.caps[this.#high];
  }

  /** Index of the capability read by `pointer`. */
  get capabilityIndex(): number {
    return this.#high;
  }
}
