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
import { basenameOf, type Omission, type Run } from "./file_tree.ts";
import { addTo } from "./lists.ts";

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

/** How much is read. */
export interface ReadLimits {
  manifests: number;
  sources: number;
  manifestBytes: number;
  sourceBytes: number;
  totalBytes: number;
}

const READ_LIMITS: ReadLimits = {
  manifests: MAX_MANIFESTS,
  sources: MAX_SOURCES,
  manifestBytes: MAX_MANIFEST_BYTES,
  sourceBytes: MAX_SOURCE_BYTES,
  totalBytes: MAX_TOTAL_BYTES,
};

/** Sources that tell most: they start something, or configure it. */
const ENTRY =
  /^(main|app|application|server|index|manage|wsgi|asgi|settings|config|program|startup|lib|mod|cli|run|start|bot|worker)\b/i;

/** What to read, in this order. */
export interface Choice {
  paths: string[];
  omissions: Omission[];
  /** False when a limit kept one out that a pattern names. */
  isWhole: boolean;
}

/** What a file is read as, the greater of several. */
const UNREAD = 0;
const SOURCE = 1;
const MANIFEST = 2;
type Kind = typeof UNREAD | typeof SOURCE | typeof MANIFEST;

/** What comes before and after the star of a pattern's name; a name without one has no `after`. */
interface NameTest {
  before: string;
  after: string | null;
  kind: Kind;
}

/** Of names that end alike: all of them, or those that end in more than the extension. */
interface Ending {
  kind: Kind;
  tests: NameTest[];
}

/** Patterns, arranged so that a file costs a few look-ups, not one test for each. */
class Matcher {
  readonly #names = new Map<string, Kind>();
  /** `*.ts` and `*.config.ts` by `.ts`; under "" those that end in anything. */
  readonly #endings = new Map<string, Ending>();
  /** Those that begin with no star, by the first letter. */
  readonly #stars = new Map<string, NameTest[]>();
  /** The extension of the name before, and what ends in it. */
  #before = "";
  #ending: Ending | undefined;
  /** With a directory, by the last part of that. */
  readonly #within = new Map<string, [string, NameTest][]>();

  constructor(reads: readonly Reads[]) {
    for (const { manifests, sources = [] } of reads) {
      for (const pattern of sources) this.#add(pattern, SOURCE);
      for (const pattern of manifests) this.#add(pattern, MANIFEST);
    }
  }

  #add(pattern: NamePattern, kind: Kind): void {
    const slash = pattern.lastIndexOf("/");
    const name = pattern.slice(slash + 1);
    const star = name.indexOf("*");
    const test: NameTest = {
      before: star < 0 ? name : name.slice(0, star),
      after: star < 0 ? null : name.slice(star + 1),
      kind,
    };
    if (slash >= 0) {
      const directory = pattern.slice(0, slash);
      addTo(this.#within, basenameOf(directory), [directory, test]);
    } else if (test.after === null) {
      this.#names.set(name, greater(kind, this.#names.get(name)));
    } else if (test.before !== "") {
      addTo(this.#stars, test.before.charAt(0), test);
    } else this.#addEnding(test, test.after);
  }

  #addEnding(test: NameTest, after: string): void {
    const extension = extensionOf(after);
    const ending = this.#endings.get(extension) ?? { kind: UNREAD, tests: [] };
    this.#endings.set(extension, ending);
    if (extension !== "" && extension === after) {
      ending.kind = greater(test.kind, ending.kind);
    } else ending.tests.push(test);
  }

  /** Patterns that hold in a directory only; none for most directories. */
  inDirectory(directory: string): readonly NameTest[] {
    const patterns = this.#within.get(basenameOf(directory));
    if (patterns === undefined) return NO_TESTS;
    return patterns
      .filter(([end]) => directory === end || directory.endsWith(`/${end}`))
      .map(([, test]) => test);
  }

