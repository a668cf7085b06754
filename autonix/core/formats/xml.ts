/**
 * XML: an element is a map of its attributes (`@name`), its text (`#text`) and
 * lists of its children by name.
 *
 * @module
 */
import {
  parseXml as parse,
  XmlCdata,
  XmlElement,
  type XmlNode,
  XmlText,
} from "@rgrove/parse-xml";
import { addTo } from "../lists.ts";
import {
  at,
  Budget,
  FormatError,
  lineFinder,
  type Node,
  reasonOf,
  refuseMany,
  textOf,
} from "./node.ts";

/** The root element, under its name. @throws {FormatError} with the line of the first mistake. */
export function parseXml(text: string): Node {
  refuseMany(text, "<");
  const lineOf = lineFinder(text);
  let root: XmlElement | null;
  try {
    root = parse(text, {
      includeOffsets: true,
      ignoreUndefinedEntities: true,
    }).root;
  } catch (error) {
    const line = error instanceof Error && "line" in error &&
        typeof error.line === "number"
      ? error.line
      : null;
    throw new FormatError(`is no XML: ${reasonOf(error)}`, line);
  }
  if (root === null) throw new FormatError("is no XML: it has no element");
  const node = convert(root, { lineOf, budget: new Budget() }, 0);
  return { line: node.line, value: new Map([[root.name, node]]) };
}

interface Converting {
  lineOf: (offset: number) => number;
  budget: Budget;
}

function convert(element: XmlElement, to: Converting, depth: number): Node {
  const line = to.lineOf(element.start);
  to.budget.spend(depth, line);
  const map = new Map<string, Node>();
  for (const [name, value] of Object.entries(element.attributes)) {
    map.set(`@${name}`, { line, value });
  }
  const lists = new Map<string, Node[]>();
  for (const child of element.children) {
    if (!(child instanceof XmlElement)) continue;
    addTo(lists, child.name, convert(child, to, depth + 1));
  }
  for (const [name, items] of lists) {
    map.set(name, { line: items[0]?.line ?? line, value: items });
  }
  map.set("#text", { line, value: ownText(element.children).trim() });
  return { line, value: map };
}

/** Not that of its children, as `XmlElement.text` has it: that is n times the text for n levels. */
function ownText(children: readonly XmlNode[]): string {
  let text = "";
  for (const child of children) {
    if (child instanceof XmlText || child instanceof XmlCdata) {
      text += child.text;
    }
  }
  return text;
}

/** The first element at a path of names: `element(pom, "project", "parent", "version")`. */
export function element(
  node: Node | null,
  ...names: readonly string[]
): Node | null {
  let here = node;
  for (const name of names) {
    const found: Node | null = at(here, name);
    here = Array.isArray(found?.value) ? at(found, 0) : found;
  }
  return here;
}

/** Text of the first element at a path; null when there is none or it is empty. */
export function elementText(
  node: Node | null,
  ...names: readonly string[]
): string | null {
  const text = textOf(at(element(node, ...names), "#text"));
  return text === "" ? null : text;
}
