/**
 * A million hashes as whole numbers: each gets the next one when it is first
 * added. 46 bytes each, where a Map of texts takes 150.
 *
 * @module
 */

/** The characters of a store path's hash; of a nar's file name the first so many tell them apart as well. */
export const HASH_CHARS = 32;
/** No hash: not added. */
export const ABSENT = 0xffffffff;

/** Nix's alphabet for hashes: five bits a character. */
const ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";
const DIGIT = new Uint8Array(128);
for (const [digit, char] of [...ALPHABET].entries()) {
  DIGIT[char.charCodeAt(0)] = digit;
}

/** Six characters are 30 bits: five words, and a sixth for the last two. */
const WORDS = 6;
const CHARS_PER_WORD = 6;
/** Slots for each hash, so that a search ends soon at a free one; a million take 46 MB. */
const LOAD = 1.5;
/**
 * A slot is the number + 1, where 0 is free, and the key behind it: a million
 * are larger than what a processor keeps near, and whatever lies elsewhere
 * costs a way to memory for each of eight million references.
 */
const SLOT_WORDS = 1 + WORDS;

export class HashIndex {
  #slots: Uint32Array;
  /** Where each number's slot is. */
  #slotOf: Uint32Array;
  #count = 0;
  readonly #key = new Uint32Array(WORDS);

  /**
   * @param seed any number that who pushes cannot know: hashes made to meet in
   * one slot would otherwise cost a walk each.
   * @param expected how many are to come; more are taken.
   */
  constructor(private readonly seed: number, expected: number) {
    const capacity = Math.max(16, expected);
    this.#slotOf = new Uint32Array(capacity);
    this.#slots = slotsFor(capacity);
  }

  get count(): number {
    return this.#count;
  }

  /** The number of the hash that stands at `from` in `text`, which gets one if it has none. */
  add(text: string, from = 0): number {
    readKey(this.#key, text, from);
    const slot = slotOf(this.#slots, this.#key, this.seed);
    const known = this.#slots[slot] ?? 0;
    if (known !== 0) return known - 1;
    if (this.#count === this.#slotOf.length) {
      this.#grow();
      return this.add(text, from);
    }
    const number = this.#count++;
    this.#slots[slot] = number + 1;
    this.#slots.set(this.#key, slot + 1);
    this.#slotOf[number] = slot;
    return number;
  }

  /** The number of the hash that stands at `from` in `text`, or {@linkcode ABSENT}. */
  find(text: string, from = 0): number {
    readKey(this.#key, text, from);
    const slot = slotOf(this.#slots, this.#key, this.seed);
    return ((this.#slots[slot] ?? 0) - 1) >>> 0;
  }

  /** The hash with this number. */
  textOf(number: number): string {
    const key = (this.#slotOf[number] ?? 0) + 1;
    let text = "";
    for (let word = 0; word < WORDS; word++) {
      const bits = this.#slots[key + word] ?? 0;
      const chars = Math.min(CHARS_PER_WORD, HASH_CHARS - text.length);
      for (let at = chars - 1; at >= 0; at--) {
        text += ALPHABET.charAt((bits >>> (5 * at)) & 31);
      }
    }
    return text;
  }

  #grow(): void {
    const before = this.#slots;
    const from = this.#slotOf;
    this.#slots = slotsFor(from.length * 2);
    this.#slotOf = new Uint32Array(from.length * 2);
    for (let number = 0; number < this.#count; number++) {
      const old = from[number] ?? 0;
      this.#key.set(before.subarray(old + 1, old + SLOT_WORDS));
      const slot = slotOf(this.#slots, this.#key, this.seed);
      this.#slots[slot] = number + 1;
      this.#slots.set(this.#key, slot + 1);
      this.#slotOf[number] = slot;
    }
  }
}

function slotsFor(capacity: number): Uint32Array {
  return new Uint32Array(Math.ceil(capacity * LOAD) * SLOT_WORDS);
}

/** The words of the hash that stands there. */
function readKey(key: Uint32Array, text: string, from: number): void {
  let at = from;
  const last = from + HASH_CHARS;
  for (let word = 0; word < WORDS; word++) {
    let bits = 0;
    const end = Math.min(at + CHARS_PER_WORD, last);
    for (; at < end; at++) {
      bits = (bits << 5) | (DIGIT[text.charCodeAt(at) & 127] ?? 0);
    }
    key[word] = bits;
  }
}

/** Where the key is, or would be. */
function slotOf(slots: Uint32Array, key: Uint32Array, seed: number): number {
  let slot = firstSlot(key, seed, slots.length / SLOT_WORDS) * SLOT_WORDS;
  while (slots[slot] !== 0) {
    let word = 0;
    while (word < WORDS && slots[slot + 1 + word] === key[word]) word++;
    if (word === WORDS) return slot;
    slot += SLOT_WORDS;
    if (slot === slots.length) slot = 0;
  }
  return slot;
}

/** Every word counts, in an order that the seed decides. */
function firstSlot(key: Uint32Array, seed: number, count: number): number {
  let hash = seed | 0;
  for (let word = 0; word < WORDS; word++) {
    hash = Math.imul(hash ^ (key[word] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return Math.floor((hash >>> 0) / 2 ** 32 * count);
}
