/**
 * Versions of a runtime that somebody pinned for just this: files with nothing
 * else in them such as `.ruby-version`, mise.toml, `.tool-versions`, and what a
 * language has beside those.
 *
 * They count for the directories below them too, the nearest alone.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, scalarText } from "../../formats/node.ts";
import { type Found, nodeEvidence, type Reading } from "../../reading.ts";

const MISE: readonly string[] = [
  "mise.toml",
  ".mise.toml",
  ".config/mise.toml",
  ".config/mise/config.toml",
  "mise/config.toml",
];

/** What every pinning reads beside its own files. */
export const PIN_FILES: readonly string[] = [".tool-versions", ...MISE];

/** The version that a file pins; null for none. */
export type PinReader = (reading: Reading, file: string) => Found | null;

/** How a runtime is pinned. */
export interface Pinning {
  /** Files that hold nothing but a version. */
  files: readonly string[];
  /** What tools for several languages call it. */
  tools: readonly string[];
  /** Before the number: `ruby-` of `ruby-3.2.2`. */
  prefix?: string;
  /** What counts as a version of this language; `cleanVersion` without. */
  clean?: (text: string) => string | null;
  /** Files that say it in a form of their own. */
  others?: readonly (readonly [name: string, read: PinReader])[];
}

/** Nobody pins below that many lines of others. */
const MAX_LINES = 500;
/** Numbers, ranges, channels; what is longer was never meant as a version. */
const VERSION = /^[\w.*^~<>=|, +-]{1,60}$/;
const CHANNEL = /^(?:stable|beta|nightly|latest|master)$/;

/** As pinned, without a leading v; null for what pins nothing. */
export function cleanVersion(text: string, prefix = ""): string | null {
  const trimmed = text.trim();
  const bare = prefix !== "" && trimmed.startsWith(prefix)
    ? trimmed.slice(prefix.length)
    : trimmed;
  const version = bare.replace(/^v(?=\d)/, "");
  return VERSION.test(version) && (/\d/.test(version) || CHANNEL.test(version))
    ? version
    : null;
}

/** The first line that is no comment; `pattern` takes the version out of it. */
export function lineReader(
  clean: (text: string) => string | null,
  pattern: RegExp,
): PinReader {
  return (reading, file) => {
    for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
      const value = clean(pattern.exec(text.slice(0, 500))?.[1] ?? "");
      if (value !== null) return { value, evidence: { file, line: number } };
    }
    return null;
  };
}

/** One for all it is asked of: what it reads, and in which order it is believed. */
function readersOf(pinning: Pinning): (readonly [string, PinReader])[] {
  const clean = pinning.clean ??
    ((text) => cleanVersion(text, pinning.prefix));

  /** The first line that says something has to be the version. */
  const plain: PinReader = (reading, file) => {
    for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
      const word = text.slice(0, 200).split("#", 1)[0]?.trim() ?? "";
      if (word === "") continue;
      const value = clean(word);
      return value === null
        ? null
        : { value, evidence: { file, line: number } };
    }
    return null;
  };

  /** `node = "20"`, `["20", "18"]` or `{ version = "20" }`. */
  const mise: PinReader = (reading, file) => {
    for (const name of pinning.tools) {
      const tool = at(reading.toml(file), "tools", name);
      if (tool === null) continue;
      const first = itemsOf(tool)[0] ?? tool;
      const value = clean(
        scalarText(at(first, "version")) ?? scalarText(first) ?? "",
      );
      if (value !== null) return { value, evidence: nodeEvidence(file, tool) };
    }
    return null;
  };

  /** `golang 1.22.1 1.21.0`: the first is the one that is used; none is `ref:main`. */
  const toolVersions: PinReader = (reading, file) => {
    for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
      const [tool = "", word = ""] = text.slice(0, 200).trim().split(/\s+/, 2);
      if (!pinning.tools.includes(tool) || word.includes(":")) continue;
      const value = clean(word);
      if (value !== null) return { value, evidence: { file, line: number } };
    }
    return null;
  };

  return [
    ...pinning.files.map((name) => [name, plain] as const),
    ...pinning.others ?? [],
    // mise reads `.tool-versions` too, and believes its own.
    ...MISE.map((name) => [name, mise] as const),
    [".tool-versions", toolVersions],
  ];
}

/** What the nearest directory at or above pins; the first is the one that counts. */
export function nearestPins(
  reading: Reading,
  directory: string,
  pinning: Pinning,
): Found[] {
  const readers = readersOf(pinning);
  for (let here = directory;; here = directoryOf(here)) {
    const found = readers.flatMap(([name, read]) => {
      if (!name.includes("/") && !reading.tree.hasIn(here, name)) return [];
      const file = joinPath(here, name);
      return file === null || !reading.tree.has(file)
        ? []
        : read(reading, file) ?? [];
    });
    // Two that differ: the other counts only where it agrees.
    const [first] = found;
    if (first !== undefined || here === ".") {
      return found.filter(({ value }) => value === first?.value);
    }
  }
}

/** Claims what the nearest directory at or above the draft's pins. */
export function claimPins(
  draft: Draft,
  reading: Reading,
  pinning: Pinning,
): void {
  for (const { value, evidence } of nearestPins(reading, draft.path, pinning)) {
    claim(draft, "runtimeVersion", value, "pin", evidence);
  }
}
