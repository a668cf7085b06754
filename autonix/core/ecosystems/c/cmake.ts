/**
 * CMake: `project`, `add_executable`, `find_package`, `pkg_check_modules`,
 * FetchContent, of a CMakeLists.txt and those below it.
 *
 * Owns a reading of the language that knows variables of one value and no
 * conditions: what stands in an `if` counts.
 *
 * @module
 */
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { moduleNames } from "../shared/libraries.ts";
import { relativeTo } from "../shared/owners.ts";
import type { Asked, Build } from "./build.ts";

/** `add_executable(app main.c)`: what is called, with what, where. */
interface Call {
  name: string;
  words: string[];
  file: string;
  line: number;
}

/** Files of one project: large ones have a few hundred. */
const MAX_FILES = 300;
const MAX_WORDS = 200;
const MAX_TEXT = 256 * 1024;
const COMMAND = /([A-Za-z_]\w{0,60})[ \t]{0,8}\(/g;
const WORD = /"((?:[^"\\]|\\.){0,2000})"|#[^\n]*|([^\s()"#]{1,500})|([()])/g;

function callsOf(reading: Reading, file: string): Call[] {
  const text = (reading.tree.text(file) ?? "").slice(0, MAX_TEXT);
  const lineOf = lineFinder(text);
  const calls: Call[] = [];
  COMMAND.lastIndex = 0;
  for (
    let found = COMMAND.exec(text);
    found !== null;
    found = COMMAND.exec(text)
  ) {
    const before = text.slice(Math.max(0, found.index - 300), found.index);
    if (before.slice(before.lastIndexOf("\n") + 1).includes("#")) continue;
    const words: string[] = [];
    let depth = 1;
    WORD.lastIndex = COMMAND.lastIndex;
    while (depth > 0 && words.length < MAX_WORDS) {
      const word = WORD.exec(text);
      if (word === null) break;
      if (word[3] === "(") depth += 1;
      else if (word[3] === ")") depth -= 1;
      else {
        const plain = word[1] ?? word[2];
        if (plain !== undefined) words.push(plain);
      }
    }
    if (WORD.lastIndex > COMMAND.lastIndex) COMMAND.lastIndex = WORD.lastIndex;
    calls.push({
      name: (found[1] ?? "").toLowerCase(),
      words,
      file,
      line: lineOf(found.index),
    });
  }
  return calls;
}

function expand(text: string, variables: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$\{(\w{1,100})\}/g,
    (whole, name: string) => variables.get(name) ?? whole,
  ).slice(0, 500);
}

/** Where programs end up, relative to the project. */
function outputDirectory(set: string | undefined, folder: string): string {
  if (set === undefined) return joinPath("build", folder) ?? "build";
  const binary = /^\$\{(?:CMAKE|PROJECT|CMAKE_CURRENT)_BINARY_DIR\}\/?(.*)$/
    .exec(set);
  if (binary !== null) return joinPath("build", binary[1] ?? "") ?? "build";
  const source = /^\$\{(?:CMAKE|PROJECT|CMAKE_CURRENT)_SOURCE_DIR\}\/?(.*)$/
    .exec(set);
  if (source !== null) return joinPath(".", source[1] ?? "") ?? ".";
  return joinPath("build", folder) ?? "build";
}

/** `5` or `6` of what a call looks for; null where that is no Qt. */
function qtOf([first = "", ...words]: readonly string[]): string | null {
  // `find_package(QT NAMES Qt6 Qt5 ...)`: the first that is there.
  const named = first === "QT" ? words[words.indexOf("NAMES") + 1] : first;
  return /^Qt([56])$/.exec(named ?? "")?.[1] ?? null;
}

/** Words of find_package that name no component. */
const FLAGS =
  /^(?:REQUIRED|COMPONENTS|OPTIONAL_COMPONENTS|QUIET|CONFIG|MODULE|NAMES|EXACT|NO_MODULE|QT|Qt\d)$/;

function componentsOf(words: readonly string[]): string[] {
  return words.slice(1).filter((word) =>
    /^[A-Z]\w{1,40}$/.test(word) && !FLAGS.test(word)
  );
}

/** What makes a program, whoever brings it. */
const ADDS_PROGRAM =
  /^(?:add_executable|qt6?_add_executable|wx_add_executable|llvm_add_tool)$/;

