/**
 * Bazel: programs of C and C++ in the BUILD files of a workspace.
 *
 * Owns a reading that knows rules with a plain name; macros of a repository are
 * not followed.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { relativeTo } from "../shared/owners.ts";
import type { Build } from "./build.ts";

/** What makes a directory a workspace, of Bazel 6 and later first. */
export const WORKSPACES = ["MODULE.bazel", "WORKSPACE.bazel", "WORKSPACE"];
export const BAZEL_FILES = ["BUILD.bazel", "BUILD"];

const MAX_TEXT = 256 * 1024;
/** Of a rule's arguments: its name stands first. */
const MAX_RULE = 400;
const RULE = /^cc_(binary|test)\(/gm;
const NAME = /\bname\s{0,4}=\s{0,4}"([\w.+/-]{1,100})"/;

/** BUILD files of a workspace that were read, sorted. */
function buildFiles({ tree }: Reading, directory: string): string[] {
  return BAZEL_FILES.flatMap((name) => tree.read(tree.named(name)))
    .filter((file) => {
      const folder = relativeTo(directory, directoryOf(file));
      return (directory === "." || file.startsWith(`${directory}/`)) &&
        !isForeign(folder) && !isAside(folder);
    })
    .sort();
}

/** True for a workspace that compiles C at all: others hold none of its rules. */
export function bazelCompiles(reading: Reading, file: string): boolean {
  return buildFiles(reading, directoryOf(file)).some((one) =>
    /^cc_(?:binary|library)\(/m.test(
      (reading.tree.text(one) ?? "").slice(0, MAX_TEXT),
    )
  );
}

/** `file` makes a workspace of its directory. */
export function readBazel(reading: Reading, file: string): Build {
  const { tree } = reading;
  const directory = directoryOf(file);
  const named = reading.match(
    file,
    /^\s{0,8}(?:module\(\s{0,4}|workspace\(\s{0,4})?name\s{0,4}=\s{0,4}"([\w.-]{1,100})"/,
  );
  const build: Build = {
    manager: null,
    file,
    name: named,
    language: null,
    programs: [],
    asked: [],
    command: "bazel build //...",
    test: null,
  };
  for (const one of buildFiles(reading, directory)) {
    const folder = relativeTo(directory, directoryOf(one));
    const text = (tree.text(one) ?? "").slice(0, MAX_TEXT);
    const lineOf = lineFinder(text);
    for (const { 0: all, 1: kind, index } of text.matchAll(RULE)) {
      const evidence = { file: one, line: lineOf(index) };
      const from = index + all.length;
      const name = NAME.exec(text.slice(from, from + MAX_RULE))?.[1];
      if (kind === "test") {
        build.test ??= { command: "bazel test //...", evidence };
      } else if (name !== undefined) {
        const output = joinPath("bazel-bin", joinPath(folder, name) ?? name);
        build.programs.push({ name, output: output ?? name, evidence });
      }
    }
  }
  return build;
}
