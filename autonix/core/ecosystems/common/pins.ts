/**
 * Versions of a runtime that somebody pinned for just this: `.tool-versions`,
 * mise.toml, and files with nothing else in them such as `.ruby-version`.
 *
 * They count for the directories below them too, the nearest alone.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { at, itemsOf, scalarText } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";

/** How a runtime is pinned. */
export interface Pinning {
  /** Files that hold a version and nothing else; `*` reads none. */
  files: readonly string[];
  /** Names in `.tool-versions` and mise.toml. */
  tools: readonly string[];
  /** Before the number: `ruby-` of `ruby-3.2.2`. */
  prefix?: string;
}

/** What every pinning reads beside its own files. */
export const PIN_FILES: readonly string[] = [
  ".tool-versions",
  "mise.toml",
  ".mise.toml",
  ".config/mise.toml",
  "mise/config.toml",
];
/** Nobody pins below that many others. */
const MAX_LINES = 200;

/** `3.2.2` of `ruby-3.2.2`, `v1.4`; null for words that pin nothing. */
export function cleanVersion(text: string, prefix = ""): string | null {
  const trimmed = text.trim();
  const bare = prefix !== "" && trimmed.startsWith(prefix)
    ? trimmed.slice(prefix.length)
    : trimmed;
  const version = bare.replace(/^v(?=\d)/, "");
  return version.length > 0 && version.length < 60 &&
      /^(?:\d|jruby|truffleruby|lts|[<>=^~])/.test(version)
    ? version
    : null;
}

function inPlainFile(
  reading: Reading,
  file: string,
  pinning: Pinning,
): Found | null {
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const word = text.slice(0, 200).trim();
    if (word === "" || word.startsWith("#")) continue;
    const version = cleanVersion(word, pinning.prefix);
    return version === null
      ? null
      : { value: version, evidence: { file, line: number } };
  }
  return null;
}

function inToolVersions(
  reading: Reading,
  file: string,
  pinning: Pinning,
): Found | null {
  for (const { number, text } of reading.lines(file).slice(0, MAX_LINES)) {
    const [tool = "", word = ""] = text.slice(0, 200).trim().split(/\s+/, 2);
    if (!pinning.tools.includes(tool)) continue;
    const version = cleanVersion(word, pinning.prefix);
    if (version !== null) {
      return { value: version, evidence: { file, line: number } };
    }
  }
  return null;
}

function inMise(
  reading: Reading,
  file: string,
  pinning: Pinning,
): Found | null {
  for (const name of pinning.tools) {
    const tool = at(reading.toml(file), "tools", name);
    if (tool === null) continue;
    const first = itemsOf(tool)[0] ?? tool;
    const text = scalarText(at(first, "version")) ?? scalarText(first) ?? "";
    const version = cleanVersion(text, pinning.prefix);
    if (version !== null) {
      return { value: version, evidence: { file, line: tool.line } };
    }
  }
  return null;
}

function inDirectory(
  reading: Reading,
  directory: string,
  pinning: Pinning,
): Found[] {
  const found: (Found | null)[] = pinning.files.map((name) => {
    const file = reading.tree.first(directory, [name]);
    return file === null ? null : inPlainFile(reading, file, pinning);
  });
  const mise = reading.tree.first(
    directory,
    PIN_FILES.filter((name) => name.endsWith(".toml")),
  );
  if (mise !== null) found.push(inMise(reading, mise, pinning));
  const tools = reading.tree.first(directory, [".tool-versions"]);
  if (tools !== null) found.push(inToolVersions(reading, tools, pinning));
  return found.filter((one): one is Found => one !== null);
}

/** Claims what the nearest directory at or above the draft's pins. */
export function claimPins(
  draft: Draft,
  reading: Reading,
  pinning: Pinning,
): void {
  for (let here = draft.path;; here = directoryOf(here)) {
    const found = inDirectory(reading, here, pinning);
    const [first] = found;
    for (const { value, evidence } of found) {
      // Two that differ: the first is told, the other counts only where it agrees.
      if (value !== first?.value) continue;
      claim(draft, "runtimeVersion", value, "pin", evidence);
    }
    if (first !== undefined || here === ".") return;
  }
}
