/**
 * Which files of a repository are read, out of all there are.
 *
 * Owns the bounds and the order: manifests first, all of them; then sources,
 * entry points before others, shallow before deep. So a repository of half a
 * million files costs what its walk costs, and the choice is the same on every
 * machine.
 *
 * @module
 */
import type { NamePattern, Reads } from "./detector.ts";
import { basenameOf, type Omission } from "./file_tree.ts";

/** A monorepo of a thousand packages has some three manifests each. */
export const MAX_MANIFESTS = 10_000;
/** Sources show entry points, ports and variables; the shallow ones tell most. */
export const MAX_SOURCES = 2_000;
/** The largest lockfile that is worth a look. */
export const MAX_MANIFEST_BYTES = 2 * 1024 * 1024;
/** Sources written by hand are smaller; what is larger is generated. */
export const MAX_SOURCE_BYTES = 256 * 1024;
/** Of all texts together: what is held in memory. */
export const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** Sources that tell most: they start something, or configure it. */
const ENTRY =
  /^(main|app|application|server|index|manage|wsgi|asgi|settings|config|program|startup|lib|mod|cli|run|start|bot|worker)\b/i;

/** What to read, in this order. */
export interface Choice {
  paths: string[];
  omissions: Omission[];
}

/** A pattern's name: as it is, or what comes before and after its one star. */
type NameTest = string | readonly [string, string];

/** Patterns, arranged so that a file costs a few look-ups, not one test for each. */
class Matcher {
  readonly #names = new Set<string>();
  /** `*.ts` by `.ts`. */
  readonly #extensions = new Set<string>();
  /** By the first letter. */
  readonly #stars = new Map<string, (readonly [string, string])[]>();
  /** Those that begin with the star, by the extension of a name that fits; under "" where any may. */
  readonly #suffixes = new Map<string, (readonly [string, string])[]>();
  /** With a directory, by the last part of that. */
  readonly #within = new Map<string, [string, NameTest][]>();

  constructor(patterns: Iterable<NamePattern>) {
    for (const pattern of new Set(patterns)) this.#add(pattern);
  }

