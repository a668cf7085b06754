/**
 * A repository as values: which files there are, and the text of those worth
 * reading. What `scan.ts` makes from a disk, tests make from a fixture.
 *
 * Owns the look-ups detectors need. Never reads a file; never parses one.
 *
 * @module
 */
import { addTo } from "./lists.ts";

/** Why something of the repository is not in the tree. */
export interface Omission {
  path: string;
  what: string;
  why: string;
}

/**
 * A directory with files of it that follow each other where paths are sorted.
 * One that has directories between its files comes more than once.
 */
export interface Run {
  directory: string;
  /** Last parts of `paths`, at the same places. */
  names: readonly string[];
  paths: readonly string[];
}

/** Files of a directory, by their names. */
export function runOf(directory: string, names: readonly string[]): Run {
  const prefix = directory === "." ? "" : `${directory}/`;
  return { directory, names, paths: names.map((name) => prefix + name) };
}

/**
 * Paths by directory, so that what holds for a directory is asked once and
 * not of each file.
 */
export function runsOf(paths: Iterable<string>): Run[] {
  const runs: Run[] = [];
  let prefix = "";
  let names: string[] | null = null;
  let here: string[] = [];
  for (const path of paths) {
    const end = path.lastIndexOf("/") + 1;
    if (names === null || end !== prefix.length || !path.startsWith(prefix)) {
      prefix = path.slice(0, end);
      const directory = end === 0 ? "." : path.slice(0, end - 1);
      names = [];
      here = [];
      runs.push({ directory, names, paths: here });
    }
    names.push(path.slice(end));
    here.push(path);
  }
  return runs;
}

/** Paths of runs, one after the other. */
export function pathsOf(runs: readonly Run[]): readonly string[] {
  const [first] = runs;
  if (first === undefined) return NONE;
  return runs.length === 1 ? first.paths : runs.flatMap(({ paths }) => paths);
}

export interface FileTreeParts {
  /**
   * Every file below the root that is no vendored or generated one, relative,
   * with `/`; as runs of sorted paths where a walk has them.
   */
  files: Iterable<string> | { runs: readonly Run[] };
  /** Texts by path; of files that were not read there is none. */
  texts: ReadonlyMap<string, string>;
  /** What the bounds or the disk kept out. */
  omissions?: readonly Omission[];
}

/** Directory of a path: `api` of `api/main.py`, `.` of `main.py`. */
export function directoryOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end);
}

/** Last part of a path. */
export function basenameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** True for a name, or several, that are none of `.`, `..` and nothing. */
function isPlain(relative: string): boolean {
  if (relative === "" || relative === "." || relative === "..") return false;
  return !relative.includes("/") ||
    !relative.includes("/.") && !relative.includes("//") &&
      !relative.startsWith(".") && !relative.startsWith("/") &&
      !relative.endsWith("/");
}

/** `join(".", "a")` is `a`; `..` and `.` are resolved; null when that leads out of the root. */
export function joinPath(directory: string, relative: string): string | null {
  if (isPlain(relative)) {
    return directory === "." ? relative : `${directory}/${relative}`;
  }
  const parts: string[] = directory === "." ? [] : directory.split("/");
  for (const part of relative.split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.length === 0 ? "." : parts.join("/");
}

/** True for `directory` itself and everything below it. */
export function isWithin(path: string, directory: string): boolean {
  return directory === "." || path === directory ||
    path.startsWith(`${directory}/`);
}

/** The way from one directory to another: `../../tests` of `src/api` to `tests`, `.` to itself. */
export function wayTo(from: string, to: string): string {
  const start = from === "." ? [] : from.split("/");
  const end = to === "." ? [] : to.split("/");
  let same = 0;
  while (same < start.length && start[same] === end[same]) same += 1;
  const parts = [
    ...start.slice(same).map(() => ".."),
    ...end.slice(same),
  ];
  return parts.length === 0 ? "." : parts.join("/");
}

/** `web` of `web//`. In one go: a regular expression looks anew from each slash. */
export function withoutEndSlashes(path: string): string {
  let end = path.length;
  while (path[end - 1] === "/") end -= 1;
  return path.slice(0, end);
}

/** By code units: the same on every machine. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Sorted by code units; what a walk gives is sorted already. */
function sorted(files: Iterable<string>): readonly string[] {
  const all = [...files];
  let before = "";
  for (const path of all) {
    if (path < before) return all.sort(comparePaths);
    before = path;
  }
  return all;
}

/** Where a text is in a sorted list, or where it would be. */
export function lowerBound(list: readonly string[], text: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle] ?? "") < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

