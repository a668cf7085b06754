/**
 * The largest closures of a graph: of paths that nothing refers to, since a
 * closure within a larger one says nothing new. Pure, in slices.
 *
 * Each closure is walked, so the work is the sum of their sizes: a million
 * paths in ten thousand systems of a thousand paths each are ten million steps.
 * Where it is more, those with few references of their own are left out.
 *
 * @module
 */
import type { Graph } from "../../gc/core/graph.ts";

/** A millisecond or less. */
const SLICE_STEPS = 20_000;
/** Some ten seconds of a slow machine, in slices. */
const MAX_STEPS = 100_000_000;
/** Candidates by their own references: systems have many, a single program some, a source none. */
const CLASSES: readonly (readonly [number, number])[] = [
  [64, Infinity],
  [8, 64],
  [0, 8],
];

export interface LargeClosure {
  path: number;
  paths: number;
  bytes: number;
}

export interface Largest {
  closures: LargeClosure[];
  /** False: the work ended before all were looked at. */
  complete: boolean;
}

/** Adds up closures, each in one walk. */
class Walker {
  readonly #seen: Uint32Array;
  readonly #seenFile: Uint32Array;
  readonly #stack: number[] = [];
  #walk = 0;
  steps = 0;

  constructor(private readonly graph: Graph) {
    this.#seen = new Uint32Array(graph.count);
    this.#seenFile = new Uint32Array(graph.fileBytes.length);
  }

  *closureOf(root: number): Generator<void, LargeClosure> {
    const { firstEdge, endEdge, edges } = this.graph;
    const stack = this.#stack;
    this.#walk++;
    const sum = { path: root, paths: 0, bytes: 0 };
    this.#enter(root, sum);
    for (;;) {
      const path = stack.pop();
      if (path === undefined) return sum;
      const end = endEdge[path] ?? 0;
      for (let at = firstEdge[path] ?? 0; at < end; at++) {
        this.#enter(edges[at] ?? 0, sum);
        if (++this.steps % SLICE_STEPS === 0) yield;
      }
    }
  }

  #enter(path: number, sum: LargeClosure): void {
    if (this.#seen[path] === this.#walk) return;
    this.#seen[path] = this.#walk;
    this.#stack.push(path);
    sum.paths++;
    const file = this.graph.file[path] ?? 0;
    if (this.#seenFile[file] === this.#walk) return;
    this.#seenFile[file] = this.#walk;
    sum.bytes += this.graph.fileBytes[file] ?? 0;
  }
}

/** 1 for each path that another refers to. */
function* referredOf({ count, edges }: Graph): Generator<void, Uint8Array> {
  const referred = new Uint8Array(count);
  for (let at = 0; at < edges.length; at++) {
    if (at % SLICE_STEPS === 0) yield;
    referred[edges[at] ?? 0] = 1;
  }
  return referred;
}

function insert(found: LargeClosure[], one: LargeClosure, count: number): void {
  if (found.length === count && one.bytes <= (found.at(-1)?.bytes ?? 0)) return;
  const place = found.findIndex((other) => other.bytes < one.bytes);
  found.splice(place < 0 ? found.length : place, 0, one);
  found.length = Math.min(found.length, count);
}

/** At most `count` closures, the largest first. */
export function* largestClosures(
  graph: Graph,
  count: number,
  maxSteps = MAX_STEPS,
): Generator<void, Largest> {
  const referred = yield* referredOf(graph);
  const walker = new Walker(graph);
  const closures: LargeClosure[] = [];
  for (const [least, below] of CLASSES) {
    for (let path = 0; path < graph.count; path++) {
      if (path % SLICE_STEPS === 0) yield;
      if (referred[path] === 1) continue;
      const references = (graph.endEdge[path] ?? 0) -
        (graph.firstEdge[path] ?? 0);
      if (references < least || references >= below) continue;
      if (walker.steps >= maxSteps) return { closures, complete: false };
      insert(closures, yield* walker.closureOf(path), count);
    }
  }
  return { closures, complete: true };
}
