/**
 * Versions that a file pins for everything below it: one of the language's own,
 * `.tool-versions`, mise. The nearest directory with one is the one that counts.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, type Node, scalarText } from "../../formats/node.ts";
import { type Found, nodeEvidence, type Reading } from "../../reading.ts";

const MISE = [
  "mise.toml",
  ".mise.toml",
  ".config/mise.toml",
  ".config/mise/config.toml",
  "mise/config.toml",
];

/** What is to be read for them. */
export const PIN_FILES: readonly string[] = [
  ".tool-versions",
  "mise.toml",
  ".mise.toml",
  ".config/mise.toml",
  "mise/config.toml",
];

/** How a language's version is pinned. */
export interface Pinned {
  /** Files that hold nothing but a version. */
  files: readonly string[];
  /** What tools for several languages call it. */
  words: readonly string[];
}

/** Numbers, ranges, channels; what is longer was never meant as a version. */
const VERSION = /^[\w.*^~<>=|, +-]{1,60}$/;

/** As pinned, without a leading v; null for what pins nothing. */
export function cleanVersion(text: string): string | null {
  const value = text.trim().replace(/^v(?=\d)/, "");
  if (value === "system" || value === "*" || !VERSION.test(value)) return null;
  return /\d/.test(value) ||
      /^(?:stable|beta|nightly|latest|master)$/.test(value)
    ? value
    : null;
}

/** The first line that is no comment. */
function plainVersion(reading: Reading, path: string): Found | null {
  for (const { number, text } of reading.lines(path).slice(0, 50)) {
    const word = text.slice(0, 200).split("#", 1)[0]?.trim() ?? "";
    if (word === "") continue;
    const value = cleanVersion(word);
    return value === null
      ? null
      : { value, evidence: { file: path, line: number } };
  }
  return null;
}

/** `golang 1.22.1 1.21.0`: the first is the one that is used. */
function toolVersion(
  reading: Reading,
  path: string,
  words: readonly string[],
): Found | null {
  for (const { number, text } of reading.lines(path).slice(0, 500)) {
    const [word = "", version = ""] = text.slice(0, 200).trim().split(/\s+/);
    if (!words.includes(word) || version.includes(":")) continue;
    const value = cleanVersion(version);
    if (value !== null) {
      return { value, evidence: { file: path, line: number } };
    }
  }
  return null;
}

/** `go = "1.22"`, `["1.22", "1.21"]` or `{ version = "1.22" }`. */
function miseVersion(
  reading: Reading,
  path: string,
  words: readonly string[],
): Found | null {
  const tools = at(reading.toml(path), "tools");
  for (const word of words) {
    const tool: Node | null = at(tools, word);
    if (tool === null) continue;
    const text = scalarText(tool) ?? scalarText(itemsOf(tool)[0]) ??
      scalarText(at(tool, "version"));
    const value = cleanVersion(text ?? "");
    if (value !== null) return { value, evidence: nodeEvidence(path, tool) };
  }
  return null;
}

function pinsIn(reading: Reading, directory: string, of: Pinned): Found[] {
  const found: Found[] = [];
  const look = (
    names: readonly string[],
    read: (path: string) => Found | null,
  ) => {
    for (const name of names) {
      const path = joinPath(directory, name);
      const one = path === null ? null : read(path);
      if (one !== null) found.push(one);
    }
  };
  look(of.files, (path) => plainVersion(reading, path));
  look([".tool-versions"], (path) => toolVersion(reading, path, of.words));
  look(MISE, (path) => miseVersion(reading, path, of.words));
  return found;
}

/** Of the nearest directory at or above that pins one. */
export function nearestPins(
  reading: Reading,
  directory: string,
  of: Pinned,
): Found[] {
  for (let here = directory;; here = directoryOf(here)) {
    const found = pinsIn(reading, here, of);
    if (found.length > 0 || here === ".") return found;
  }
}

export function claimPins(reading: Reading, draft: Draft, of: Pinned): void {
  for (const { value, evidence } of nearestPins(reading, draft.path, of)) {
    claim(draft, "runtimeVersion", value, "pin", evidence);
  }
}
