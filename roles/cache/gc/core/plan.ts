/**
 * Decides which paths go and in which order. Pure; a generator, so that a
 * million paths are decided on in slices between requests.
 *
 * What stays is closed under references, always: each path that stays takes
 * with it all that it refers to.
 *
 *     rooted    a generation, a branch or a pin reaches it
 *     recent    it was stored or asked for within the grace, or such a path reaches it:
 *               a push that is under way counts on what nix was told is here
 *     young     the same, within the days that paths are kept without a root
 *     old       none of these
 *     over      young, and beyond the bounds on size or count: the least lately used first
 *     circular  old or over, and one of more paths that refer to each other in a
 *               circle than may go at once: stays. No closure that nix made has one.
 *
 * What goes is ordered so that a path goes before all that it refers to:
 * however far it comes, no closure is broken.
 *
 * @module
 */
import type { Graph } from "./graph.ts";
import { orderByUse } from "./order_by_use.ts";

/** Steps between two yields: a millisecond or two. */
const SLICE_STEPS = 50_000;
/** Paths in circles that go in one transaction, which takes a quarter of a second then. */
const MAX_KNOT = 10_000;

/** Why a path stays or goes; in the order of strength. */
export const VERDICTS = [
  "undecided",
  "rooted",
  "recent",
  "young",
  "circular",
  "old",
  "over",
] as const;
export type Verdict = typeof VERDICTS[number];
const CODE = Object.fromEntries(
  VERDICTS.map((verdict, code) => [verdict, code]),
) as Record<Verdict, number>;

/** Seconds since the Unix epoch, and bounds over all that stays. */
export interface Retention {
  /** What was used then or later stays whatever the bounds say. */
  graceSecond: number;
  /** What was used then or later stays within the bounds. */
  keepSecond: number;
  /** Bytes of nar files; Infinity: no bound. */
  maxBytes: number;
  maxPaths: number;
}

/** How many, and the bytes of nar files that are counted with none before. */
export interface Share {
  paths: number;
  bytes: number;
}

export interface CollectionPlan {
  shares: Record<Exclude<Verdict, "undecided">, Share>;
  /** What goes, referrers first. */
  order: Uint32Array;
  /** From here to its end `order` is one circle or several, which go together; its length when there is none. */
  knotAt: number;
  verdictOf(path: number): Verdict;
}

class Planner {
  readonly verdicts: Uint8Array;
  /** Files of what stays. */
  readonly #kept: Uint8Array;
  /** Visited by the last `reach`, in order. */
  readonly #queue: Uint32Array;
  #reached = 0;
  #paths = 0;
  #bytes = 0;
  #steps = 0;

  constructor(readonly graph: Graph) {
    this.verdicts = new Uint8Array(graph.count);
    this.#kept = new Uint8Array(graph.fileBytes.length);
    this.#queue = new Uint32Array(graph.count);
  }

  /** Gives all that `seed` reaches and nobody reached before this verdict. */
  *reach(seed: number, code: number): Generator<void> {
    this.#reached = 0;
    this.#take(seed, code);
    const { firstEdge, endEdge, edges } = this.graph;
    for (let at = 0; at < this.#reached; at++) {
      const path = this.#queue[at] ?? 0;
      const end = endEdge[path] ?? 0;
      for (let edge = firstEdge[path] ?? 0; edge < end; edge++) {
        this.#take(edges[edge] ?? 0, code);
        if (++this.#steps % SLICE_STEPS === 0) yield;
      }
    }
  }

  #take(path: number, code: number): void {
    if (this.verdicts[path] !== 0) return;
    this.verdicts[path] = code;
    this.#queue[this.#reached++] = path;
  }

