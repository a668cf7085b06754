/**
 * JSON, and what tools take for it: comments and commas at the end.
 *
 * @module
 */
import {
  type Node as JsonNode,
  type ParseError,
  parseTree,
  printParseErrorCode,
} from "jsonc-parser";
import {
  Budget,
  FormatError,
  lineFinder,
  MAX_DEPTH,
  type Node,
  refuseMany,
} from "./node.ts";

/** The parser calls itself for each bracket: ended here before it starts. */
function refuseDeep(text: string): void {
  let depth = 0;
  let inText = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (inText) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22 || code === 0x0a) inText = false;
    } else if (code === 0x22) inText = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_DEPTH * 4) {
        throw new FormatError("nested too deep", lineFinder(text)(at));
      }
    } else if (code === 0x5d || code === 0x7d) depth -= 1;
  }
}

/** @throws {FormatError} with the line of the first mistake. */
export function parseJson(text: string): Node {
  const source = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  refuseDeep(source);
  refuseMany(source, ",");
  const errors: ParseError[] = [];
  const root = parseTree(source, errors, { allowTrailingComma: true });
  const lineOf = lineFinder(source);
  const [first] = errors;
  if (first !== undefined || root === undefined) {
    const why = first === undefined
      ? "is empty"
      : printParseErrorCode(first.error);
    throw new FormatError(
      `is no JSON: ${why}`,
      first === undefined ? null : lineOf(first.offset),
    );
  }
  return convert(root, { lineOf, budget: new Budget(), depth: 0 });
}

interface Converting {
  lineOf: (offset: number) => number;
  budget: Budget;
  depth: number;
}

function convert(node: JsonNode, to: Converting): Node {
  const line = to.lineOf(node.offset);
  to.budget.spend(to.depth, line);
  const deeper = { ...to, depth: to.depth + 1 };
  if (node.type === "array") {
    return {
      line,
      value: (node.children ?? []).map((item) => convert(item, deeper)),
    };
  }
  if (node.type !== "object") return { line, value: node.value };
  const map = new Map<string, Node>();
  for (const property of node.children ?? []) {
    const [key, value] = property.children ?? [];
    if (key === undefined || value === undefined) continue;
    map.set(String(key.value), {
      ...convert(value, deeper),
      line: to.lineOf(key.offset),
    });
  }
  return { line, value: map };
}
