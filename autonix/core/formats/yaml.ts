/**
 * YAML 1.2, one document or several.
 *
 * @module
 */
import {
  type Document,
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
  type Scalar,
} from "./node.ts";

interface Converting {
  document: Document;
  lineOf: (offset: number) => number;
  budget: Budget;
  /** What an anchor names, once: an alias is this very node. */
  done: Map<YamlNode, Node>;
}

/** The documents of a file; of an empty one none. @throws {FormatError} with the line of the first mistake. */
export function parseYaml(text: string): readonly Node[] {
  const lineOf = lineFinder(text);
  let documents;
  try {
    documents = parseAllDocuments(text, { logLevel: "silent" });
  } catch (cause) {
    // Deep nesting ends the parser's stack; that is the file's fault too.
    throw new FormatError(`is no YAML: ${String(cause)}`);
  }
  if (!Array.isArray(documents)) return [];
  const budget = new Budget();
  return documents.map((document) => {
    const [error] = document.errors;
    if (error !== undefined) {
      const [why = error.message] = error.message.split("\n");
      throw new FormatError(`is no YAML: ${why}`, lineOf(error.pos[0]));
    }
    const to = { document, lineOf, budget, done: new Map() };
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
    const target = yaml.resolve(to.document);
    return target === undefined
      ? { line, value: null }
      : convert(target, to, depth + 1);
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
    if (name === "<<") mergeInto(map, converted);
    else map.set(name, { ...converted, line: at });
  }
  return { line, value: map };
}

/** `<<: *defaults`: what is written beside it wins. */
function mergeInto(map: Map<string, Node>, from: Node): void {
  const sources = Array.isArray(from.value) ? from.value : [from];
  for (const source of sources) {
    if (!(source.value instanceof Map)) continue;
    for (const [name, node] of source.value) {
      if (!map.has(name)) map.set(name, node);
    }
  }
}