function askedBy({ name, words, file, line }: Call): Asked[] {
  const evidence = { file, line };
  const of = (
    one: string,
    isOfSystem: boolean,
    version: string | null = null,
  ): Asked => ({
    name: one,
    version,
    isDev: false,
    evidence,
    isOfSystem,
  });
  const [first = "", second] = words;
  if (name === "find_package") {
    const qt = qtOf(words);
    if (qt !== null) {
      return [`Qt${qt}`, ...componentsOf(words).map((one) => `Qt${qt}${one}`)]
        .map((one) => of(one, true));
    }
    const version = second !== undefined && /^\d/.test(second) ? second : null;
    return first === "Threads" || first === "PkgConfig" || first === "Git" ||
        first === "Doxygen"
      ? []
      : [of(first, true, version)];
  }
  if (name === "pkg_check_modules" || name === "pkg_search_module") {
    return moduleNames(words.slice(1).join(" "))
      .filter((word) => !/^[A-Z_]{4,}$/.test(word))
      .map((word) => of(word, true));
  }
  if (name === "fetchcontent_declare" || name === "externalproject_add") {
    return [of(first, false)];
  }
  if (name === "cpmaddpackage") {
    const found =
      /^(?:gh|gl|bb):[\w.-]{1,60}\/([\w.-]{1,60})/.exec(first)?.[1] ??
        words[words.indexOf("NAME") + 1];
    return found === undefined ? [] : [of(found, false)];
  }
  if (name === "target_link_libraries" || name === "link_libraries") {
    return words.slice(name === "link_libraries" ? 0 : 1)
      .map((word) => word.replace(/^-l/, ""))
      .filter((word) => /^[a-z][\w+.-]{0,40}$/.test(word))
      .map((word) => ({ ...of(word, true), isLinked: true }));
  }
  return [];
}

function languageOf(words: readonly string[]): "c" | "cpp" | null {
  const at = words.indexOf("LANGUAGES");
  const named = at < 0 ? words.slice(1) : words.slice(at + 1);
  const hasC = named.includes("C");
  const hasCpp = named.includes("CXX");
  return hasC === hasCpp ? null : hasC ? "c" : "cpp";
}

/** `directory` holds a CMakeLists.txt with a `project`. */
export function readCmake(reading: Reading, directory: string): Build {
  const { tree } = reading;
  const top = joinPath(directory, "CMakeLists.txt") ?? "";
  const below = tree.named("CMakeLists.txt").filter((file) => {
    const folder = relativeTo(directory, directoryOf(file));
    return file !== top &&
      (directory === "." || file.startsWith(`${directory}/`)) &&
      !isForeign(folder) && !isAside(folder);
  });
  const variables = new Map<string, string>();
  const own = new Set<string>();
  const build: Build = {
    manager: "cmake",
    file: top,
    name: null,
    language: null,
    programs: [],
    asked: [],
    command: "cmake -B build -DCMAKE_BUILD_TYPE=Release && cmake --build build",
    test: null,
  };
  for (const file of [top, ...below].slice(0, MAX_FILES)) {
    const folder = relativeTo(directory, directoryOf(file));
    for (const call of callsOf(reading, file)) {
      const words = call.words.map((word) => expand(word, variables));
      const [target = ""] = words;
      const isMade = call.name === "add_library" ||
        ADDS_PROGRAM.test(call.name);
      if (isMade && words[1] !== "IMPORTED" && words[1] !== "ALIAS") {
        own.add(target);
      }
      readCall(build, { ...call, words }, folder, variables);
    }
  }
  // A library of the project may be called like one of the system's.
  build.asked = build.asked.filter(({ name, isLinked }) =>
    isLinked !== true || !own.has(name)
  );
  return build;
}

function readCall(
  build: Build,
  call: Call,
  folder: string,
  variables: Map<string, string>,
): void {
  const { name, words, file, line } = call;
  const [first = "", second] = words;
  const evidence = { file, line };
  if (name === "project") {
    variables.set("PROJECT_NAME", first);
    if (!variables.has("CMAKE_PROJECT_NAME")) {
      variables.set("CMAKE_PROJECT_NAME", first);
    }
    build.name ??= { value: first, evidence };
    const value = languageOf(words);
    if (value !== null) build.language ??= { value, evidence };
  } else if (name === "set" && second !== undefined) {
    variables.set(first, second);
  } else if (ADDS_PROGRAM.test(name)) {
    // Others' programs under a name of this project.
    if (second === "IMPORTED" || second === "ALIAS") return;
    const output = outputDirectory(
      variables.get("CMAKE_RUNTIME_OUTPUT_DIRECTORY") ??
        variables.get("EXECUTABLE_OUTPUT_PATH"),
      folder,
    );
    build.programs.push({
      name: first,
      output: joinPath(output, first) ?? first,
      evidence,
    });
  } else if (
    name === "add_test" || name === "enable_testing" ||
    name === "gtest_discover_tests" || name === "catch_discover_tests" ||
    name === "include" && first === "CTest"
  ) {
    build.test ??= { command: "ctest --test-dir build", evidence };
  } else if (name === "set_target_properties") {
    const program = build.programs.find((one) => one.name === first);
    if (program === undefined) return;
    const told = (key: string) => {
      const at = words.indexOf(key);
      return at < 0 ? undefined : words[at + 1];
    };
    const moved = told("RUNTIME_OUTPUT_DIRECTORY");
    const output = moved === undefined
      ? directoryOf(program.output)
      : outputDirectory(moved, folder);
    const called = told("OUTPUT_NAME") ?? basenameOf(program.output);
    program.output = joinPath(output, called) ?? program.output;
  } else {
    const qt = name === "find_package" ? qtOf(words) : null;
    // `Qt${QT_VERSION_MAJOR}` is what the call before has found.
    if (qt !== null) variables.set("QT_VERSION_MAJOR", qt);
    build.asked.push(...askedBy(call));
  }
}