const NONE: readonly string[] = [];

/** Files of one extension, with the place of their run among all. */
interface Share extends Run {
  at: number;
}

export class FileTree {
  /** Sorted. */
  readonly files: readonly string[];
  readonly omissions: readonly Omission[];
  readonly #runs: readonly Run[];
  readonly #texts: ReadonlyMap<string, string>;
  /** Names of the files in each directory, sorted. */
  readonly #byDirectory = new Map<string, readonly string[]>();
  readonly #children = new Map<string, Set<string>>();
  /** Made when somebody asks: of most names nobody does. */
  #byName: Map<string, string[]> | null = null;
  #byExtension: Map<string, Share[]> | null = null;
  /** Paths of the texts, sorted. */
  #readPaths: readonly string[] | null = null;

  constructor(parts: FileTreeParts) {
    const { files } = parts;
    this.#runs = "runs" in files ? files.runs : runsOf(sorted(files));
    this.files = pathsOf(this.#runs);
    this.omissions = parts.omissions ?? [];
    this.#texts = parts.texts;
    for (const { directory, names } of this.#runs) {
      const before = this.#byDirectory.get(directory);
      if (before === undefined) this.#enterDirectory(directory);
      this.#byDirectory.set(
        directory,
        before === undefined ? names : [...before, ...names],
      );
    }
  }

