/**
 * What `setup.py` says in literals: name, versions of Python, requirements,
 * entry points. A script that computes them says nothing here.
 *
 * @module
 */
import { lineFinder } from "../../formats/node.ts";
import type { Found, Reading } from "../../reading.ts";
import { stringOf } from "./expression.ts";

/** A list of requirements ends within this many characters. */
const MAX_LIST = 20_000;

export interface SetupScript {
  name: Found | null;
  pythonRequires: Found | null;
  requires: readonly Found[];
  /** Extras and tests. */
  extras: readonly Found[];
  /** `shop = shop.cli:main`. */
  scripts: readonly Found[];
}

/** String literals from a bracket to the one that closes it. */
function stringsFrom(
  text: string,
  start: number,
): { text: string; at: number }[] {
  const strings: { text: string; at: number }[] = [];
  let depth = 0;
  for (let at = start; at < Math.min(text.length, start + MAX_LIST); at++) {
    const character = text[at] ?? "";
    if (character === "#") {
      const end = text.indexOf("\n", at);
      if (end < 0) break;
      at = end;
    } else if (character === '"' || character === "'") {
      const end = text.indexOf(character, at + 1);
      if (end < 0) break;
      // A key of a dictionary is no requirement.
      const isKey = text.slice(end + 1, end + 20).trimStart().startsWith(":");
      if (!isKey) strings.push({ text: text.slice(at + 1, end), at });
      at = end;
    } else if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character) && --depth <= 0) break;
  }
  return strings;
}

export function readSetupScript(
  reading: Reading,
  path: string,
): SetupScript | null {
  const text = reading.tree.text(path);
  if (text === null) return null;
  const lineOf = lineFinder(text);
  const found = (value: string, at: number): Found => ({
    value,
    evidence: { file: path, line: lineOf(at) },
  });
  const listed = (keyword: RegExp): Found[] => {
    const match = keyword.exec(text);
    if (match === null) return [];
    const start = match.index + match[0].length - 1;
    return stringsFrom(text, start).map((one) => found(one.text, one.at));
  };
  const single = (keyword: RegExp): Found | null => {
    const match = keyword.exec(text);
    const value = stringOf(match?.[1]);
    return match === null || value === null ? null : found(value, match.index);
  };
  return {
    name: single(/\bname(?:["'][ \t]*:|[ \t]*=)[ \t]*(["'][^"'\n]{1,200}["'])/),
    pythonRequires: single(
      /\bpython_requires(?:["'][ \t]*:|[ \t]*=)[ \t]*(["'][^"'\n]{1,200}["'])/,
    ),
    requires: listed(
      /\b(?:install_requires|INSTALL_REQUIRES|REQUIREMENTS|requirements|requires|REQUIRES)(?:["'][ \t]*:|[ \t]*=)[ \t]*\[/,
    ),
    extras: [
      ...listed(/\bextras_require[ \t]*=[ \t]*\{/),
      ...listed(/\btests_require[ \t]*=[ \t]*\[/),
    ],
    scripts: listed(/["']console_scripts["'][ \t]*:[ \t]*\[/),
  };
}
