/**
 * Looks into configuration that is written as a program: `vite.config.ts`,
 * `next.config.mjs`. Nothing is run; a value is read where it is a literal.
 *
 * @module
 */
import type { Reading } from "../../reading.ts";
import { lineFinder } from "../../formats/node.ts";
import type { Evidence } from "../../../../roles/model/analysis.ts";

/** Configuration files are short; what lies beyond is not looked at. */
const MAX_TEXT = 40_000;
const EXTENSIONS = ["ts", "js", "mjs", "mts", "cjs", "cts"];

/** A configuration file as text, without the lines that are comments. */
export interface ConfigText {
  path: string;
  text: string;
}

/** `vite.config.*` in a directory; null when there is none. */
export function configIn(
  reading: Reading,
  directory: string,
  stems: readonly string[],
): ConfigText | null {
  const names = stems.flatMap((stem) =>
    EXTENSIONS.map((extension) => `${stem}.${extension}`)
  );
  const path = reading.tree.first(directory, names);
  if (path === null) return null;
  const text = reading.tree.text(path)?.slice(0, MAX_TEXT) ?? "";
  // Blanked, so that offsets stay.
  const bare = text.replace(
    /^[ \t]*(?:\/\/|\*).*$/gm,
    (line) => " ".repeat(line.length),
  );
  return { path, text: bare };
}

/** The evidence of an offset. */
export function evidenceAt(config: ConfigText, offset: number): Evidence {
  return { file: config.path, line: lineFinder(config.text)(offset) };
}

/**
 * Where the object of a key lies, and its text with everything nested blanked:
 * `server: { proxy: { ... }, port: 3000 }` gives what stands at its own level.
 */
export function blockOf(
  text: string,
  key: string,
): { start: number; text: string } | null {
  const found = new RegExp(`\\b${key}["']?\\s{0,5}:\\s{0,5}\\{`).exec(text);
  if (found === null) return null;
  const start = found.index + found[0].length;
  let depth = 1;
  let own = "";
  for (let at = start; at < text.length && depth > 0; at++) {
    const char = text[at] ?? "";
    if (char === "{" || char === "[" || char === "(") depth += 1;
    else if (char === "}" || char === "]" || char === ")") depth -= 1;
    own += depth === 1 ? char : " ";
  }
  return { start, text: own };
}

/** A text at a key, anywhere in the file. */
export function literalOf(
  config: ConfigText,
  key: string,
): { value: string; evidence: Evidence } | null {
  const found = new RegExp(
    `\\b${key}["']?\\s{0,5}:\\s{0,5}(?:"([^"\\n]{1,200})"|'([^'\\n]{1,200})')`,
  ).exec(config.text);
  const value = found?.[1] ?? found?.[2];
  return found === null || value === undefined
    ? null
    : { value, evidence: evidenceAt(config, found.index) };
}

/** A text at a key of an object: `build: { outDir: "site" }`. */
export function literalIn(
  config: ConfigText,
  block: string,
  key: string,
): { value: string; evidence: Evidence } | null {
  const found = blockOf(config.text, block);
  if (found === null) return null;
  const text = " ".repeat(found.start) + found.text;
  const literal = literalOf({ ...config, text }, key);
  if (literal === null) return null;
  const offset = text.search(new RegExp(`\\b${key}\\b`));
  return { value: literal.value, evidence: evidenceAt(config, offset) };
}

/** The port in an object of a key: `server: { port: 3000 }`. */
export function portIn(
  config: ConfigText,
  key: string,
): { value: number; evidence: Evidence } | null {
  const block = blockOf(config.text, key);
  if (block === null) return null;
  const found = /\bport\s{0,5}:\s{0,5}(\d{2,5})\b/.exec(block.text);
  if (found?.[1] === undefined) return null;
  const evidence = evidenceAt(config, block.start + found.index);
  return { value: Number(found[1]), evidence };
}