  /** Enters a directory with those above it that hold no file of their own. */
  #enterDirectory(directory: string): void {
    let child = directory;
    while (child !== ".") {
      const parent = directoryOf(child);
      const children = this.#children.get(parent);
      const name = basenameOf(child);
      if (children === undefined) this.#children.set(parent, new Set([name]));
      else {
        if (children.has(name)) return;
        children.add(name);
      }
      child = parent;
    }
  }

  /** True when there is such a file. */
  has(path: string): boolean {
    const names = this.#byDirectory.get(directoryOf(path));
    return names !== undefined && holds(names, basenameOf(path));
  }

  /** The same, of a name that is no path. */
  hasIn(directory: string, name: string): boolean {
    const names = this.#byDirectory.get(directory);
    return names !== undefined && holds(names, name);
  }

  /** True when there is a file in it or below it. */
  hasDirectory(path: string): boolean {
    return path === "." || this.#byDirectory.has(path) ||
      this.#children.has(path);
  }

  /** Null when there is none, or it was not read. */
  text(path: string): string | null {
    return this.#texts.get(path) ?? null;
  }

  /**
   * Those of these paths, which are sorted, that were read: of many sources a
   * few are, and to ask for the text of each takes longer than what is made of
   * them.
   */
  read(paths: readonly string[]): readonly string[] {
    const [first] = paths;
    const last = paths.at(-1);
    if (first === undefined || last === undefined) return NONE;
    this.#readPaths ??= [...this.#texts.keys()].sort(comparePaths);
    if (paths === this.files) return this.#readPaths;
    const found: string[] = [];
    for (let at = lowerBound(this.#readPaths, first);; at++) {
      const path = this.#readPaths[at];
      if (path === undefined || path > last) return found;
      if (paths[lowerBound(paths, path)] === path) found.push(path);
    }
  }

  /** Every file of this name, sorted by path. */
  named(name: string): readonly string[] {
    this.#byName ??= this.#indexByName();
    return this.#byName.get(name) ?? NONE;
  }

  /** Every file with this extension, in lower case and without the dot, sorted by path. */
  withExtension(extension: string): readonly string[] {
    return pathsOf(this.runsWith([extension]));
  }

  /** The same of several extensions, by directory. */
  runsWith(extensions: readonly string[]): readonly Run[] {
    const index = this.#byExtension ??= this.#indexByExtension();
    const shares = extensions.flatMap((one) => index.get(one) ?? []);
    return extensions.length === 1 ? shares : mergeShares(shares);
  }

  /** Names of the files in a directory, sorted. */
  filesIn(directory: string): readonly string[] {
    return this.#byDirectory.get(directory) ?? NONE;
  }

  /** Names of the directories in a directory, sorted. */
  directoriesIn(directory: string): readonly string[] {
    return [...this.#children.get(directory) ?? []].sort(comparePaths);
  }

  /** The first of these names that is a file in the directory, as a path. */
  first(directory: string, names: readonly string[]): string | null {
    for (const name of names) {
      const path = joinPath(directory, name);
      if (path !== null && this.has(path)) return path;
    }
    return null;
  }

  /** Files below a directory, sorted; those of other directories are not gone through. */
  below(directory: string): readonly string[] {
    if (directory === ".") return this.files;
    return this.files.slice(
      lowerBound(this.files, `${directory}/`),
      lowerBound(this.files, `${directory}0`),
    );
  }

  #indexByName(): Map<string, string[]> {
    const index = new Map<string, string[]>();
    for (const { names, paths } of this.#runs) {
      for (let at = 0; at < names.length; at++) {
        addTo(index, names[at] ?? "", paths[at] ?? "");
      }
    }
    return index;
  }

  #indexByExtension(): Map<string, Share[]> {
    const index = new Map<string, Share[]>();
    this.#runs.forEach((run, at) => {
      for (const [extension, share] of sharesOf(run, at)) {
        addTo(index, extension, share);
      }
    });
    return index;
  }
}

/** True when a sorted list has this name. */
function holds(names: readonly string[], name: string): boolean {
  return names[lowerBound(names, name)] === name;
}

/** In lower case and without the dot; none for `.env`. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot <= 0 ? "" : name.slice(dot + 1).toLowerCase();
}

/** True when all names have this extension, which is not none. */
function allEndIn(names: readonly string[], extension: string): boolean {
  if (extension === "") return false;
  const end = `.${extension}`;
  // A name that is nothing else has none.
  return names.every((name) => name.length > end.length && name.endsWith(end));
}

/** Files of a run by extension. */
function sharesOf(run: Run, at: number): Iterable<[string, Share]> {
  const { directory, names, paths } = run;
  const first = extensionOf(names[0] ?? "");
  if (allEndIn(names, first)) return [[first, { directory, names, paths, at }]];
  const shares = new Map<string, { names: string[]; paths: string[] }>();
  names.forEach((name, place) => {
    const extension = extensionOf(name);
    let share = shares.get(extension);
    if (share === undefined) {
      share = { names: [], paths: [] };
      shares.set(extension, share);
    }
    share.names.push(name);
    share.paths.push(paths[place] ?? "");
  });
  return [...shares].map((
    [extension, share],
  ) => [extension, { directory, ...share, at }]);
}

/** In the order of their paths; what came apart of one directory is together again. */
function mergeShares(shares: Share[]): readonly Run[] {
  shares.sort((a, b) => a.at - b.at);
  const merged: Share[] = [];
  for (const share of shares) {
    const last = merged.at(-1);
    if (last?.at !== share.at) merged.push(share);
    else {
      const names = [...last.names, ...share.names].sort(comparePaths);
      merged[merged.length - 1] = {
        ...runOf(share.directory, names),
        at: share.at,
      };
    }
  }
  return merged;
}
