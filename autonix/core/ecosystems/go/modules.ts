/**
 * Which modules a repository has, and what go.mod and go.work say.
 *
 * Nothing in `vendor` or below a directory whose name begins with `_` or `.` is
 * a module, as for the go command. One among examples or tests counts where
 * there is no other; one that only pins tools does not count.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import {
  basenameOf,
  directoryOf,
  isWithin,
  joinPath,
} from "../../file_tree.ts";
import { type Found, type Reading } from "../../reading.ts";
import { isForeign, withoutAsides } from "../shared/asides.ts";

export interface Module {
  directory: string;
  /** go.mod. */
  file: string;
  /** Import path; null when it names none. */
  path: Found | null;
  /** `go 1.22`. */
  version: Found | null;
  /** `toolchain go1.22.3`, without `go`. */
  toolchain: Found | null;
  dependencies: readonly (Dependency & { isIndirect: boolean })[];
  /** Directories that stand for modules: `replace x => ../x`. */
  links: readonly string[];
}

/** go.mod files of large programs have some thousand lines. */
const MAX_LINES = 20_000;
const DIRECTIVE = /^(?:module|go|toolchain|require|replace|use)$/;

interface Statement {
  verb: string;
  words: string[];
  isIndirect: boolean;
  line: number;
}

/** Statements of go.mod and go.work, those of blocks each by itself. */
export function statementsOf(reading: Reading, file: string): Statement[] {
  const found: Statement[] = [];
  let block: string | null = null;
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const whole = text.slice(0, 1_000);
    const comment = whole.indexOf("//");
    const code = comment < 0 ? whole : whole.slice(0, comment);
    const words = code.trim().split(/\s+/).map(unquoted)
      .filter((word) => word !== "");
    const [first = ""] = words;
    if (first === ")") block = null;
    else if (words.at(-1) === "(") block = first;
    else if (words.length > 0) {
      const isIndirect = whole.includes("// indirect");
      const at = { isIndirect, line: number };
      if (block !== null) found.push({ verb: block, words, ...at });
      else if (DIRECTIVE.test(first)) {
        found.push({ verb: first, words: words.slice(1), ...at });
      }
    }
  }
  return found;
}

function unquoted(word: string): string {
  return /^(["`]).*\1$/.test(word) ? word.slice(1, -1) : word;
}

/** A directory that go.mod or go.work names, relative to the root. */
function localPath(directory: string, text: string | undefined): string | null {
  return text !== undefined && /^\.{1,2}(?:\/|$)/.test(text)
    ? joinPath(directory, text)
    : null;
}

function readModule(reading: Reading, file: string): Module {
  const directory = directoryOf(file);
  let path: Found | null = null;
  let version: Found | null = null;
  let toolchain: Found | null = null;
  const dependencies: Module["dependencies"][number][] = [];
  const links: string[] = [];
  for (const { verb, words, isIndirect, line } of statementsOf(reading, file)) {
    const evidence = { file, line };
    const [first = "", second] = words;
    if (verb === "module") path = { value: first, evidence };
    else if (verb === "go") version = { value: first, evidence };
    else if (verb === "toolchain") {
      const value = first.replace(/^go/, "");
      // `default` and `local` pin nothing.
      if (/^\d/.test(value)) toolchain = { value, evidence };
    } else if (verb === "require") {
      dependencies.push({
        name: first,
        version: second?.replace(/^v/, "") ?? null,
        isDev: false,
        evidence,
        isIndirect,
      });
    } else if (verb === "replace") {
      const link = localPath(directory, words[words.indexOf("=>") + 1]);
      if (link !== null) links.push(link);
    }
  }
  return { directory, file, path, version, toolchain, dependencies, links };
}

function isIgnored(directory: string): boolean {
  return isForeign(directory) ||
    directory !== "." &&
      directory.split("/").some((part) => /^[._]/.test(part));
}

/** A module of nothing but `tools.go` keeps versions of tools for others. */
function isForTools(reading: Reading, { directory }: Module): boolean {
  if (directory === ".") return false;
  const sources = reading.tree.below(directory).filter((path) =>
    path.endsWith(".go")
  );
  return sources.every((path) => basenameOf(path) === "tools.go");
}

export function findModules(reading: Reading): readonly Module[] {
  const files = reading.tree.named("go.mod")
    .filter((file) => !isIgnored(directoryOf(file)));
  const modules = files.map((file) => readModule(reading, file))
    .filter((module) => !isForTools(reading, module));
  return withoutAsides(modules, ({ directory }) => directory);
}

export interface Work {
  directory: string;
  file: string;
  version: Found | null;
  toolchain: Found | null;
  uses: ReadonlySet<string>;
}

export function findWorks(reading: Reading): Work[] {
  return reading.tree.named("go.work")
    .filter((file) => !isIgnored(directoryOf(file)))
    .map((file) => {
      const { version, toolchain } = readModule(reading, file);
      const directory = directoryOf(file);
      const uses = statementsOf(reading, file)
        .filter(({ verb }) => verb === "use")
        .map(({ words }) => localPath(directory, words[0]))
        .filter((path) => path !== null);
      return { directory, file, version, toolchain, uses: new Set(uses) };
    });
}

/** The workspace that names a module. */
export function workOf(module: Module, works: readonly Work[]): Work | null {
  return works.find(({ directory, uses }) =>
    isWithin(module.directory, directory) && uses.has(module.directory)
  ) ?? null;
}

/** `shop` of `github.com/acme/shop/v2`. */
export function shortName(path: string): string {
  const parts = path.split("/").filter((part) => part !== "");
  const last = parts.at(-1) ?? "";
  return /^v\d{1,3}$/.test(last) && parts.length > 1
    ? parts.at(-2) ?? last
    : last.replace(/\.v\d{1,3}$/, "");
}
