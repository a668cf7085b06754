/**
 * A graph in the language of Graphviz.
 *
 * @module
 */
import type { Graph, GraphEdge, GraphNode } from "./graph.ts";
import { plainLine } from "./plain_line.ts";

const MAX_LABEL = 80;
const MAX_LABELS = 3;

/** A quoted word: a backslash, or an entity of HTML, begins only where we wrote it. */
function escaped(text: string): string {
  return plainLine(text, MAX_LABEL).replaceAll("&", "&amp;")
    .replace(/[\\"]/g, "\\$&");
}

function labelOf(lines: readonly string[]): string {
  return `"${lines.map(escaped).join("\\n")}"`;
}

const SHAPES: Readonly<Record<GraphNode["kind"], string>> = {
  application: "shape=box",
  library: 'shape=box, style="rounded"',
  service: "shape=cylinder",
  repository: "shape=folder",
};
const STYLES: Readonly<Record<GraphEdge["kind"], string>> = {
  builds: "style=solid",
  speaks: "style=solid, arrowhead=vee",
  names: "style=dashed",
};

/** The same graph gives the same text. */
export function dotOf({ title, nodes, edges }: Graph): string {
  const ids = new Map(nodes.map(({ id }, index) => [id, `n${index}`]));
  const nodeLine = ({ id, kind, name, details }: GraphNode) =>
    `${ids.get(id)} [label=${labelOf([name, ...details])}, ${SHAPES[kind]}];`;
  const lines = [
    `digraph ${labelOf([title])} {`,
    '  node [fontname="sans-serif"];',
    '  edge [fontname="sans-serif", fontsize=11];',
  ];
  for (const node of nodes.filter(({ repository }) => repository === null)) {
    lines.push(`  ${nodeLine(node)}`);
  }
  const groups = new Set(nodes.flatMap(({ repository }) => repository ?? []));
  [...groups].forEach((group, index) => {
    lines.push(
      `  subgraph cluster_${index} {`,
      `    label=${labelOf([group])};`,
    );
    for (const node of nodes.filter((one) => one.repository === group)) {
      lines.push(`    ${nodeLine(node)}`);
    }
    lines.push("  }");
  });
  for (const { from, to, kind, labels } of edges) {
    const shown = labels.slice(0, MAX_LABELS);
    const more = labels.length - shown.length;
    const text = [...shown, ...more > 0 ? [`${more} more`] : []];
    const label = text.length === 0 ? "" : `label=${labelOf(text)}, `;
    lines.push(
      `  ${ids.get(from)} -> ${ids.get(to)} [${label}${STYLES[kind]}];`,
    );
  }
  return `${lines.join("\n")}\n}\n`;
}
