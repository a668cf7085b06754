/**
 * TOML 1.0.
 *
 * @module
 */
import { type AST, parseTOML } from "toml-eslint-parser";
import {
  Budget,
  FormatError,
  type Node,
  reasonOf,
  refuseMany,
  type Scalar,
} from "./node.ts";

/** A table while it is filled. */
type Table = Map<string, Node>;

/** @throws {FormatError} with the line of the first mistake. */
export function parseToml(text: string): Node {
  refuseMany(text, ",=");
  let program: AST.TOMLProgram;
  try {
    program = parseTOML(text);
  } catch (error) {
    const line = error instanceof Error && "lineNumber" in error &&
        typeof error.lineNumber === "number"
      ? error.lineNumber
      : null;
    throw new FormatError(`is no TOML: ${reasonOf(error)}`, line);
  }
  const root: Table = new Map();
  const budget = new Budget();
  for (const part of program.body[0].body) {
    if (part.type === "TOMLKeyValue") assign(root, part, budget, 0);
    else {
      const table = tableAt(root, part, budget);
      for (const pair of part.body) assign(table, pair, budget, 0);
    }
  }
  return { line: 1, value: root };
}

/** The table that `[a.b]` or `[[a.b]]` opens. */
function tableAt(root: Table, part: AST.TOMLTable, budget: Budget): Table {
  const line = part.loc.start.line;
  let table = root;
  const keys = part.resolvedKey;
  keys.forEach((key, index) => {
    budget.spend(index, line);
    if (typeof key === "number") return;
    const item = keys[index + 1];
    table = typeof item === "number"
      ? itemAt(table, key, item, line)
      : inner(table, key, line);
  });
  return table;
}

/** A table of a list; they come in order, so that one which is not there is the next. */
function itemAt(
  table: Table,
  key: string,
  index: number,
  line: number,
): Table {
  const list: unknown = table.get(key)?.value;
  const there: unknown = Array.isArray(list) ? list[index]?.value : undefined;
  if (there instanceof Map) return there;
  const item: Table = new Map();
  const node = { line, value: item };
  // Added to, not copied: a lockfile is a list of thousands.
  if (Array.isArray(list)) list.push(node);
  else table.set(key, { line, value: [node] });
  return item;
}

function inner(table: Table, key: string, line: number): Table {
  const there = table.get(key)?.value;
  if (there instanceof Map) return there;
  if (Array.isArray(there)) {
    const last: unknown = there.at(-1)?.value;
    if (last instanceof Map) return last;
  }
  const made: Table = new Map();
  table.set(key, { line, value: made });
  return made;
}

function assign(
  table: Table,
  pair: AST.TOMLKeyValue,
  budget: Budget,
  depth: number,
): void {
  const line = pair.loc.start.line;
  let here = table;
  pair.key.keys.forEach((key, index) => {
    const name = key.type === "TOMLBare" ? key.name : key.value;
    if (index < pair.key.keys.length - 1) here = inner(here, name, line);
    else {
      here.set(name, { ...convert(pair.value, budget, depth + index), line });
    }
  });
}

function convert(
  node: AST.TOMLContentNode,
  budget: Budget,
  depth: number,
): Node {
  const line = node.loc.start.line;
  budget.spend(depth, line);
  if (node.type === "TOMLArray") {
    const items = node.elements.map((item) => convert(item, budget, depth + 1));
    return { line, value: items };
  }
  if (node.type !== "TOMLInlineTable") {
    return { line, value: scalarOf(node) };
  }
  const table: Table = new Map();
  for (const pair of node.body) assign(table, pair, budget, depth + 1);
  return { line, value: table };
}

function scalarOf(node: AST.TOMLValue): Scalar {
  const { value } = node;
  return value instanceof Date ? value.toISOString() : value;
}