  #add(pattern: NamePattern): void {
    const slash = pattern.lastIndexOf("/");
    const name = pattern.slice(slash + 1);
    const star = name.indexOf("*");
    const test: NameTest = star < 0
      ? name
      : [name.slice(0, star), name.slice(star + 1)];
    if (slash >= 0) {
      const directory = pattern.slice(0, slash);
      const key = basenameOf(directory);
      const list = this.#within.get(key) ?? [];
      this.#within.set(key, [...list, [directory, test]]);
    } else if (typeof test === "string") this.#names.add(test);
    else if (test[0] === "" && test[1].lastIndexOf(".") === 0) {
      this.#extensions.add(test[1]);
    } else if (test[0] === "") {
      const dot = test[1].lastIndexOf(".");
      const extension = dot < 0 ? "" : test[1].slice(dot);
      const list = this.#suffixes.get(extension) ?? [];
      this.#suffixes.set(extension, [...list, test]);
    } else {
      const letter = test[0].slice(0, 1);
      this.#stars.set(letter, [...this.#stars.get(letter) ?? [], test]);
    }
  }

  /** Patterns that hold in a directory only; null for most directories. */
  inDirectory(directory: string): readonly NameTest[] | null {
    const patterns = this.#within.get(basenameOf(directory));
    if (patterns === undefined) return null;
    return patterns
      .filter(([end]) => directory === end || directory.endsWith(`/${end}`))
      .map(([, test]) => test);
  }

  /** `extension` is that of the name, with its dot. */
  matches(
    name: string,
    extension: string,
    here: readonly NameTest[] | null,
  ): boolean {
    return this.#names.has(name) || this.#extensions.has(extension) ||
      fitsSome(name, this.#suffixes.get(extension)) ||
      fitsSome(name, this.#suffixes.get("")) ||
      fitsSome(name, this.#stars.get(name.charAt(0))) ||
      here !== null && here.some((test) => fits(name, test));
  }
}

function fitsSome(
  name: string,
  stars: readonly (readonly [string, string])[] | undefined,
): boolean {
  if (stars === undefined) return false;
  for (const star of stars) if (fits(name, star)) return true;
  return false;
}

function fits(name: string, test: NameTest): boolean {
  if (typeof test === "string") return name === test;
  const [prefix, suffix] = test;
  return name.length >= prefix.length + suffix.length &&
    name.startsWith(prefix) && name.endsWith(suffix);
}

function depthOf(path: string): number {
  let depth = 0;
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) {
    depth += 1;
  }
  return depth;
}

/** Paths by rank, the lowest first; within a rank as they were put in. */
class Ranks {
  readonly #ranks: string[][] = [];
  count = 0;

  add(rank: number, path: string): void {
    (this.#ranks[rank] ??= []).push(path);
    this.count += 1;
  }

  *[Symbol.iterator](): Generator<string> {
    for (const paths of this.#ranks) if (paths !== undefined) yield* paths;
  }
}

/** More than any path has: what is no entry point comes after all that are. */
const NO_ENTRY = 1_000;

/**
 * Which of these files, which are sorted, are read. `sizeOf` is asked only for
 * those that could be, since it costs a system call; null when it is gone.
 */
export function chooseReads(
  files: Iterable<string>,
  reads: readonly Reads[],
  sizeOf: (path: string) => number | null,
): Choice {
  const manifest = new Matcher(reads.flatMap(({ manifests }) => manifests));
  const source = new Matcher(reads.flatMap(({ sources }) => sources ?? []));
  const manifests = new Ranks();
  const sources = new Ranks();
  let directory = "";
  let depth = 0;
  let hereManifests = manifest.inDirectory(directory);
  let hereSources = source.inDirectory(directory);
  for (const path of files) {
    const slash = path.lastIndexOf("/");
    // Neighbours mostly lie in the same directory.
    if (slash !== directory.length || !path.startsWith(directory)) {
      directory = slash < 0 ? "" : path.slice(0, slash);
      depth = depthOf(path);
      hereManifests = manifest.inDirectory(directory);
      hereSources = source.inDirectory(directory);
    }
    const name = path.slice(slash + 1);
    const dot = name.lastIndexOf(".");
    const extension = dot < 0 ? "" : name.slice(dot);
    if (manifest.matches(name, extension, hereManifests)) {
      manifests.add(depth, path);
    } else if (source.matches(name, extension, hereSources)) {
      sources.add(ENTRY.test(name) ? depth : NO_ENTRY + depth, path);
    }
  }
  const choosing = new Choosing(sizeOf);
  choosing.takeManifests(manifests);
  choosing.takeSources(sources);
  return { paths: choosing.paths, omissions: choosing.omissions };
}

/** Takes files while there is room for them. */
class Choosing {
  readonly paths: string[] = [];
  readonly omissions: Omission[] = [];
  readonly #sizeOf: (path: string) => number | null;
  #left = MAX_TOTAL_BYTES;
  #isFull = false;

  constructor(sizeOf: (path: string) => number | null) {
    this.#sizeOf = sizeOf;
  }

  takeManifests(manifests: Ranks): void {
    if (manifests.count > MAX_MANIFESTS) {
      this.omissions.push({
        path: ".",
        what: "manifests",
        why:
          `${manifests.count} files look like manifests; the ${MAX_MANIFESTS} nearest to the root are read`,
      });
    }
    let count = 0;
    for (const path of manifests) {
      if (++count > MAX_MANIFESTS) return;
      const bytes = this.#sizeOf(path);
      if (bytes === null) continue;
      if (bytes <= MAX_MANIFEST_BYTES) this.#take(path, bytes);
      else {
        this.omissions.push({
          path,
          what: "this file",
          why:
            `has ${bytes} bytes; files above ${MAX_MANIFEST_BYTES} are not read`,
        });
      }
    }
  }

  takeSources(sources: Ranks): void {
    let count = 0;
    for (const path of sources) {
      if (count >= MAX_SOURCES || this.#isFull) return;
      const bytes = this.#sizeOf(path);
      if (bytes === null || bytes > MAX_SOURCE_BYTES) continue;
      this.#take(path, bytes);
      count += 1;
    }
  }

  #take(path: string, bytes: number): void {
    if (this.#isFull) return;
    if (bytes <= this.#left) {
      this.#left -= bytes;
      this.paths.push(path);
      return;
    }
    this.#isFull = true;
    this.omissions.push({
      path: ".",
      what: "files",
      why:
        `those read have more than ${MAX_TOTAL_BYTES} bytes together; the rest is known by name`,
    });
  }
}
