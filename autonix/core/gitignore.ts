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
import { addTo } from "./lists.ts";

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
  /** By the directory, from that of the list, and the name in it. */
  readonly #paths = new Map<string, Map<string, Rule[]>>();
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
      if (isForNames) addTo(this.#names, pattern, rule);
      else this.#addPath(pattern, rule);
    } else if (isForNames && isExtension(pattern)) {
      addTo(this.#extensions, pattern.slice(1), rule);
    } else {
      const glob = compileGlob(pattern.slice(plain));
      if (glob === null) return;
      const prefix = pattern.slice(0, plain);
      this.#tried.push({ ...rule, isForNames, prefix, glob });
    }
  }

  #addPath(path: string, rule: Rule): void {
    const slash = path.lastIndexOf("/");
    const directory = path.slice(0, slash + 1);
    const there = this.#paths.get(directory) ?? new Map<string, Rule[]>();
    addTo(there, path.slice(slash + 1), rule);
    this.#paths.set(directory, there);
  }

  /** What of it can matter in one directory: `prefix` leads there from the list's own, with a slash at its end. */
  within(prefix: string): IgnoreRules {
    return {
      names: this.#names,
      extensions: this.#extensions,
      paths: this.#paths.get(prefix) ?? null,
      tried: this.#tried.filter((rule) =>
        rule.isForNames || rule.prefix.startsWith(prefix) ||
        prefix.startsWith(rule.prefix)
      ),
      prefix,
    };
  }
}

/** The rules of a list, as far as they can matter in one directory. */
export interface IgnoreRules {
  names: ReadonlyMap<string, readonly Rule[]>;
  extensions: ReadonlyMap<string, readonly Rule[]>;
  paths: ReadonlyMap<string, readonly Rule[]> | null;
  tried: readonly TriedRule[];
  prefix: string;
}

/** The later of the best so far and what one of these lists says. */
function later(
  best: Rule | null,
  rules: readonly Rule[] | undefined,
  isDirectory: boolean,
): Rule | null {
  if (rules === undefined) return best;
  for (const rule of rules) {
    if (rule.isForDirectories && !isDirectory) continue;
    if (best === null || rule.index > best.index) best = rule;
  }
  return best;
}

/** What one list says of a name: true left out, false taken back in, null nothing. */
function says(
  rules: IgnoreRules,
  name: string,
  isDirectory: boolean,
): boolean | null {
  let best = later(null, rules.names.get(name), isDirectory);
  if (rules.paths !== null) {
    best = later(best, rules.paths.get(name), isDirectory);
  }
  if (rules.extensions.size > 0) {
    for (let dot = name.indexOf("."); dot >= 0;) {
      best = later(best, rules.extensions.get(name.slice(dot)), isDirectory);
      dot = name.indexOf(".", dot + 1);
    }
  }
  const rule = lastTried(rules, name, isDirectory, best) ?? best;
  return rule === null ? null : !rule.isNegated;
}

/** The last of those to be tried that matches, if it comes after `best`. */
function lastTried(
  { tried, prefix }: IgnoreRules,
  name: string,
  isDirectory: boolean,
  best: Rule | null,
): Rule | null {
  for (let at = tried.length - 1; at >= 0; at--) {
    const rule = tried[at];
    if (rule === undefined || best !== null && rule.index < best.index) break;
    if (rule.isForDirectories && !isDirectory) continue;
    const text = rule.isForNames ? name : prefix + name;
    if (
      text.startsWith(rule.prefix) &&
      matchesGlob(rule.glob, text.slice(rule.prefix.length))
    ) return rule;
  }
  return null;
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

/** The rules that matter in a directory, those of the nearest list first. */
export function rulesIn(
  scope: IgnoreScope | null,
  directory: string,
): IgnoreRules[] {
  const rules: IgnoreRules[] = [];
  if (scope === null) return rules;
  const bytes = directory === "." ? "" : `${bytesOf(directory)}/`;
  for (let here: IgnoreScope | null = scope; here !== null; here = here.above) {
    rules.push(here.list.within(bytes.slice(here.length)));
  }
  return rules;
}

/**
 * True when what has this name in the rules' directory is left out. Nothing
 * takes back in what lies in a directory that is left out: that is not walked.
 */
export function isIgnored(
  rules: readonly IgnoreRules[],
  name: string,
  isDirectory: boolean,
): boolean {
  if (rules.length === 0) return false;
  const bytes = bytesOf(name);
  for (const list of rules) {
    const said = says(list, bytes, isDirectory);
    if (said !== null) return said;
  }
  return false;
}
