/**
 * A million hashes as whole numbers: each gets the next one when it is first
 * added. 32 bytes each, where a Map of texts takes 150.
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
/** Slots for each hash: probes stay short up to half. */
const LOAD = 2;

/** What a hash is told by. */
type Key = Uint32Array;

export class HashIndex {
  #keys: Uint32Array;
  /** Number + 1; 0 is free. */
  #slots: Uint32Array;
  #count = 0;
  readonly #key: Key = new Uint32Array(WORDS);

  /**
   * @param seed any number that who pushes cannot know: hashes made to meet in
   * one slot would otherwise cost a walk each.
   * @param expected how many are to come; more are taken.
   */
  constructor(private readonly seed: number, expected: number) {
    const capacity = Math.max(16, expected);
    this.#keys = new Uint32Array(capacity * WORDS);
    this.#slots = new Uint32Array(slotsFor(capacity));
  }

  get count(): number {
    return this.#count;
  }

  /** The number of the hash that stands at `from` in `text`, which gets one if it has none. */
  add(text: string, from = 0): number {
    this.#read(text, from);
    const slot = this.#slotOf();
    const known = this.#slots[slot] ?? 0;
    if (known !== 0) return known - 1;
    if (this.#count * WORDS === this.#keys.length) this.#growKeys();
    this.#keys.set(this.#key, this.#count * WORDS);
    this.#slots[slot] = ++this.#count;
    if (this.#count * LOAD > this.#slots.length) this.#rehash();
    return this.#count - 1;
  }

  /** The number of the hash that stands at `from` in `text`, or {@linkcode ABSENT}. */
  find(text: string, from = 0): number {
    this.#read(text, from);
    const known = this.#slots[this.#slotOf()] ?? 0;
    return known === 0 ? ABSENT : known - 1;
  }

  /** The hash with this number. */
  textOf(number: number): string {
    let text = "";
    for (let word = 0; word < WORDS; word++) {
      const bits = this.#keys[number * WORDS + word] ?? 0;
      const chars = Math.min(CHARS_PER_WORD, HASH_CHARS - text.length);
      for (let at = chars - 1; at >= 0; at--) {
        text += ALPHABET.charAt((bits >>> (5 * at)) & 31);
      }
    }
    return text;
  }

  #read(text: string, from: number): void {
    let at = from;
    for (let word = 0; word < WORDS; word++) {
      let bits = 0;
      const end = Math.min(at + CHARS_PER_WORD, from + HASH_CHARS);
      for (; at < end; at++) {
        bits = (bits << 5) | (DIGIT[text.charCodeAt(at)] ?? 0);
      }
      this.#key[word] = bits;
    }
  }

  /** Where the key is, or would be. */
  #slotOf(): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(this.#key, 0, this.seed) & mask;
    for (;;) {
      const known = this.#slots[slot] ?? 0;
      if (known === 0 || this.#isAt((known - 1) * WORDS)) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #isAt(base: number): boolean {
    for (let word = 0; word < WORDS; word++) {
      if (this.#keys[base + word] !== this.#key[word]) return false;
    }
    return true;
  }

  #growKeys(): void {
    const larger = new Uint32Array(this.#keys.length * 2);
    larger.set(this.#keys);
    this.#keys = larger;
  }

  #rehash(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 0; number < this.#count; number++) {
      let slot = hashOf(this.#keys, number * WORDS, this.seed) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number + 1;
    }
    this.#slots = slots;
  }
}

function slotsFor(capacity: number): number {
  return 2 ** Math.ceil(Math.log2(capacity * LOAD + 1));
}

/** Every word counts, in an order that the seed decides. */
function hashOf(words: Uint32Array, base: number, seed: number): number {
  let hash = seed | 0;
  for (let word = 0; word < WORDS; word++) {
    hash = Math.imul(hash ^ (words[base + word] ?? 0), 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash >>> 0;
}
