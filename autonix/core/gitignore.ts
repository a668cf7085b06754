/**
 * Which paths the `.gitignore` files of a tree leave out.
 *
 * Each file is a list of its own, compiled once: plain names and `*.ext` are
 * looked up, whatever their number; only other patterns are tried one by one,
 * from the last up to the best that is known. The nearest file that says
 * anything of a path decides, in it the last line.
 *
 * Patterns mean what git's `dir.c` and `wildmatch.c` take them for, their
 * oddities included. Never reads a file, and never looks at git's index: a
 * file that was added in spite of a pattern counts as left out.
 *
 * @module
 */
import {
  bytesOf,
  compileGlob,
  type Glob,
  literalLength,
  matchesGlob,
} from "./glob.ts";

/** Hundreds are usual where a template was pasted in; more slow every path down. */
export const MAX_RULES = 5_000;
/** No path is longer. */
const MAX_PATTERN_LENGTH = 4_096;

interface Rule {
  /** Place in the list: the greatest that matches decides. */
  index: number;
  isNegated: boolean;
  isForDirectories: boolean;
}

interface TriedRule extends Rule {
  /** Against the name alone, not the path from the list's directory. */
  isForNames: boolean;
  /** What comes before the first special character. */
  prefix: string;
  /** The rest after it; null for a text that ends so. */
  glob: Glob;
}

/** The patterns of one file. */
export class IgnoreList {
  readonly #names = new Map<string, Rule[]>();
  /** By what follows the star of `*.ext`. */
  readonly #extensions = new Map<string, Rule[]>();
  /** By the path from the list's directory. */
  readonly #paths = new Map<string, Rule[]>();
  readonly #tried: TriedRule[] = [];
  #count = 0;
  /** True when there were more than `MAX_RULES`; those after them do not count. */
  readonly isCut: boolean;

  constructor(text: string) {
    let isCut = false;
    for (const line of linesOf(text)) {
      isCut = this.#count >= MAX_RULES;
      if (isCut) break;
      this.#add(line);
    }
    this.isCut = isCut;
  }

  get isEmpty(): boolean {
    return this.#count === 0;
  }

  #add(line: string): void {
    const isNegated = line.startsWith("!");
    let pattern = bytesOf(isNegated ? line.slice(1) : line);
    const isForDirectories = pattern.endsWith("/");
    if (isForDirectories) pattern = pattern.slice(0, -1);
    if (pattern === "" || pattern.length > MAX_PATTERN_LENGTH) return;
    const rule = { index: this.#count++, isNegated, isForDirectories };
    const isForNames = !pattern.includes("/");
    if (pattern.startsWith("/")) pattern = pattern.slice(1);
    const plain = literalLength(pattern);
    if (plain === pattern.length) {
      addTo(isForNames ? this.#names : this.#paths, pattern, rule);
    } else if (isForNames && isExtension(pattern)) {
      addTo(this.#extensions, pattern.slice(1), rule);
    } else {
      const glob = compileGlob(pattern.slice(plain));
      if (glob === null) return;
      const prefix = pattern.slice(0, plain);
      this.#tried.push({ ...rule, isForNames, prefix, glob });
    }
  }

  /**
   * What this list says of a path: true left out, false taken back in, null
   * nothing. `path` is relative to the list's directory; both as bytes.
   */
  says(path: string, name: string, isDirectory: boolean): boolean | null {
    let best: Rule | null = null;
    const consider = (rules: readonly Rule[] | undefined) => {
      for (const rule of rules ?? []) {
        if (rule.isForDirectories && !isDirectory) continue;
        if (best === null || rule.index > best.index) best = rule;
      }
    };
    consider(this.#names.get(name));
    if (this.#paths.size > 0) consider(this.#paths.get(path));
    if (this.#extensions.size > 0) {
      for (let dot = name.indexOf("."); dot >= 0;) {
        consider(this.#extensions.get(name.slice(dot)));
        dot = name.indexOf(".", dot + 1);
      }
    }
    const tried = this.#lastTried(path, name, isDirectory, best);
    const rule: Rule | null = tried ?? best;
    return rule === null ? null : !rule.isNegated;
  }

  /** The last of those to be tried that matches, if it comes after `best`. */
  #lastTried(
    path: string,
    name: string,
    isDirectory: boolean,
    best: Rule | null,
  ): Rule | null {
    for (let at = this.#tried.length - 1; at >= 0; at--) {
      const rule = this.#tried[at];
      if (rule === undefined || best !== null && rule.index < best.index) break;
      if (rule.isForDirectories && !isDirectory) continue;
      const text = rule.isForNames ? name : path;
      if (
        text.startsWith(rule.prefix) &&
        matchesGlob(rule.glob, text.slice(rule.prefix.length))
      ) return rule;
    }
    return null;
  }
}

function addTo(map: Map<string, Rule[]>, key: string, rule: Rule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}

/** `*.log`, `*.tar.gz`. */
function isExtension(pattern: string): boolean {
  return pattern.startsWith("*.") &&
    literalLength(pattern.slice(1)) === pattern.length - 1;
}

/** Patterns as git reads them: no comments, no empty lines, no spaces at the end but escaped ones. */
function* linesOf(text: string): Generator<string> {
  const start = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  for (let from = start; from < text.length;) {
    const newline = text.indexOf("\n", from);
    const end = newline < 0 ? text.length : newline;
    let line = text.slice(from, end);
    from = end + 1;
    if (line.endsWith("\r")) line = line.slice(0, -1);
    // What follows a NUL is not seen by git.
    const nul = line.indexOf("\0");
    if (nul >= 0) line = line.slice(0, nul);
    if (line !== "" && !line.startsWith("#")) yield withoutTrailingSpaces(line);
  }
}

function withoutTrailingSpaces(line: string): string {
  let end = 0;
  for (let at = 0; at < line.length; at++) {
    if (line[at] === "\\") at += 1;
    else if (line[at] === " ") continue;
    end = at + 1;
  }
  return line.slice(0, end);
}

/** The lists that hold for what lies in a directory: its own, and those above it. */
export interface IgnoreScope {
  list: IgnoreList;
  /** Bytes of its directory with the slash after it: none for the root. */
  length: number;
  above: IgnoreScope | null;
}

/** The scope within a directory that has a list. */
export function scopeOf(
  text: string,
  directory: string,
  above: IgnoreScope | null,
): IgnoreScope | null {
  const list = new IgnoreList(text);
  const length = directory === "." ? 0 : bytesOf(directory).length + 1;
  return list.isEmpty ? above : { list, length, above };
}

/**
 * True when a path is left out. Only for paths whose directory is not: nothing
 * takes back in what lies in a directory that is left out.
 */
export function isIgnored(
  scope: IgnoreScope | null,
  path: string,
  isDirectory: boolean,
): boolean {
  if (scope === null) return false;
  const bytes = bytesOf(path);
  const name = bytes.slice(bytes.lastIndexOf("/") + 1);
  for (let here: IgnoreScope | null = scope; here !== null; here = here.above) {
    const said = here.list.says(bytes.slice(here.length), name, isDirectory);
    if (said !== null) return said;
  }
  return false;
}
