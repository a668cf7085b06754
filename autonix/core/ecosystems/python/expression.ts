/**
 * Just enough of Python's expressions: literals, and the arguments of a call
 * that may go over several lines. Never evaluates anything.
 *
 * @module
 */
import type { Line } from "../../reading.ts";

/** Arguments of a call are looked for this far; longer ones are data. */
const MAX_CALL_LINES = 30;
const MAX_CALL_CHARACTERS = 4_000;

export interface Call {
  positional: readonly string[];
  named: ReadonlyMap<string, string>;
  /** What follows the closing bracket on its line. */
  rest: string;
}

const OPENING = "([{";
const CLOSING = ")]}";

/** The position after a string that begins at `at`. */
function skipString(text: string, at: number): number {
  const quote = text[at] ?? "";
  for (let here = at + 1; here < text.length; here++) {
    if (text[here] === "\\") here += 1;
    else if (text[here] === quote) return here + 1;
  }
  return text.length;
}

/** Splits at commas of the outermost level, up to the bracket that closes it. */
export function splitArguments(text: string): { parts: string[]; end: number } {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  let at = 0;
  while (at < text.length) {
    const character = text[at] ?? "";
    if (character === '"' || character === "'") {
      at = skipString(text, at);
      continue;
    }
    if (OPENING.includes(character)) depth += 1;
    else if (CLOSING.includes(character)) {
      if (depth === 0) break;
      depth -= 1;
    } else if (character === "," && depth === 0) {
      parts.push(text.slice(start, at).trim());
      start = at + 1;
    }
    at += 1;
  }
  parts.push(text.slice(start, at).trim());
  return { parts: parts.filter((part) => part !== ""), end: at };
}

/** The text from a bracket on, over as many lines as it takes to close it. */
function textOfCall(
  lines: readonly Line[],
  index: number,
  column: number,
): string {
  let text = (lines[index]?.text ?? "").slice(column);
  let depth = 1;
  let at = 0;
  for (let next = index + 1;; next++) {
    while (at < text.length && depth > 0) {
      const character = text[at] ?? "";
      if (character === '"' || character === "'") {
        at = skipString(text, at);
        continue;
      }
      if (OPENING.includes(character)) depth += 1;
      else if (CLOSING.includes(character)) depth -= 1;
      at += 1;
    }
    const more = lines[next];
    if (
      depth === 0 || more === undefined || next - index > MAX_CALL_LINES ||
      text.length > MAX_CALL_CHARACTERS
    ) return text;
    text += ` ${more.text.trim()}`;
  }
}

/** The call whose bracket opened just before `column` of the line at `index`. */
export function callAt(
  lines: readonly Line[],
  index: number,
  column: number,
): Call {
  const text = textOfCall(lines, index, column);
  const { parts, end } = splitArguments(text);
  const positional: string[] = [];
  const named = new Map<string, string>();
  for (const part of parts) {
    const name = /^([A-Za-z_][A-Za-z0-9_]*)[ \t]*=(?!=)/.exec(part);
    if (name?.[1] === undefined) positional.push(part);
    else named.set(name[1], part.slice(name[0].length).trim());
  }
  return { positional, named, rest: text.slice(end + 1) };
}

/** The text of a literal: `"a"`, `8000`, `True`; null for anything else, None among it. */
export function literalOf(expression: string | undefined): string | null {
  if (expression === undefined) return null;
  const text = expression.trim();
  if (/^-?[0-9][0-9_]*(?:\.[0-9]+)?$/.test(text)) {
    return text.replaceAll("_", "");
  }
  if (text === "True" || text === "False") return text;
  return stringOf(text);
}

/** The text of a string literal that stands alone. */
export function stringOf(expression: string | undefined): string | null {
  const text = (expression ?? "").trim().replace(/^[rRuU](?=["'])/, "");
  const quote = text[0];
  if (quote !== '"' && quote !== "'") return null;
  const triple = text.startsWith(quote.repeat(3)) && text.length >= 6;
  if (triple && text.endsWith(quote.repeat(3))) return text.slice(3, -3);
  if (skipString(text, 0) !== text.length || !text.endsWith(quote)) return null;
  return text.length < 2
    ? null
    : text.slice(1, -1).replace(/\\(["'\\])/g, "$1");
}

/** A port a number says. */
export function portOf(text: string | null | undefined): number | null {
  if (text === null || text === undefined || !/^[0-9]{2,5}$/.test(text)) {
    return null;
  }
  const port = Number(text);
  return port >= 1 && port <= 65535 ? port : null;
}
