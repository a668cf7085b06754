/**
 * Which Java a project asks for.
 *
 * Files that pin it (`.java-version`, `.sdkmanrc`, `.tool-versions`, mise.toml,
 * system.properties) count for the directories below them too, the nearest
 * alone. The version of Scala, Kotlin or Clojure is a library's, none of the
 * runtime's.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, scalarText } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";

/** `17`, `21.0.2`, `temurin-21.0.2+13.0.LTS`, `17.0.10-tem`, `1.8`. */
const VERSION = /^(?=[^\s]{0,60}[0-9])[A-Za-z0-9][\w.+-]{0,60}$/;

function cleaned(text: string): string | null {
  const value = text.trim().replace(/^v(?=[0-9])/, "");
  return VERSION.test(value) ? value : null;
}

function fromLines(
  reading: Reading,
  file: string,
  pattern: RegExp,
): Found | null {
  for (const { number, text } of reading.lines(file).slice(0, 500)) {
    const value = cleaned(pattern.exec(text.slice(0, 500))?.[1] ?? "");
    if (value !== null) {
      return { value, evidence: { file, line: number } };
    }
  }
  return null;
}

function fromMise(reading: Reading, file: string): Found | null {
  const tool = at(reading.toml(file), "tools", "java");
  const first = itemsOf(tool)[0] ?? tool;
  const value = cleaned(
    scalarText(at(first, "version")) ?? scalarText(first) ?? "",
  );
  return tool === null || value === null
    ? null
    : { value, evidence: { file, line: tool.line } };
}

type Pin = (reading: Reading, file: string) => Found | null;

function line(pattern: RegExp): Pin {
  return (reading, file) => fromLines(reading, file, pattern);
}

/** Of several in one directory the first counts. */
const PINS: readonly (readonly [string, Pin])[] = [
  [".java-version", line(/^\s{0,8}([^#\s]{1,80})/)],
  [".sdkmanrc", line(/^\s{0,8}java\s{0,8}=\s{0,8}(\S{1,80})/)],
  [".tool-versions", line(/^java\s{1,8}(\S{1,80})/)],
  ["mise.toml", fromMise],
  [".mise.toml", fromMise],
  [".jdk-version", line(/^\s{0,8}([^#\s]{1,80})/)],
  [
    "system.properties",
    line(/^\s{0,8}java\.runtime\.version\s{0,8}[=:]\s{0,8}(\S{1,80})/),
  ],
];

export const PIN_FILES = PINS.map(([name]) => name);

function nearestPins(reading: Reading, path: string): Found[] {
  for (let here = path;; here = directoryOf(here)) {
    const found = PINS.flatMap(([name, read]) => {
      const file = joinPath(here, name);
      return file === null || !reading.tree.has(file)
        ? []
        : read(reading, file) ?? [];
    });
    if (found.length > 0 || here === ".") return found;
  }
}

export function claimVersion(
  draft: Draft,
  reading: Reading,
  told: Found | null,
): void {
  const pins = nearestPins(reading, draft.path);
  for (const { value, evidence } of pins) {
    // Two that differ: the first is told.
    if (value === pins[0]?.value) {
      claim(draft, "runtimeVersion", value, "pin", evidence);
    }
  }
  claim(
    draft,
    "runtimeVersion",
    told?.value ?? null,
    "manifest",
    told?.evidence ?? null,
  );
}
