/**
 * The lines of a Python source that are code: no comments, no docstrings.
 *
 * @module
 */
import type { Line } from "../../reading.ts";
import { MAX_LINE } from "./requirement.ts";

/** Position of the comment of a line, or its length. */
function commentAt(text: string): number {
  let quotes = 0;
  let counted = 0;
  for (let at = text.indexOf("#"); at >= 0; at = text.indexOf("#", at + 1)) {
    for (; counted < at; counted++) {
      if (text[counted] === '"' || text[counted] === "'") quotes += 1;
    }
    // Within an open string it is a sign like any other.
    if (quotes % 2 === 0) return at;
  }
  return text.length;
}

function tripleOf(text: string): { mark: string; at: number } | null {
  const double = text.indexOf('"""');
  const single = text.indexOf("'''");
  if (double < 0 && single < 0) return null;
  return double >= 0 && (single < 0 || double < single)
    ? { mark: '"""', at: double }
    : { mark: "'''", at: single };
}

/** Numbered as in the file; each cut to a length regexps are run over. */
export function codeLines(source: string): Line[] {
  const lines: Line[] = [];
  let open: string | null = null;
  let number = 0;
  for (let start = 0; start <= source.length;) {
    let end = source.indexOf("\n", start);
    if (end < 0) end = source.length;
    let text = source.slice(start, Math.min(end, start + MAX_LINE));
    start = end + 1;
    number += 1;
    if (text.endsWith("\r")) text = text.slice(0, -1);
    if (open !== null) {
      const closed = text.indexOf(open);
      if (closed < 0) continue;
      text = text.slice(closed + 3);
      open = null;
    }
    const triple = tripleOf(text);
    if (triple !== null && text.indexOf(triple.mark, triple.at + 3) < 0) {
      open = triple.mark;
      text = text.slice(0, triple.at);
    }
    text = text.slice(0, commentAt(text)).trimEnd();
    if (text !== "") lines.push({ number, text });
  }
  return lines;
}
