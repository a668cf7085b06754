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

/** Everything refers to a C library. So many are looked at before it is said that nothing was found: 30 MB, and some seconds beside requests. */
const MAX_VISITED = 200_000;
/** The same once something that keeps it was found, the nearest first: there may be more, which is said. */
const ENOUGH_VISITED = 20_000;
/** Whose last use is read where a root keeps the path, whatever its uses are: each is a read somewhere in a large file. */
const ENOUGH_USES = 2000;
/** Nobody reads more. */
const MAX_KEEPERS = 100;

export interface Found {
  keepers: Keeper[];
  complete: boolean;
  /** The latest use among all that was visited, or among the nearest where a root keeps them anyway: it keeps them all. */
  lastUse: { base: string; atMs: number };
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
  /** The hash of what it refers to, on the way from the path; empty: it is the path. */
  const visited = new Map<string, string>([[hash, ""]]);
  const pace = new Pace();
  const found: Found = {
    ...await walk(visited, { rows, storeDir, rootsOf, pace }),
    lastUse: { base: path.base, atMs: path.usedAtMs },
  };
  let left = found.keepers.length > 0 ? ENOUGH_USES : Infinity;
  for (const at of visited.keys()) {
    if (left-- <= 0) break;
    const other = rows.path(at);
    if (other !== undefined && other.usedAtMs > found.lastUse.atMs) {
      found.lastUse = { base: other.base, atMs: other.usedAtMs };
    }
    await pace.rest();
  }
  return found;
}

/** Goes upwards from the one that `visited` begins with. */
async function walk(
  visited: Map<string, string>,
  { rows, storeDir, rootsOf, pace }:
    & Pick<KeepersOptions, "rows" | "storeDir">
    & {
      rootsOf: ReadonlyMap<string, readonly KeptRoot[]>;
      pace: Pace;
    },
): Promise<Omit<Found, "lastUse">> {
  const keepers: Keeper[] = [];
  let complete = true;
  // A Map is walked in the order of insertion, what comes meanwhile included: the shortest ways first.
  for (const at of visited.keys()) {
    for (const { source, label } of rootsOf.get(at) ?? []) {
      if (keepers.length === MAX_KEEPERS) return { keepers, complete: false };
      const chain = chainFrom(visited, at).map((hash) =>
        `${storeDir}/${rows.path(hash)?.base ?? hash}`
      );
      keepers.push({ source, label, chain });
    }
    // When there are too many to go on, those that were found are still looked at.
    for (let after = ""; complete;) {
      const referrers = rows.referrerHashesAfter(at, after);
      const last = referrers.at(-1);
      if (last === undefined) break;
      for (const hash of referrers) {
        if (!visited.has(hash)) visited.set(hash, at);
      }
      complete = visited.size <=
        (keepers.length > 0 ? ENOUGH_VISITED : MAX_VISITED);
      after = last;
      await pace.rest();
    }
    await pace.rest();
  }
  return { keepers, complete };
}

function chainFrom(visited: ReadonlyMap<string, string>, from: string) {
  const chain: string[] = [];
  for (let at = from; at !== ""; at = visited.get(at) ?? "") chain.push(at);
  return chain;
}
