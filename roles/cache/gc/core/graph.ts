/**
 * Which path refers to which, what each takes and when it was last used, as
 * arrays of numbers: a million paths with ten million references are 130 MB.
 *
 * Built from pages that come in the order of hashes while others go on
 * writing: what refers to a path that is not here is left out, and what came
 * after its page was read is not known. Who applies a plan looks again.
 *
 * @module
 */
import { ABSENT, HASH_CHARS, HashIndex } from "./hash_index.ts";

/** Seconds fit 32 bits until the year 2106. */
const SECOND_MS = 1000;

/** No second comes after it: what is kept since then is nothing. */
export const NEVER_SECOND = 0xffffffff;

/** Rounded up: never older than it is. */
export function secondOf(ms: number): number {
  return Math.max(0, Math.ceil(ms / SECOND_MS));
}

/** One path as it is read. */
export interface PathFacts {
  hash: string;
  usedAtMs: number;
  /** The nar's file name; its first 32 characters are enough. */
  file: string;
  fileBytes: number;
}

/** What a plan is made of: paths are numbers from 0 to `count`. */
export interface Graph {
  readonly count: number;
  /** Where the references of each path begin in `edges`; one more than there are paths. */
  readonly firstEdge: Uint32Array;
  readonly edges: Uint32Array;
  readonly usedSecond: Uint32Array;
  /** Several paths may have one. */
  readonly file: Uint32Array;
  readonly fileBytes: Float64Array;
  hashOf(path: number): string;
  /** Undefined for what is not here. */
  find(hash: string): number | undefined;
}

/** Numbers that are added one by one. */
class Column<A extends Uint32Array | Float64Array> {
  #length = 0;

  constructor(
    private values: A,
    private readonly make: (length: number) => A,
  ) {}

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.values.length) {
      const larger = this.make(Math.max(16, this.values.length * 2));
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.#length++] = value;
  }

  done(): A {
    return this.values.subarray(0, this.#length) as A;
  }
}

const uint32 = (length: number) => new Uint32Array(length);
const float64 = (length: number) => new Float64Array(length);

export class GraphBuilder {
  readonly #paths: HashIndex;
  readonly #files: HashIndex;
  readonly #used: Column<Uint32Array>;
  readonly #file: Column<Uint32Array>;
  readonly #fileBytes: Column<Float64Array>;
  readonly #firstEdge: Column<Uint32Array>;
  readonly #edges: Column<Uint32Array>;

  /** @param options.seed see {@linkcode HashIndex}; `expected`: paths to come, or a guess. */
  constructor({ seed, expected }: { seed: number; expected: number }) {
    this.#paths = new HashIndex(seed, expected);
    this.#files = new HashIndex(seed, expected);
    this.#used = new Column(uint32(expected), uint32);
    this.#file = new Column(uint32(expected), uint32);
    this.#fileBytes = new Column(float64(expected), float64);
    this.#firstEdge = new Column(uint32(expected + 1), uint32);
    this.#edges = new Column(uint32(expected * 4), uint32);
  }

  /** Every path, in the order of hashes, each once. */
  addPath({ hash, usedAtMs, file, fileBytes }: PathFacts): void {
    if (this.#paths.add(hash) !== this.#used.length) {
      throw new Error(`the path ${hash} came twice`);
    }
    this.#used.push(secondOf(usedAtMs));
    const number = this.#files.add(file);
    if (number === this.#fileBytes.length) this.#fileBytes.push(fileBytes);
    this.#file.push(number);
  }

  /** After all paths: the references of one, their hashes one behind the other; again in the order of hashes. */
  addReferences(hash: string, references: string): void {
    const path = this.#paths.find(hash);
    if (path === ABSENT) return;
    if (path < this.#firstEdge.length - 1) {
      throw new Error(`the references of ${hash} came out of order`);
    }
    while (this.#firstEdge.length <= path) {
      this.#firstEdge.push(this.#edges.length);
    }
    for (let at = 0; at < references.length; at += HASH_CHARS) {
      const target = this.#paths.find(references, at);
      // A path may name itself, and what an upstream has.
      if (target !== ABSENT && target !== path) this.#edges.push(target);
    }
  }

  done(): Graph {
    const count = this.#paths.count;
    while (this.#firstEdge.length <= count) {
      this.#firstEdge.push(this.#edges.length);
    }
    const paths = this.#paths;
    return {
      count,
      firstEdge: this.#firstEdge.done(),
      edges: this.#edges.done(),
      usedSecond: this.#used.done(),
      file: this.#file.done(),
      fileBytes: this.#fileBytes.done(),
      hashOf: (path) => paths.textOf(path),
      find(hash) {
        const found = paths.find(hash);
        return found === ABSENT ? undefined : found;
      },
    };
  }
}
