/**
 * make: the programs that a Makefile links, and with which libraries.
 *
 * Owns a reading that knows variables and explicit rules. A Makefile that
 * compiles nothing is a list of tasks, and no project.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { libraryOf, moduleNames } from "../shared/libraries.ts";
import { type Build, builtByMake } from "./build.ts";

export const MAKEFILES = ["Makefile", "makefile", "GNUmakefile"];

const MAX_LINES = 5_000;
const VARIABLE =
  /^(?:export |override )?\s{0,4}([A-Za-z_][\w.-]{0,60})\s{0,8}[:?+]?:?=\s{0,20}(.{0,500})$/;
const RULE = /^([^\s:=#][^:=#]{0,200}):(?!=)([^=].{0,500}|)$/;
/** What compiles or links. */
const COMPILER =
  /\$[({](?:\w{1,30}_)?(?:CC|CXX|LD|LINK\.\w{1,3}|COMPILER|GCC)[)}]|(?:^|[\s=/])(?:gcc|g\+\+|clang|clang\+\+|cc|c\+\+)(?:-\d{1,2})?(?=\s|$)/;
const PROGRAM_VARIABLES =
  /^(?:TARGET|TARGET_EXEC|PROG|PROGRAM|BIN|BINARY|EXE|EXEC|EXECUTABLE|APP|OUT|OUTPUT|NAME|PROJECT)$/;

/** True for a Makefile that says how sources are compiled. */
export function compiles(reading: Reading, file: string): boolean {
  return reading.lines(file).slice(0, MAX_LINES).some(({ text }) => {
    const line = text.slice(0, 1_000);
    return !line.startsWith("#") &&
      (COMPILER.test(line) || /^\s{0,4}(?:CFLAGS|CXXFLAGS)\b/.test(line) ||
        /^[\w./-]{1,100}\s{0,4}:.{0,200}\.o\b/.test(line));
  });
}

const DELEGATING =
  /(?:\bcd\s{1,4}([\w./-]{1,100})\s{0,4}(?:&&|;)\s{0,4}\$[({]MAKE[)}]|\$[({]MAKE[)}]\s{1,4}-C\s{0,4}([\w./-]{1,100})|^SUBDIRS\s{0,4}[:?]?=\s{0,4}([\w./ -]{1,300}))/;

/** The directory whose Makefile a Makefile hands its work to: `cd src && $(MAKE)`. */
export function delegatesTo(reading: Reading, file: string): string | null {
  for (const { text } of reading.lines(file).slice(0, MAX_LINES)) {
    const found = DELEGATING.exec(text.slice(0, 1_000));
    const named = found?.[1] ?? found?.[2] ?? found?.[3] ?? "";
    for (const one of named.split(/\s+/)) {
      const directory = joinPath(directoryOf(file), one);
      const makefile = directory === null || one === "" || one === "."
        ? null
        : reading.tree.first(directory, MAKEFILES);
      if (
        makefile !== null && makefile !== file && compiles(reading, makefile)
      ) {
        return one;
      }
    }
  }
  return null;
}

/** What a Makefile builds by that of another directory. */
export function readDelegating(
  reading: Reading,
  file: string,
  named: string,
): Build {
  const directory = joinPath(directoryOf(file), named) ?? ".";
  const inner = reading.tree.first(directory, MAKEFILES) ?? file;
  const build = readMake(reading, inner);
  return {
    ...build,
    file,
    test: build.test === null ? null : {
      ...build.test,
      command: build.test.command.replace("make", `make -C ${named}`),
    },
    programs: build.programs.map((program) => ({
      ...program,
      output: joinPath(named, program.output) ?? program.output,
    })),
  };
}

interface State {
  build: Build;
  variables: Map<string, string>;
  /** Targets of the rule whose recipe is read. */
  open: { name: string; line: number } | null;
  /** By name, what `all` and other rules ask for. */
  linked: Map<string, { file: string; line: number }>;
}

function expand(text: string, variables: ReadonlyMap<string, string>): string {
  let now = text.slice(0, 500);
  // Variables of variables; a circle ends here.
  for (let round = 0; round < 4 && now.includes("$"); round++) {
    now = now.replace(
      /\$[({]([\w.-]{1,60})[)}]/g,
      (whole, name: string) => variables.get(name) ?? whole,
    ).slice(0, 500);
  }
  // What is set nowhere is empty.
  return now.replace(/\$[({][\w.-]{1,60}[)}]/g, "").trim();
}