  /** Neighbours mostly end alike: nothing is cut out of a name to find that out. */
  #endingOf(name: string): Ending | undefined {
    if (this.#before === "" || !name.endsWith(this.#before)) {
      this.#before = extensionOf(name);
      this.#ending = this.#endings.get(this.#before);
    }
    return this.#ending;
  }

  kindOf(name: string, here: readonly NameTest[]): Kind {
    const kind = this.#names.get(name) ?? UNREAD;
    if (kind === MANIFEST) return kind;
    const ending = this.#endingOf(name);
    let best = greater(kind, ending?.kind);
    best = greatest(name, best, ending?.tests);
    best = greatest(name, best, this.#endings.get("")?.tests);
    best = greatest(name, best, this.#stars.get(name.charAt(0)));
    return greatest(name, best, here);
  }
}

const NO_TESTS: readonly NameTest[] = [];

function greater(a: Kind, b: Kind | undefined): Kind {
  return b === undefined || b < a ? a : b;
}

/** With its dot; none of a name without one. */
function extensionOf(name: string): string {
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}

/** The greatest of what is known of a name and what these say of it. */
function greatest(
  name: string,
  known: Kind,
  tests: readonly NameTest[] | undefined,
): Kind {
  if (tests === undefined) return known;
  let best = known;
  for (const test of tests) {
    if (test.kind > best && fits(name, test)) best = test.kind;
  }
  return best;
}

function fits(name: string, { before, after }: NameTest): boolean {
  if (after === null) return name === before;
  if (after === ".") return name.startsWith(before) && !name.includes(".");
  return name.length >= before.length + after.length &&
    name.startsWith(before) && name.endsWith(after);
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
  runs: readonly Run[],
  reads: readonly Reads[],
  sizeOf: (path: string) => number | null,
  limits = READ_LIMITS,
): Choice {
  const matcher = new Matcher(reads);
  const manifests = new Ranks();
  const sources = new Ranks();
  for (const { directory, names, paths } of runs) {
    const depth = directory === "." ? 0 : depthOf(directory) + 1;
    const here = matcher.inDirectory(directory);
    for (let at = 0; at < names.length; at++) {
      const name = names[at] ?? "";
      const kind = matcher.kindOf(name, here);
      if (kind === UNREAD) continue;
      const path = paths[at] ?? "";
      if (kind === MANIFEST) manifests.add(depth, path);
      else sources.add(ENTRY.test(name) ? depth : NO_ENTRY + depth, path);
    }
  }
  const choosing = new Choosing(sizeOf, limits);
  choosing.takeManifests(manifests);
  choosing.takeSources(sources);
  const { paths, omissions, isWhole } = choosing;
  return { paths, omissions, isWhole };
}

/** Takes files while there is room for them. */
class Choosing {
  readonly paths: string[] = [];
  readonly omissions: Omission[] = [];
  isWhole = true;
  readonly #sizeOf: (path: string) => number | null;
  readonly #limits: ReadLimits;
  #left: number;
  #isFull = false;

  constructor(sizeOf: (path: string) => number | null, limits: ReadLimits) {
    this.#sizeOf = sizeOf;
    this.#limits = limits;
    this.#left = limits.totalBytes;
  }

  takeManifests(manifests: Ranks): void {
    const { manifests: most, manifestBytes } = this.#limits;
    if (manifests.count > most) {
      this.isWhole = false;
      this.omissions.push({
        path: ".",
        what: "manifests",
        why:
          `${manifests.count} files look like manifests; the ${most} nearest to the root are read`,
      });
    }
    let count = 0;
    for (const path of manifests) {
      if (++count > most) return;
      const bytes = this.#sizeOf(path);
      if (bytes === null) continue;
      if (bytes <= manifestBytes) this.#take(path, bytes);
      else {
        this.isWhole = false;
        this.omissions.push({
          path,
          what: "this file",
          why: `has ${bytes} bytes; files above ${manifestBytes} are not read`,
        });
      }
    }
  }

  takeSources(sources: Ranks): void {
    let count = 0;
    for (const path of sources) {
      if (this.#isFull) return;
      if (count >= this.#limits.sources) {
        this.isWhole = false;
        return;
      }
      const bytes = this.#sizeOf(path);
      if (bytes === null || bytes > this.#limits.sourceBytes) continue;
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
    this.isWhole = false;
    this.omissions.push({
      path: ".",
      what: "files",
      why:
        `those read have more than ${this.#limits.totalBytes} bytes together; the rest is known by name`,
    });
  }
}
