/**
 * What keeps one path: from it upwards through all that refers to it, to what a
 * generation, a branch or a pin names.
 *
 * @module
 */
import type { Keeper } from "../../model/collection.ts";
import type { KeptRoot } from "./collection_records.ts";
import { Pace } from "../../turns/pace.ts";
import type { PathRows } from "./path_rows.ts";

/** Everything refers to a C library: what a person reads is found long before. 30 MB and a second. */
const MAX_VISITED = 200_000;
/** Nobody reads more. */
const MAX_KEEPERS = 100;

export interface Found {
  keepers: Keeper[];
  complete: boolean;
  /** The latest use among all that was visited: it keeps them all. */
  lastUse: { base: string; atMs: number };
}

interface Visited {
  base: string;
  /** The hash of what it refers to, on the way from the path; empty: it is the path. */
  towards: string;
}

export interface KeepersOptions {
  rows: PathRows;
  roots: readonly KeptRoot[];
  storeDir: string;
}

/** Undefined for a path that is not here. */
export async function findKeepers(
  hash: string,
  { rows, roots, storeDir }: KeepersOptions,
): Promise<Found | undefined> {
  const path = rows.path(hash);
  if (path === undefined) return undefined;
  const rootsOf = Map.groupBy(roots, ({ base }) => base.slice(0, 32));
  const visited = new Map<string, Visited>([[hash, {
    base: path.base,
    towards: "",
  }]]);
  const found: Found = {
    keepers: [],
    complete: true,
    lastUse: { base: path.base, atMs: path.usedAtMs },
  };
  const pace = new Pace();
  // A Map is walked in the order of insertion, what comes meanwhile included: the shortest ways first.
  for (const [at] of visited) {
    for (const { source, label } of rootsOf.get(at) ?? []) {
      if (found.keepers.length === MAX_KEEPERS) {
        return { ...found, complete: false };
      }
      const chain = chainFrom(visited, at).map((base) => `${storeDir}/${base}`);
      found.keepers.push({ source, label, chain });
    }
    // When there are too many to go on, those that were found are still looked at.
    for (let after = ""; found.complete;) {
      const referrers = rows.referrersAfter(at, after);
      const last = referrers.at(-1);
      if (last === undefined) break;
      for (const { hash, base, usedAtMs } of referrers) {
        if (usedAtMs > found.lastUse.atMs) {
          found.lastUse = { base, atMs: usedAtMs };
        }
        if (!visited.has(hash)) visited.set(hash, { base, towards: at });
      }
      found.complete = visited.size <= MAX_VISITED;
      after = last.hash;
      await pace.rest();
    }
    await pace.rest();
  }
  return found;
}

function chainFrom(visited: ReadonlyMap<string, Visited>, from: string) {
  const chain: string[] = [];
  for (let at = from; at !== "";) {
    const node = visited.get(at);
    if (node === undefined) break;
    chain.push(node.base);
    at = node.towards;
  }
  return chain;
}
