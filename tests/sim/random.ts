/**
 * Randomness of a simulation: a stream per name, so that a new draw in one
 * place reshuffles nothing elsewhere.
 *
 * @module
 */
import type { Random } from "../../roles/model/ports.ts";

/** Four words from a text: Bob Jenkins' one-at-a-time hash, with another start for each. */
function seedWords(text: string): [number, number, number, number] {
  const words = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x6a09e667].map(
    (start) => {
      let hash = start;
      for (let index = 0; index < text.length; index++) {
        hash = (hash + text.charCodeAt(index)) >>> 0;
        hash = (hash + (hash << 10)) >>> 0;
        hash = (hash ^ (hash >>> 6)) >>> 0;
      }
      hash = (hash + (hash << 3)) >>> 0;
      hash = (hash ^ (hash >>> 11)) >>> 0;
      return (hash + (hash << 15)) >>> 0;
    },
  );
  return words as [number, number, number, number];
}

/** Draws of a stream are thrown away first, until its seed is well mixed. */
const WARM_UP = 12;

/** A stream of numbers: "small fast counting" generator, 32 bits. */
export class RandomStream implements Random {
  readonly #name: string;
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  constructor(name: string) {
    this.#name = name;
    [this.#a, this.#b, this.#c, this.#counter] = seedWords(name);
    for (let draw = 0; draw < WARM_UP; draw++) this.#word();
  }

  /** A stream of its own, the same whatever was drawn from this one. */
  child(name: string): RandomStream {
    return new RandomStream(`${this.#name}/${name}`);
  }

  #word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (this.#c << 21) | (this.#c >>> 11);
    this.#c = (this.#c + sum) | 0;
    return sum >>> 0;
  }

  /** From 0 up to and without 1. */
  fraction(): number {
    return this.#word() / 2 ** 32;
  }

  /** A whole number, both ends included. */
  integer(min: number, max: number): number {
    return min + Math.floor(this.fraction() * (max - min + 1));
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(0, items.length - 1)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }

  hex(bytes: number): string {
    let text = "";
    while (text.length < bytes * 2) {
      text += this.#word().toString(16).padStart(8, "0");
    }
    return text.slice(0, bytes * 2);
  }
}
