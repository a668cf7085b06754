/**
 * Which path refers to which, what each takes and when it was last used, as
 * arrays of numbers: a million paths with eight million references are 160 MB.
 *
 * Built from pages while others go on writing: what refers to a path that is
 * not here is left out, and what came after its page was read is not known.
 * Who applies a plan looks again.
 *
 * @module
 */
import { ABSENT, HASH_CHARS, HashIndex } from "./hash_index.ts";

/** Of a path, on average, to begin with: packages have five to ten. */
const REFERENCES = 6;
/** By half: while they are copied both are in memory. */
const GROWTH = 1.5;

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
}

/** What a plan is made of: paths are numbers from 0 to `count`. */
export interface Graph {
  readonly count: number;
  /** Where the references of each path begin in `edges`. */
  readonly firstEdge: Uint32Array;
  /** Where they end: behind the last. */
  readonly endEdge: Uint32Array;
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
class Column {
  #length = 0;
  #values: Uint32Array;

  constructor(expected: number) {
    this.#values = new Uint32Array(Math.max(16, expected));
  }

  get length(): number {
    return this.#length;
  }

  set(at: number, value: number): void {
    if (at === this.#length) this.push(value);
    else this.#values[at] = value;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const larger = new Uint32Array(Math.ceil(this.#values.length * GROWTH));
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#length++] = value;
  }

  done(): Uint32Array {
    return this.#values.subarray(0, this.#length);
  }
}

export class GraphBuilder {
  readonly #paths: HashIndex;
  /** Let go of once references come: a million take as much as the paths. */
  #files: HashIndex | undefined;
  readonly #used: Column;
  readonly #file: Column;
  readonly #edges: Column;
  #fileBytes: Float64Array | undefined;
  #firstEdge = new Uint32Array();
  #endEdge = new Uint32Array();

  /** @param options.seed see {@linkcode HashIndex}; `expected`: paths to come, or a guess. */
  constructor({ seed, expected }: { seed: number; expected: number }) {
    this.#paths = new HashIndex(seed, expected);
    this.#files = new HashIndex(seed, expected);
    this.#used = new Column(expected);
    this.#file = new Column(expected);
    this.#edges = new Column(expected * REFERENCES);
  }

  /** Every path. One that is stored anew while others are read may come again: the last time counts. */
  addPath({ hash, usedAtMs, file }: PathFacts): void {
    const path = this.#paths.add(hash);
    this.#used.set(path, secondOf(usedAtMs));
    if (this.#files === undefined) throw new Error(`${hash} came too late`);
    this.#file.set(path, this.#files.add(file));
  }

  /** After all paths: what a nar takes. One that no path has is left out; one that never comes takes nothing. */
  addNar(file: string, bytes: number): void {
    const files = this.#files;
    if (files === undefined) throw new Error(`${file} came too late`);
    this.#fileBytes ??= new Float64Array(files.count);
    const number = files.find(file);
    if (number !== ABSENT) this.#fileBytes[number] = bytes;
  }

  /** After all nars: the references of one, their hashes one behind the other. Those that come first count. */
  addReferences(hash: string, references: string): void {
    this.#endFiles();
    const path = this.#paths.find(hash);
    if (path === ABSENT || this.#endEdge[path] !== 0) return;
    this.#firstEdge[path] = this.#edges.length;
    for (let at = 0; at < references.length; at += HASH_CHARS) {
      const target = this.#paths.find(references, at);
      // A path may name itself, and what an upstream has.
      if (target !== ABSENT && target !== path) this.#edges.push(target);
    }
    this.#endEdge[path] = this.#edges.length;
  }

  #endFiles(): void {
    if (this.#files === undefined) return;
    this.#fileBytes ??= new Float64Array(this.#files.count);
    this.#files = undefined;
    this.#firstEdge = new Uint32Array(this.#paths.count);
    this.#endEdge = new Uint32Array(this.#paths.count);
  }

  done(): Graph {
    this.#endFiles();
    const paths = this.#paths;
    return {
      count: paths.count,
      firstEdge: this.#firstEdge,
      endEdge: this.#endEdge,
      edges: this.#edges.done(),
      usedSecond: this.#used.done(),
      file: this.#file.done(),
      fileBytes: this.#fileBytes ?? new Float64Array(),
      hashOf: (path) => paths.textOf(path),
      find(hash) {
        const found = paths.find(hash);
        return found === ABSENT ? undefined : found;
      },
    };
  }
}
