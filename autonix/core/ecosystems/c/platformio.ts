/**
 * PlatformIO: firmware of a directory with a platformio.ini. Nothing here runs
 * it, so there is no start.
 *
 * @module
 */
import { directoryOf, joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import type { Build } from "./build.ts";

export const PLATFORMIO = "platformio.ini";

const MAX_LINES = 1_000;
const FRAMEWORK = /^framework\s{0,8}=\s{0,8}([\w-]{1,40})/;
/** `owner/Library@^2.8`, alone on its line or behind the key. */
const LIBRARY =
  /^(?:lib_deps\s{0,8}=|\s)\s{0,8}([\w.-]{1,60}\/[\w. -]{1,60}?)(?:\s{0,4}@\s{0,4}(\S{1,40}))?\s{0,8}$/;

export function readPlatformio(reading: Reading, file: string): Build {
  const build: Build = {
    manager: null,
    file,
    name: null,
    language: null,
    programs: [],
    asked: [],
    command: "pio run",
    test: null,
  };
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const line = text.slice(0, 300);
    const evidence = { file, line: number };
    const framework = FRAMEWORK.exec(line)?.[1];
    const [, library, version = null] = LIBRARY.exec(line) ?? [];
    const name = framework ?? library;
    if (name === undefined) continue;
    build.asked.push({
      name,
      version,
      isDev: false,
      evidence,
      isOfSystem: false,
    });
  }
  const tests = joinPath(directoryOf(file), "test") ?? "test";
  const test = reading.tree.below(tests).find((path) =>
    /\.(?:c|cc|cpp)$/.test(path)
  );
  if (test !== undefined) {
    build.test = { command: "pio test", evidence: { file: test, line: null } };
  }
  return build;
}
