/**
 * Autotools: configure.ac, and the programs of each Makefile.am.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { moduleNames } from "../shared/libraries.ts";
import { relativeTo } from "../shared/owners.ts";
import { type Build, builtByMake } from "./build.ts";

export const CONFIGURES = ["configure.ac", "configure.in"];
const MAX_LINES = 5_000;
const MACRO =
  /^\s{0,20}(AC_INIT|PKG_CHECK_MODULES|AC_CHECK_LIB|AC_SEARCH_LIBS|AC_PROG_CXX)\b\s{0,4}\(?([^\n]{0,400})/;

function commandOf(reading: Reading, directory: string): string {
  const has = (name: string) => reading.tree.first(directory, [name]) !== null;
  if (has("configure")) return "./configure && make";
  if (has("autogen.sh")) return "./autogen.sh && ./configure && make";
  return "autoreconf -fi && ./configure && make";
}

/** Arguments of a macro: `[libcurl], [curl_easy_init]`. */
function argumentsOf(text: string): string[] {
  return text.split(",").map((part) => part.replace(/[[\]()]/g, "").trim());
}

function readConfigure(reading: Reading, build: Build): void {
  const lines = reading.lines(build.file).slice(0, MAX_LINES);
  for (const [index, { number, text }] of lines.entries()) {
    const found = MACRO.exec(text.slice(0, 1_000));
    const [, macro, head = ""] = found ?? [];
    if (macro === undefined) continue;
    // Its arguments may stand on lines of their own.
    const rest = head.includes(",") ? head : [
      head,
      ...lines.slice(index + 1, index + 4)
        .map((line) => line.text.slice(0, 200)),
    ].join(" ");
    const evidence = { file: build.file, line: number };
    const [first = "", second = ""] = argumentsOf(rest);
    if (macro === "AC_INIT" && first !== "") {
      build.name ??= { value: first, evidence };
    }
    const names = macro === "PKG_CHECK_MODULES"
      ? moduleNames(second)
      : macro === "AC_CHECK_LIB"
      ? [first]
      : macro === "AC_SEARCH_LIBS"
      ? second.split(/\s+/)
      : [];
    for (const name of names) {
      build.asked.push({
        name,
        version: null,
        isDev: false,
        evidence,
        isOfSystem: true,
      });
    }
  }
}

export function readAutotools(
  reading: Reading,
  directory: string,
  file: string,
): Build {
  const build = builtByMake(file, commandOf(reading, directory));
  readConfigure(reading, build);
  for (const makefile of reading.tree.named("Makefile.am")) {
    const folder = relativeTo(directory, directoryOf(makefile));
    const isBelow = directory === "." || makefile.startsWith(`${directory}/`);
    if (!isBelow || isForeign(folder)) continue;
    for (
      const { number, text } of reading.lines(makefile).slice(0, MAX_LINES)
    ) {
      const evidence = { file: makefile, line: number };
      const line = text.slice(0, 1_000);
      if (/^(?:TESTS|check_PROGRAMS)\s{0,8}\+?=/.test(line)) {
        build.test ??= { command: "make check", evidence };
      }
      const names = /^(?:bin|sbin)_PROGRAMS\s{0,8}\+?=(.*)$/.exec(line)?.[1];
      if (names === undefined || isAside(folder)) continue;
      for (const name of names.trim().split(/\s+/)) {
        if (!/^[\w+.-]{1,100}$/.test(name)) continue;
        build.programs.push({
          name,
          output: joinPath(folder, name) ?? name,
          evidence,
        });
      }
    }
  }
  return build;
}