function isProgram(name: string): boolean {
  return /^[\w./+-]{1,100}$/.test(name) && !name.startsWith("/") &&
    !/\.(?:o|a|so|d|h|c|cc|cpp|dll|dylib|elf|hex|bin|s|i|pdf|tar|gz)(?:\.\d{1,3}){0,3}$/
      .test(name) &&
    !name.startsWith(".");
}

function addLibraries(
  state: State,
  line: string,
  evidence: { file: string; line: number },
): void {
  const names = [
    ...[...line.matchAll(/(?:^|[\s=])-l([\w+.-]{1,40})/g)].map((
      [, name = ""],
    ) => name),
    ...[...line.matchAll(/pkg-config([^)`]{1,200})/g)].flatMap((
      [, words = ""],
    ) => moduleNames(words.replace(/--[\w-]{1,40}/g, " "))),
    // Scripts of libraries from before pkg-config, and beside it.
    ...[...line.matchAll(/\b(\w{2,20}[-_]config)\s{1,4}--/g)]
      .map(([, name = ""]) => name)
      .filter((name) => libraryOf(name) !== null),
  ];
  for (const name of names) {
    state.build.asked.push({
      name,
      version: null,
      isDev: false,
      evidence,
      isOfSystem: true,
    });
  }
}

/** `$(CC) -o app main.o`, or `-o $@` of the rule. */
function addLinked(
  state: State,
  line: string,
  evidence: { file: string; line: number },
): void {
  if (!COMPILER.test(line) || /\s-c(?:\s|$)|-shared\b/.test(line)) return;
  const found = /\s-o\s{0,4}(\S{1,100})/.exec(line)?.[1];
  const name = found === "$@" ? state.open?.name : found;
  const plain = expand(name ?? "", state.variables);
  if (isProgram(plain)) {
    state.linked.set(plain, state.linked.get(plain) ?? evidence);
  }
}

function readLine(
  state: State,
  file: string,
  number: number,
  line: string,
): void {
  const evidence = { file, line: number };
  if (!line.startsWith("#")) addLibraries(state, line, evidence);
  if (line.startsWith("\t")) return addLinked(state, line, evidence);
  const variable = VARIABLE.exec(line);
  if (variable !== null) {
    const [, name = "", value = ""] = variable;
    state.variables.set(name, value.replace(/#.*$/, "").trim());
    return;
  }
  const rule = RULE.exec(line);
  if (rule === null) return;
  const name = expand((rule[1] ?? "").trim(), state.variables);
  state.open = { name, line: number };
  if (name === "test" || name === "check") {
    state.build.test ??= { command: `make ${name}`, evidence };
  }
}

/** Without a rule that links, make's own does: `prog: main.o`. */
function addImplicit(
  state: State,
  file: string,
  lines: readonly { number: number; text: string }[],
): void {
  for (const { number, text } of lines) {
    const rule = RULE.exec(text.slice(0, 1_000));
    if (rule === null || rule[1]?.startsWith(".")) continue;
    const name = expand((rule[1] ?? "").trim(), state.variables);
    const needs = expand(rule[2] ?? "", state.variables);
    if (
      /\.o\b|\.cp{0,2}\b/.test(needs) && isProgram(name) &&
      !/^(?:all|clean|test|check|install)$/.test(name)
    ) {
      state.linked.set(name, { file, line: number });
    }
  }
}

export function readMake(reading: Reading, file: string): Build {
  const state: State = {
    build: builtByMake(file, "make"),
    variables: new Map(),
    open: null,
    linked: new Map(),
  };
  const lines = reading.lines(file).slice(0, MAX_LINES);
  for (const { number, text } of lines) {
    readLine(state, file, number, text.slice(0, 1_000));
  }
  if (state.linked.size === 0) addImplicit(state, file, lines);
  // What a variable called TARGET names is what is meant.
  const meant = new Set(
    [...state.variables].filter(([name]) => PROGRAM_VARIABLES.test(name))
      .map(([, value]) => expand(value, state.variables)),
  );
  const all = [...state.linked];
  const named = all.filter(([name]) => meant.has(name));
  for (const [name, evidence] of named.length > 0 ? named : all) {
    state.build.programs.push({
      name: name.slice(name.lastIndexOf("/") + 1),
      output: joinPath(".", name) ?? name,
      evidence,
    });
  }
  return state.build;
}
