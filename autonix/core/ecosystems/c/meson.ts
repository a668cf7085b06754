/**
 * Meson: `project`, `executable`, `dependency`, `test`, of a meson.build and
 * those below it.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { isAside, isForeign } from "../shared/asides.ts";
import { relativeTo } from "../shared/owners.ts";
import type { Build } from "./build.ts";

const MAX_FILES = 300;
const MAX_TEXT = 256 * 1024;
const CALL =
  /\b(project|executable|dependency|find_library)[ \t]{0,4}\(\s{0,200}(?:'([^'\n]{1,200})'|(meson\.project_name\(\)|\w{1,60}))(?=([^)\n]{0,400}))/g;
const ASSIGNED =
  /^[ \t]{0,8}(\w{1,60})[ \t]{0,4}=[ \t]{0,4}'([^'\n]{1,200})'/gm;

/** Tests lie aside, and are tests all the same. */
function testIn(reading: Reading, directory: string): Build["test"] {
  for (const file of reading.tree.named("meson.build")) {
    if (directory !== "." && !file.startsWith(`${directory}/`)) continue;
    if (isForeign(relativeTo(directory, directoryOf(file)))) continue;
    const found = reading.match(file, /^[ \t]{0,8}test[ \t]{0,4}\(/);
    if (found !== null) {
      const { evidence } = found;
      return { command: "meson test -C build", evidence };
    }
  }
  return null;
}

/** `directory` holds a meson.build with a `project`. */
export function readMeson(reading: Reading, directory: string): Build {
  const { tree } = reading;
  const top = joinPath(directory, "meson.build") ?? "";
  const below = tree.named("meson.build").filter((file) => {
    const folder = relativeTo(directory, directoryOf(file));
    return file !== top &&
      (directory === "." || file.startsWith(`${directory}/`)) &&
      !isForeign(folder) && !isAside(folder);
  });
  const build: Build = {
    manager: "meson",
    file: top,
    name: null,
    language: null,
    programs: [],
    asked: [],
    command: "meson setup build --buildtype=release && meson compile -C build",
    test: null,
  };
  build.test = testIn(reading, directory);
  const variables = new Map<string, string>();
  for (const file of [top, ...below].slice(0, MAX_FILES)) {
    readFile(reading, build, { file, directory, variables });
  }
  return build;
}

function readFile(
  reading: Reading,
  build: Build,
  of: { file: string; directory: string; variables: Map<string, string> },
): void {
  const { file, directory, variables } = of;
  const text = (reading.tree.text(file) ?? "").slice(0, MAX_TEXT);
  const lineOf = lineFinder(text);
  for (const [, name = "", value = ""] of text.matchAll(ASSIGNED)) {
    variables.set(name, value);
  }
  const folder = relativeTo(directory, directoryOf(file));
  for (const found of text.matchAll(CALL)) {
    const before = text.slice(Math.max(0, found.index - 300), found.index);
    if (before.slice(before.lastIndexOf("\n") + 1).includes("#")) continue;
    const [, verb, quoted, word, rest = ""] = found;
    const value = quoted ??
      (word === "meson.project_name()"
        ? build.name?.value
        : variables.get(word ?? ""));
    const evidence = { file, line: lineOf(found.index) };
    if (value === undefined) continue;
    if (verb === "project") {
      build.name ??= { value, evidence };
      const hasC = /'c'/.test(rest);
      const hasCpp = /'cpp'/.test(rest);
      if (hasC !== hasCpp) {
        build.language ??= { value: hasC ? "c" : "cpp", evidence };
      }
    } else if (verb === "executable") {
      const own = joinPath(folder, value) ?? value;
      const output = joinPath("build", own) ?? value;
      build.programs.push({ name: value, output, evidence });
    } else if (verb === "dependency" || verb === "find_library") {
      const version = /version\s{0,3}:\s{0,3}'([^'\n]{1,60})'/.exec(rest)?.[1];
      if (value === "threads") continue;
      build.asked.push({
        name: value,
        version: version ?? null,
        isDev: false,
        evidence,
        isOfSystem: true,
      });
    }
  }
}
