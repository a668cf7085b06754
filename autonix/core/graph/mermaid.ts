/**
 * A graph as Mermaid, which Markdown viewers draw.
 *
 * Names of a repository only stand within quotes, every sign that could end
 * them or mean something as an entity: `#34;`.
 *
 * @module
 */
import { plainLine } from "./plain_line.ts";
import type { Graph, GraphEdge, GraphNode } from "./graph.ts";

/** Letters that mean nothing to Mermaid, nor to the HTML that it writes labels as. */
const PLAIN = /[\p{L}\p{N} .,:/@_+=~-]/u;
/** Longer ones make every node as wide. */
const MAX_LABEL = 60;
const MAX_LABELS = 3;

function quoted(text: string): string {
  return [...plainLine(text, MAX_LABEL)].map((sign) =>
    PLAIN.test(sign) ? sign : `#${sign.codePointAt(0)};`
  ).join("");
}

function nodeText(id: string, { kind, name, details }: GraphNode): string {
  // The only markup that is ours: a line's end.
  const label = [name, ...details].map(quoted).join("<br>");
  switch (kind) {
    case "application":
      return `${id}["${label}"]`;
    case "library":
      return `${id}("${label}")`;
    case "service":
      return `${id}[("${label}")]`;
    case "repository":
      return `${id}[["${label}"]]`;
  }
}

const ARROWS: Readonly<Record<GraphEdge["kind"], string>> = {
  builds: "-->",
  speaks: "-->",
  names: "-.->",
};

function labelText(labels: readonly string[]): string {
  if (labels.length === 0) return "";
  const shown = labels.slice(0, MAX_LABELS).map(quoted);
  const more = labels.length - shown.length;
  return `|"${[...shown, ...more > 0 ? [`${more} more`] : []].join("<br>")}"|`;
}

/** The same graph gives the same text. */
export function mermaidOf({ nodes, edges }: Graph): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const idOf = (id: string) => ids.get(id) ?? "n";
  const lines = ["flowchart TD"];
  const groups = [
    ...new Set(nodes.flatMap(({ repository }) => repository ?? [])),
  ];
  for (const node of nodes.filter(({ repository }) => repository === null)) {
    lines.push(`  ${nodeText(idOf(node.id), node)}`);
  }
  groups.forEach((group, index) => {
    lines.push(`  subgraph g${index}["${quoted(group)}"]`);
    for (const node of nodes.filter((one) => one.repository === group)) {
      lines.push(`    ${nodeText(idOf(node.id), node)}`);
    }
    lines.push("  end");
  });
  for (const { from, to, kind, labels } of edges) {
    lines.push(
      `  ${idOf(from)} ${ARROWS[kind]}${labelText(labels)} ${idOf(to)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
