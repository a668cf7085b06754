/**
 * Which programs a module builds, and the one that is started.
 *
 * A program is a directory with `package main` and `func main`. Of several, the
 * module's own directory is started; else the only one below `cmd`; else the
 * one that has the module's name, or is called server, api, web ...; else the
 * only one that listens. Only that
 * one is built: the others are tools, or run beside it, and whoever wants them
 * finds them in `cmd`.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import { basenameOf, directoryOf, joinPath, runsOf } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { relativeTo } from "../shared/owners.ts";

export interface Program {
  /** Relative to the module: `.`, `cmd/server`. */
  directory: string;
  /** Where `func main` stands, or the file that is called main.go. */
  evidence: Evidence;
  /** Its files, by name. */
  files: string[];
}

/** Names of what a person means by the application. */
const USUAL = [
  "server",
  "api",
  "web",
  "app",
  "main",
  "service",
  "backend",
  "http",
  "httpd",
  "apiserver",
  "api-server",
  "webserver",
  "web-server",
];
/** Directories of programs that help to make the others. */
const HELPING = new Set([
  "tools",
  "tool",
  "scripts",
  "script",
  "internal",
  "gen",
  "generate",
]);
/** A clause stands behind a licence and a doc comment. */
const HEAD = 20_000;

/** True for a file that is compiled with the others of its package. */
export function isCompiled(path: string): boolean {
  const name = basenameOf(path);
  return !name.endsWith("_test.go") && !/^[._]/.test(name);
}

/** Of sources, which are sorted, those that run when the application runs. */
export function ownSources(
  directory: string,
  sources: readonly string[],
): string[] {
  return runsOf(sources).flatMap((run) => {
    const relative = relativeTo(directory, run.directory);
    const isOwn = relative === "." ||
      !isForeign(relative) && !isAside(relative);
    return isOwn ? run.paths.filter(isCompiled) : [];
  });
}

interface Clause {
  isMain: boolean;
  /** Of `func main`. */
  line: number | null;
}

/** Null for a file that was not read. */
function clauseOf(reading: Reading, path: string): Clause | null {
  const text = reading.tree.text(path);
  if (text === null) return null;
  if (!text.includes("package main")) return { isMain: false, line: null };
  const head = text.slice(0, HEAD);
  const clause = /^package (\w{1,100})/m.exec(head);
  // A generator that is run by hand: part of no package.
  const ignored = /^\/\/[ \t]{0,3}(?:go:build|\+build)[ \t]{1,5}ignore\b/m.exec(
    head,
  );
  if (
    clause?.[1] !== "main" || ignored !== null && ignored.index < clause.index
  ) {
    return { isMain: false, line: null };
  }
  const main = text.search(/^func main\(/m);
  return { isMain: true, line: main < 0 ? null : lineFinder(text)(main) };
}

export function programsOf(
  reading: Reading,
  directory: string,
  sources: readonly string[],
): Program[] {
  const found = new Map<string, Program & { hasMain: boolean }>();
  for (const path of ownSources(directory, sources)) {
    const clause = clauseOf(reading, path);
    const isNamed = basenameOf(path) === "main.go";
    if (clause === null ? !isNamed : !clause.isMain) continue;
    const relative = directoryOf(relativeTo(directory, path));
    const line = clause?.line ?? null;
    const program = found.get(relative) ?? {
      directory: relative,
      evidence: { file: path, line },
      files: [],
      hasMain: false,
    };
    program.files.push(basenameOf(path));
    if (line !== null || clause === null) {
      program.hasMain = true;
      program.evidence = { file: path, line };
    }
    found.set(relative, program);
  }
  return [...found.values()].filter(({ hasMain }) => hasMain);
}

function isHelping({ directory }: Program): boolean {
  return directory.split("/").some((part) => HELPING.has(part.toLowerCase()));
}

/** The one that is started; null when nobody can tell. */
export function mainProgram(
  programs: readonly Program[],
  names: readonly string[],
): Program | null {
  const own = programs.find(({ directory }) => directory === ".");
  if (own !== undefined) return own;
  const firm = programs.filter((program) => !isHelping(program));
  const below = firm.filter(({ directory }) =>
    directory.startsWith("cmd/") || directory === "cmd"
  );
  for (const group of [below, firm]) {
    if (group.length === 1) return group[0] ?? null;
    for (const name of [...names, ...USUAL]) {
      const named = group.find(({ directory }) =>
        basenameOf(directory).toLowerCase() === name.toLowerCase()
      );
      if (named !== undefined) return named;
    }
    const ending = group.filter(({ directory }) =>
      /(?:^|[-_])(?:server|api|web)$|d$/.test(basenameOf(directory)) &&
      names.some((name) => basenameOf(directory).startsWith(name))
    );
    if (ending.length === 1) return ending[0] ?? null;
  }
  return firm.length === 0 && programs.length === 1
    ? programs[0] ?? null
    : null;
}

const LISTENS =
  /\bListenAndServe|\bnet\.Listen\(|http\.Server\{|\.(?:Listen|Run|Start)\(/;

/** The only one of several whose own files listen; null when none or more do. */
export function listeningProgram(
  reading: Reading,
  directory: string,
  programs: readonly Program[],
): Program | null {
  const listening = programs.filter((program) => {
    const folder = joinPath(directory, program.directory) ?? "";
    return program.files.some((file) =>
      LISTENS.test(reading.tree.text(joinPath(folder, file) ?? "") ?? "")
    );
  });
  return listening.length === 1 ? listening[0] ?? null : null;
}
