/**
 * The walk through a repository: which directories are listed, in which order,
 * and which files there are.
 *
 * ```
 * next() -> directory -> the caller lists it -> listed() | failed()
 *    ^                                             |
 *    +------------- while there are any <----------+     result()
 * ```
 *
 * Level by level, so that a bound leaves out what lies deepest; within a level
 * by name, so that the order a disk has plays no part. Owns the bounds. Never
 * touches a disk: `scan.ts` does, and fixtures walk what they hold.
 *
 * @module
 */
import {
  basenameOf,
  joinPath,
  type Omission,
  type Run,
  runOf,
} from "./file_tree.ts";
import {
  type IgnoreRules,
  type IgnoreScope,
  isIgnored,
  rulesIn,
  scopeOf,
} from "./gitignore.ts";
import { whyLeftOut, whyLeftOutFor } from "./left_out.ts";

/** Three times the largest monorepo that is known to us; names of so many take some 30 MiB. */
export const MAX_FILES = 200_000;
/** Seen, kept or not: ends the walk of a tree that consists of what is ignored. */
export const MAX_ENTRIES = 500_000;
/** Java's packages are 15 deep; what is deeper was made to be deep. */
export const MAX_DEPTH = 64;
/** The largest templates of .gitignore have 30 KiB. */
export const MAX_IGNORE_BYTES = 256 * 1024;

/** How much is walked. */
export interface WalkLimits {
  files: number;
  /** Seen, kept or not. */
  entries: number;
}

const WALK_LIMITS: WalkLimits = { files: MAX_FILES, entries: MAX_ENTRIES };

/** What a directory holds. */
export interface Listing {
  /**
   * Names, those of directories with a slash at their end. Links to files of
   * the repository are files; other links, sockets and devices are not here.
   */
  entries: readonly string[];
  /** Text of its `.gitignore`; null when it has none, or that could not be read. */
  ignore: string | null;
}

export interface WalkResult {
  /** Of all files, sorted by path. */
  runs: Run[];
  /** Entries seen. */
  entries: number;
  omissions: Omission[];
}

interface Directory {
  path: string;
  depth: number;
  scope: IgnoreScope | null;
  /** Names of files and directories, ordered as their whole paths are. */
  children: (string | Directory)[];
}

/** What is known of a directory while its entries are gone through. */
interface Around {
  rules: readonly IgnoreRules[];
  beside: readonly string[];
  within: string;
}

export class Walk {
  readonly #root: Directory;
  readonly #queue: Directory[];
  readonly #omissions: Omission[] = [];
  #at = 0;
  #listed: Directory | null = null;
  #entries = 0;
  #files = 0;
  #isFull = false;
  readonly #limits: WalkLimits;

  /** `exclude` is the text of `.git/info/exclude`. */
  constructor(exclude: string | null = null, limits = WALK_LIMITS) {
    this.#limits = limits;
    const scope = exclude === null ? null : scopeOf(exclude, ".", null);
    this.#root = { path: ".", depth: 0, scope, children: [] };
    this.#queue = [this.#root];
  }

  /** Files found so far. */
  get files(): number {
    return this.#files;
  }

  /** True when a limit ended it. */
  get isFull(): boolean {
    return this.#isFull;
  }

  /** The directory to list; null at the end. */
  next(): string | null {
    const directory = this.#isFull ? undefined : this.#queue[this.#at];
    if (directory === undefined) return null;
    this.#at += 1;
    this.#listed = directory;
    return directory.path;
  }

  /** The directory of the last `next` could not be listed. */
  failed(why: string): void {
    if (this.#listed === null) return;
    this.#omissions.push({
      path: this.#listed.path,
      what: "this directory",
      why,
    });
  }

  /** What the directory of the last `next` holds, in any order. */
  listed(listing: Listing): void {
    const directory = this.#listed;
    if (directory === null) return;
    const { entries } = listing;
    const own = basenameOf(directory.path);
    const isRoot = directory === this.#root;
    if (!isRoot && whyLeftOutFor(own, entries) !== null) return;
    if (listing.ignore !== null) {
      directory.scope = scopeOf(
        listing.ignore,
        directory.path,
        directory.scope,
      );
    }
    const around = {
      rules: rulesIn(directory.scope, directory.path),
      beside: entries,
      within: own,
    };
    // `a/` comes after `a-b`: the order of whole paths.
    const keys = entries.toSorted();
    let before = "";
    for (const key of keys) {
      // Names that are no UTF-8 may come out alike.
      if (key === before) continue;
      before = key;
      if (!this.#hasRoom()) return;
      if (key.endsWith("/")) this.#enter(directory, key.slice(0, -1), around);
      else if (!isIgnored(around.rules, key, false)) {
        this.#files += 1;
        directory.children.push(key);
      }
    }
  }

  #hasRoom(): boolean {
    this.#entries += 1;
    const { files, entries } = this.#limits;
    this.#isFull = this.#entries > entries || this.#files >= files;
    if (this.#isFull) {
      const bound = this.#files >= files
        ? `${files} files`
        : `${entries} files and directories`;
      this.#omissions.push({
        path: ".",
        what: "files",
        why: `there are more than ${bound}; those nearest to the root count`,
      });
    }
    return !this.#isFull;
  }

  #enter(directory: Directory, name: string, around: Around): void {
    if (whyLeftOut(name, around) !== null) return;
    if (isIgnored(around.rules, name, true)) return;
    const path = directory.path === "." ? name : `${directory.path}/${name}`;
    const depth = directory.depth + 1;
    if (depth > MAX_DEPTH) {
      const why = `it lies more than ${MAX_DEPTH} directories deep`;
      this.#omissions.push({ path, what: "this directory", why });
      return;
    }
    const child = { path, depth, scope: directory.scope, children: [] };
    directory.children.push(child);
    this.#queue.push(child);
  }

  result(): WalkResult {
    const runs: Run[] = [];
    const collect = ({ path, children }: Directory) => {
      let names: string[] = [];
      for (const child of children) {
        if (typeof child === "string") names.push(child);
        else {
          if (names.length > 0) runs.push(runOf(path, names));
          names = [];
          collect(child);
        }
      }
      if (names.length > 0) runs.push(runOf(path, names));
    };
    collect(this.#root);
    return { runs, entries: this.#entries, omissions: this.#omissions };
  }
}

function listingOf(
  listings: Map<string, Set<string>>,
  directory: string,
): Set<string> {
  const there = listings.get(directory);
  if (there !== undefined) return there;
  const made = new Set<string>();
  listings.set(directory, made);
  return made;
}

/** Walks files that are held in memory, as a disk would be walked. */
export function walkFiles(
  texts: ReadonlyMap<string, string>,
): WalkResult {
  const listings = new Map<string, Set<string>>();
  for (const path of texts.keys()) {
    let directory = ".";
    let from = 0;
    for (let slash = path.indexOf("/"); slash >= 0;) {
      listingOf(listings, directory).add(path.slice(from, slash + 1));
      directory = path.slice(0, slash);
      from = slash + 1;
      slash = path.indexOf("/", from);
    }
    listingOf(listings, directory).add(path.slice(from));
  }
  const walk = new Walk();
  for (let path = walk.next(); path !== null; path = walk.next()) {
    const ignore = texts.get(joinPath(path, ".gitignore") ?? "") ?? null;
    walk.listed({ entries: [...listingOf(listings, path)], ignore });
  }
  return walk.result();
}