  /** What the last `reach` adds to what stays stays, if it is within the bounds. */
  keepReached({ maxBytes, maxPaths }: Bounds): boolean {
    const files: number[] = [];
    let bytes = this.#bytes;
    for (let at = 0; at < this.#reached; at++) {
      const file = this.graph.file[this.#queue[at] ?? 0] ?? 0;
      if (this.#kept[file] === 1) continue;
      this.#kept[file] = 1;
      files.push(file);
      bytes += this.graph.fileBytes[file] ?? 0;
    }
    const paths = this.#paths + this.#reached;
    if (bytes > maxBytes || paths > maxPaths) {
      for (const file of files) this.#kept[file] = 0;
      for (let at = 0; at < this.#reached; at++) {
        this.verdicts[this.#queue[at] ?? 0] = CODE.undecided;
      }
      return false;
    }
    this.#bytes = bytes;
    this.#paths = paths;
    return true;
  }

  *rooted(roots: readonly number[]): Generator<void> {
    for (const root of roots) {
      yield* this.reach(root, CODE.rooted);
      this.keepReached(UNBOUNDED);
    }
  }

  /** Everything else, the latest used first: what stays is a beginning of that order. */
  *byUse(retention: Retention): Generator<void> {
    const { usedSecond } = this.graph;
    const order = yield* orderByUse(usedSecond, SLICE_STEPS);
    let isFull = false;
    for (let at = 0; at < order.length; at++) {
      if (++this.#steps % SLICE_STEPS === 0) yield;
      const path = order[at] ?? 0;
      if (this.verdicts[path] !== CODE.undecided) continue;
      const used = usedSecond[path] ?? 0;
      if (used >= retention.graceSecond) {
        yield* this.reach(path, CODE.recent);
        this.keepReached(UNBOUNDED);
      } else if (used < retention.keepSecond) {
        this.verdicts[path] = CODE.old;
      } else if (isFull) {
        this.verdicts[path] = CODE.over;
      } else {
        yield* this.reach(path, CODE.young);
        isFull = !this.keepReached(retention);
        if (isFull) this.verdicts[path] = CODE.over;
      }
    }
  }

  goes(path: number): boolean {
    return (this.verdicts[path] ?? 0) >= CODE.old;
  }

  /** Referrers before what they refer to; then what is in circles. */
  *order(): Generator<void, { order: Uint32Array; knotAt: number }> {
    const { count, firstEdge, endEdge, edges } = this.graph;
    const referrers = new Uint32Array(count);
    let going = 0;
    for (let path = 0; path < count; path++) {
      if (path % SLICE_STEPS === 0) yield;
      if (!this.goes(path)) continue;
      going++;
      const end = endEdge[path] ?? 0;
      for (let edge = firstEdge[path] ?? 0; edge < end; edge++) {
        const target = edges[edge] ?? 0;
        referrers[target] = (referrers[target] ?? 0) + 1;
      }
    }
    const order = new Uint32Array(going);
    let found = 0;
    for (let path = 0; path < count; path++) {
      if (this.goes(path) && referrers[path] === 0) order[found++] = path;
    }
    for (let at = 0; at < found; at++) {
      const path = order[at] ?? 0;
      const end = endEdge[path] ?? 0;
      for (let edge = firstEdge[path] ?? 0; edge < end; edge++) {
        const target = edges[edge] ?? 0;
        const left = (referrers[target] ?? 0) - 1;
        referrers[target] = left;
        if (left === 0 && this.goes(target)) order[found++] = target;
        if (++this.#steps % SLICE_STEPS === 0) yield;
      }
    }
    return this.#withKnot(order, found, referrers);
  }

  #withKnot(order: Uint32Array, found: number, referrers: Uint32Array) {
    const knotAt = found;
    const stays = order.length - found > MAX_KNOT;
    for (
      let path = 0;
      found < order.length && path < this.graph.count;
      path++
    ) {
      if (!this.goes(path) || referrers[path] === 0) continue;
      order[found++] = path;
      if (stays) this.verdicts[path] = CODE.circular;
    }
    return { order: stays ? order.subarray(0, knotAt) : order, knotAt };
  }

  *shares(): Generator<void, CollectionPlan["shares"]> {
    const paths = new Float64Array(VERDICTS.length);
    const bytes = new Float64Array(VERDICTS.length);
    // A file belongs to the strongest of its paths, so that bytes that go are bytes that are freed.
    const { file, fileBytes, count } = this.graph;
    const strongest = new Uint8Array(fileBytes.length);
    for (let path = 0; path < count; path++) {
      if (path % SLICE_STEPS === 0) yield;
      const code = this.verdicts[path] ?? 0;
      paths[code] = (paths[code] ?? 0) + 1;
      const before = strongest[file[path] ?? 0] ?? 0;
      if (before === 0 || code < before) strongest[file[path] ?? 0] = code;
    }
    for (let at = 0; at < fileBytes.length; at++) {
      if (at % SLICE_STEPS === 0) yield;
      const code = strongest[at] ?? 0;
      bytes[code] = (bytes[code] ?? 0) + (fileBytes[at] ?? 0);
    }
    return Object.fromEntries(
      VERDICTS.slice(1).map((verdict) => [verdict, {
        paths: paths[CODE[verdict]] ?? 0,
        bytes: bytes[CODE[verdict]] ?? 0,
      }]),
    ) as CollectionPlan["shares"];
  }
}

type Bounds = Pick<Retention, "maxBytes" | "maxPaths">;
const UNBOUNDED: Bounds = { maxBytes: Infinity, maxPaths: Infinity };

/** @param roots paths that stay with all they reach, as numbers of the graph. */
export function* planCollection(
  graph: Graph,
  roots: readonly number[],
  retention: Retention,
): Generator<void, CollectionPlan> {
  const planner = new Planner(graph);
  yield* planner.rooted(roots);
  yield* planner.byUse(retention);
  const { order, knotAt } = yield* planner.order();
  const shares = yield* planner.shares();
  return {
    shares,
    order,
    knotAt,
    verdictOf: (path) => VERDICTS[planner.verdicts[path] ?? 0] ?? "undecided",
  };
}
