/**
 * A repository as values: which files there are, and the text of those worth
 * reading. What `scan.ts` makes from a disk, tests make from a fixture.
 *
 * Owns the look-ups detectors need. Never reads a file; never parses one.
 *
 * @module
 */

/** Why something of the repository is not in the tree. */
export interface Omission {
  path: string;
  what: string;
  why: string;
}

export interface FileTreeParts {
  /** Every file below the root that is no vendored or generated one, relative, with `/`. */
  files: Iterable<string>;
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

/** `join(".", "a")` is `a`; `..` and `.` are resolved; null when that leads out of the root. */
export function joinPath(directory: string, relative: string): string | null {
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

/** By code units: the same on every machine. */
export function comparePaths(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function addTo(
  map: Map<string, string[]>,
  key: string,
  value: string,
): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
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

export class FileTree {
  /** Sorted. */
  readonly files: readonly string[];
  readonly omissions: readonly Omission[];
  readonly #texts: ReadonlyMap<string, string>;
  /** Last parts of `files`, at the same places. */
  readonly #names: string[] = [];
  /** Names of the files in each directory, sorted. */
  readonly #byDirectory = new Map<string, string[]>();
  readonly #children = new Map<string, Set<string>>();
  /** Made when somebody asks: of most names nobody does. */
  #byName: Map<string, string[]> | null = null;
  #byExtension: Map<string, string[]> | null = null;
  /** Paths of the texts, sorted. */
  #readPaths: readonly string[] | null = null;

  constructor(parts: FileTreeParts) {
    this.files = sorted(parts.files);
    this.omissions = parts.omissions ?? [];
    this.#texts = parts.texts;
    let directory = "";
    let names: string[] | null = null;
    for (const path of this.files) {
      const slash = path.lastIndexOf("/");
      // Neighbours mostly lie in the same directory: no name is made to find that out.
      const isSame = names !== null && slash === directory.length &&
        path.startsWith(directory);
      if (!isSame) {
        directory = slash < 0 ? "" : path.slice(0, slash);
        names = this.#namesOf(slash < 0 ? "." : directory);
      }
      const name = path.slice(slash + 1);
      this.#names.push(name);
      names?.push(name);
    }
  }

  #namesOf(directory: string): string[] {
    const there = this.#byDirectory.get(directory);
    if (there !== undefined) return there;
    const made: string[] = [];
    this.#byDirectory.set(directory, made);
    this.#enterDirectory(directory);
    return made;
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
    if (names === undefined) return false;
    const name = basenameOf(path);
    return names[lowerBound(names, name)] === name;
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
    this.#byExtension ??= this.#indexByExtension();
    return this.#byExtension.get(extension) ?? NONE;
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
    this.#names.forEach((name, at) => addTo(index, name, this.files[at] ?? ""));
    return index;
  }

  #indexByExtension(): Map<string, string[]> {
    const index = new Map<string, string[]>();
    /** Lists of the index by extensions as they are written. */
    const written = new Map<string, string[]>();
    this.#names.forEach((name, at) => {
      const dot = name.lastIndexOf(".");
      const extension = dot <= 0 ? "" : name.slice(dot + 1);
      let list = written.get(extension);
      if (list === undefined) {
        list = index.get(extension.toLowerCase()) ?? [];
        index.set(extension.toLowerCase(), list);
        written.set(extension, list);
      }
      list.push(this.files[at] ?? "");
    });
    return index;
  }
}

/** A directory with those of sorted paths that follow each other in it. */
export interface Run {
  directory: string;
  paths: string[];
}

/**
 * Paths by directory, so that what holds for a directory is asked once and
 * not of each file. One that has directories between its files comes more than
 * once.
 */
export function runsOf(paths: Iterable<string>): Run[] {
  const runs: Run[] = [];
  let prefix = "";
  let run: Run | null = null;
  for (const path of paths) {
    const end = path.lastIndexOf("/") + 1;
    if (run === null || end !== prefix.length || !path.startsWith(prefix)) {
      prefix = path.slice(0, end);
      run = { directory: end === 0 ? "." : path.slice(0, end - 1), paths: [] };
      runs.push(run);
    }
    run.paths.push(path);
  }
  return runs;
}
