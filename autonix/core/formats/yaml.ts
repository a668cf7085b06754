/**
 * YAML 1.2, one document or several.
 *
 * @module
 */
import {
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Node as YamlNode,
  parseAllDocuments,
} from "yaml";
import {
  Budget,
  FormatError,
  lineFinder,
  type Node,
  reasonOf,
  refuseMany,
  type Scalar,
} from "./node.ts";

/** Its parser takes a second for a megabyte; workflows and compose files have some kilobytes. */
const MAX_TEXT = 1024 * 1024;

interface Converting {
  lineOf: (offset: number) => number;
  budget: Budget;
  /** What each anchor was last put on: a look-up by the library goes through the whole document. */
  anchors: Map<string, YamlNode>;
  /** What an anchor names, once: an alias is this very node. */
  done: Map<YamlNode, Node>;
}

/** The documents of a file; of an empty one none. @throws {FormatError} with the line of the first mistake. */
export function parseYaml(text: string): readonly Node[] {
  if (text.length > MAX_TEXT) {
    throw new FormatError(`has more than ${MAX_TEXT} characters`);
  }
  refuseMany(text, ",\n]}");
  const lineOf = lineFinder(text);
  let documents;
  try {
    documents = parseAllDocuments(text, {
      logLevel: "silent",
      // Those hold their line of the text, however long, once for each error.
      prettyErrors: false,
      // Compares each key with all before it; of two the last counts here.
      uniqueKeys: false,
    });
  } catch (error) {
    // Deep nesting ends the parser's stack; that is the file's fault too.
    throw new FormatError(`is no YAML: ${reasonOf(error)}`);
  }
  if (!Array.isArray(documents)) return [];
  const budget = new Budget();
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const line = lineOf(error.pos[0]);
      throw new FormatError(`is no YAML: ${reasonOf(error)}`, line);
    }
    const to = { lineOf, budget, anchors: new Map(), done: new Map() };
    return convert(document.contents, to, 0);
  });
}

function scalarOf(value: unknown): Scalar {
  if (
    typeof value === "string" || typeof value === "number" ||
    typeof value === "boolean" || value === null
  ) return value;
  return String(value);
}

function convert(node: unknown, to: Converting, depth: number): Node {
  if (node === null || node === undefined) return { line: 1, value: null };
  const yaml = node as YamlNode;
  const line = to.lineOf(yaml.range?.[0] ?? 0);
  to.budget.spend(depth, line);
  const before = to.done.get(yaml);
  if (before !== undefined) return before;
  if (isAlias(yaml)) {
    const target = to.anchors.get(yaml.source);
    return target === undefined
      ? { line, value: null }
      : convert(target, to, depth + 1);
  }
  if ("anchor" in yaml && yaml.anchor !== undefined) {
    to.anchors.set(yaml.anchor, yaml);
    // An alias within what it stands for means nothing here.
    to.done.set(yaml, { line, value: null });
  }
  const made = convertValue(yaml, line, to, depth);
  to.done.set(yaml, made);
  return made;
}

function convertValue(
  node: YamlNode,
  line: number,
  to: Converting,
  depth: number,
): Node {
  if (isSeq(node)) {
    return {
      line,
      value: node.items.map((item) => convert(item, to, depth + 1)),
    };
  }
  if (!isMap(node)) {
    return { line, value: isScalar(node) ? scalarOf(node.value) : null };
  }
  const map = new Map<string, Node>();
  for (const { key, value } of node.items) {
    const name = isScalar(key) ? String(key.value) : null;
    if (name === null) continue;
    const at = to.lineOf((key as YamlNode).range?.[0] ?? 0);
    const converted = convert(value, to, depth + 1);
    if (name === "<<") mergeInto(map, converted, to.budget);
    else map.set(name, { ...converted, line: at });
  }
  return { line, value: map };
}

/** `<<: *defaults`: what is written beside it wins. */
function mergeInto(
  map: Map<string, Node>,
  from: Node,
  budget: Budget,
): void {
  const sources = Array.isArray(from.value) ? from.value : [from];
  for (const source of sources) {
    if (!(source.value instanceof Map)) continue;
    for (const [name, node] of source.value) {
      budget.spend(0, from.line);
      if (!map.has(name)) map.set(name, node);
    }
  }
}
