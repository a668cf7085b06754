/**
 * A graph as SVG that stands alone: no script, no font, nothing to fetch.
 *
 * Narrow enough for a telephone unless told otherwise: with two columns the
 * letters of 14 px are some 12 px there. Colours follow the reader's scheme;
 * title and description say in words what is drawn.
 *
 * @module
 */
import type { Graph, GraphEdge, GraphNode } from "./graph.ts";
import { type Box, layOut, type Point } from "./layout.ts";
import { plainLine } from "./plain_line.ts";
import type { Pair } from "./rows.ts";

/** Nobody finds anything among more, and browsers take seconds. */
export const MAX_DRAWN = 1_000;
export const DEFAULT_COLUMNS = 2;

const NODE_WIDTH = 172;
const PADDING = 10;
const NAME_LINE = 19;
const DETAIL_LINE = 16;
const NAME_SIZE = 14;
const DETAIL_SIZE = 12;
/** How much wider letters of a name are. */
const BOLD = 1.12;
/** Variables that a service shows; the rest is counted. */
const MAX_VARIABLES = 3;
/** Sentences of the description: what a listener bears. */
const MAX_SENTENCES = 60;
const CORNER = 6;
/** Colours of lines: neighbours are told apart. */
const HUES = 6;

const STYLE = `
.pg-page { fill: #ffffff; }
.pg-box { fill: #f6f8fa; stroke: #57606a; stroke-width: 1.25; }
.pg-service .pg-box { fill: #eef6ff; stroke: #0b5cad; }
.pg-library .pg-box { stroke-dasharray: 5 3; }
.pg-repository .pg-box { fill: #fff8e5; stroke: #8a5a00; }
.pg-name { fill: #1f2328; font: 600 ${NAME_SIZE}px system-ui, sans-serif; }
.pg-detail { fill: #474e57; font: ${DETAIL_SIZE}px system-ui, sans-serif; }
.pg-line { fill: none; stroke-width: 1.5; }
.pg-names { stroke-dasharray: 4 3; }
.pg-h0 { stroke: #57606a; } .pg-h1 { stroke: #0b5cad; } .pg-h2 { stroke: #9a3412; }
.pg-h3 { stroke: #1a7f37; } .pg-h4 { stroke: #8250df; } .pg-h5 { stroke: #a40e5e; }
.pg-head { stroke: none; }
.pg-f0 { fill: #57606a; } .pg-f1 { fill: #0b5cad; } .pg-f2 { fill: #9a3412; }
.pg-f3 { fill: #1a7f37; } .pg-f4 { fill: #8250df; } .pg-f5 { fill: #a40e5e; }
@media (prefers-color-scheme: dark) {
.pg-page { fill: #0d1117; }
.pg-box { fill: #161b22; stroke: #8d96a0; }
.pg-service .pg-box { fill: #0c2338; stroke: #6cb6ff; }
.pg-repository .pg-box { fill: #2b2006; stroke: #d9a441; }
.pg-name { fill: #e6edf3; } .pg-detail { fill: #b4bcc6; }
.pg-h0 { stroke: #8d96a0; } .pg-h1 { stroke: #6cb6ff; } .pg-h2 { stroke: #f69d50; }
.pg-h3 { stroke: #57ab5a; } .pg-h4 { stroke: #b392f0; } .pg-h5 { stroke: #f27fb2; }
.pg-f0 { fill: #8d96a0; } .pg-f1 { fill: #6cb6ff; } .pg-f2 { fill: #f69d50; }
.pg-f3 { fill: #57ab5a; } .pg-f4 { fill: #b392f0; } .pg-f5 { fill: #f27fb2; }
}
`.trim();

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

/** In parts of the font's size; a little too wide rather than too narrow. */
function widthOf(sign: string): number {
  const code = sign.codePointAt(0) ?? 0;
  if (code >= 0x1100) return 1.05;
  if (/[mwMW@%]/.test(sign)) return 0.92;
  if (/[A-Z_&+=~#<>]/.test(sign)) return 0.72;
  return /[iljt.,:;|'!()[\]/ ]/.test(sign) ? 0.38 : 0.61;
}

/** As much of a text as a line of a node has room for; `weight` is how much wider its letters are. */
function fitted(text: string, size: number, weight = 1): string {
  const room = (NODE_WIDTH - 2 * PADDING) / (size * weight);
  const signs = [...plainLine(text, 200)];
  let used = 0;
  for (const [index, sign] of signs.entries()) {
    used += widthOf(sign);
    if (used > room) {
      return `${signs.slice(0, Math.max(1, index - 1)).join("")}…`;
    }
  }
  return signs.join("");
}

/** What stands in each node below its name. */
function detailsOf({ nodes, edges }: Graph): string[][] {
  const variables = new Map<string, Set<string>>();
  for (const { to, kind, labels } of edges) {
    if (kind !== "speaks") continue;
    const all = variables.get(to) ?? new Set<string>();
    for (const label of labels) all.add(label);
    variables.set(to, all);
  }
  return nodes.map(({ id, kind, details, repository }) => {
    const own = kind === "service" ? [...variables.get(id) ?? []].sort() : [];
    const more = own.length - MAX_VARIABLES;
    return [
      ...repository === null ? [] : [`of ${repository}`],
      ...details,
      ...own.slice(0, MAX_VARIABLES),
      ...more > 0 ? [`and ${more} more`] : [],
    ].filter((line) => line !== "");
  });
}

const VERBS: Readonly<Record<GraphEdge["kind"], string>> = {
  builds: "is built with",
  speaks: "speaks to",
  names: "names",
};

function sentenceOf(edge: GraphEdge, names: ReadonlyMap<string, string>) {
  const { from, to, kind, labels } = edge;
  const through = labels.length === 0
    ? ""
    : ` (${labels.slice(0, MAX_VARIABLES).join(", ")}${
      labels.length > MAX_VARIABLES ? " …" : ""
    })`;
  const text = `${names.get(from)} ${VERBS[kind]} ${names.get(to)}${through}`;
  return plainLine(text, 300);
}

function descriptionOf(
  { nodes, edges }: Graph,
  names: ReadonlyMap<string, string>,
): string {
  const counts = new Map<string, number>();
  for (const { kind } of nodes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const plural = new Map([["library", "libraries"], [
    "repository",
    "repositories",
  ]]);
  const counted = [...counts].map(([kind, count]) =>
    count === 1 ? `1 ${kind}` : `${count} ${plural.get(kind) ?? `${kind}s`}`
  );
  const sentences = edges.slice(0, MAX_SENTENCES)
    .map((edge) => sentenceOf(edge, names));
  const more = edges.length - sentences.length;
  return [
    counted.length === 0 ? "Nothing was found" : counted.join(", "),
    ...sentences,
    ...more > 0 ? [`and ${more} more links`] : [],
  ].map((sentence) => `${sentence}.`).join(" ");
}

/** A line with round corners. */
function pathOf(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return "";
  let path = `M${first.x} ${first.y}`;
  rest.forEach((corner, index) => {
    const before = points[index] ?? corner;
    const after = rest[index + 1];
    if (after === undefined) {
      path += `L${corner.x} ${corner.y}`;
      return;
    }
    const towards = (to: Point) => {
      const length = Math.abs(to.x - corner.x) + Math.abs(to.y - corner.y);
      const radius = Math.min(CORNER, length / 2);
      const x = corner.x + Math.sign(to.x - corner.x) * radius;
      const y = corner.y + Math.sign(to.y - corner.y) * radius;
      return `${x} ${y}`;
    };
    path += `L${towards(before)}Q${corner.x} ${corner.y} ${towards(after)}`;
  });
  return path;
}

function shapeOf(kind: GraphNode["kind"], { x, y, width, height }: Box) {
  const rect = (radius: number) =>
    `<rect class="pg-box" x="${x}" y="${y}" width="${width}" height="${height}" rx="${radius}"/>`;
  if (kind !== "service") return rect(kind === "library" ? 12 : 4);
  // A drum, as databases are drawn everywhere.
  const lid = 5;
  const right = x + width;
  const top = y + lid;
  const bottom = y + height - lid;
  const half = width / 2;
  return `<path class="pg-box" d="M${x} ${top}A${half} ${lid} 0 0 1 ${right} ${top}V${bottom}A${half} ${lid} 0 0 1 ${x} ${bottom}Z"/>` +
    `<path class="pg-box" style="fill:none" d="M${x} ${top}A${half} ${lid} 0 0 0 ${right} ${top}"/>`;
}

function nodeSvg(node: GraphNode, details: readonly string[], box: Box) {
  const { kind, name, path } = node;
  const x = box.x + PADDING;
  const top = box.y + PADDING + (kind === "service" ? 5 : 0);
  const where = path === null ? "" : `, in ${path}`;
  const words = plainLine(`${kind} ${name}${where}`, 300);
  const lines = details.map((line, index) =>
    `<text class="pg-detail" x="${x}" y="${
      top + NAME_LINE + DETAIL_LINE * index + DETAIL_SIZE - 1
    }">${escaped(fitted(line, DETAIL_SIZE))}</text>`
  );
  return `<g class="pg-${kind}"><title>${escaped(words)}</title>${
    shapeOf(kind, box)
  }<text class="pg-name" x="${x}" y="${top + NAME_SIZE - 1}">${
    escaped(fitted(name, NAME_SIZE, BOLD))
  }</text>${lines.join("")}</g>`;
}

function headSvg({ x, y }: Point, hue: number): string {
  return `<path class="pg-head pg-f${hue}" d="M${x - 4} ${y - 8}L${x + 4} ${
    y - 8
  }L${x} ${y - 1}Z"/>`;
}

/** The same graph gives the same text. `columns` is how many nodes stand side by side. */
export function svgOf(graph: Graph, columns = DEFAULT_COLUMNS): string {
  const { nodes, edges, title } = graph;
  const places = new Map(nodes.map(({ id }, index) => [id, index]));
  const names = new Map(nodes.map(({ id, name }) => [id, name]));
  const details = detailsOf(graph);
  const pairs = edges.map(({ from, to }): Pair => [
    places.get(from) ?? 0,
    places.get(to) ?? 0,
  ]);
  const layout = layOut({
    heights: nodes.map(({ kind }, index) =>
      2 * PADDING + NAME_LINE - 3 + (kind === "service" ? 8 : 0) +
      (details[index]?.length ?? 0) * DETAIL_LINE
    ),
    pairs,
    columns,
    nodeWidth: NODE_WIDTH,
  });
  const width = Math.ceil(layout.width);
  const height = Math.max(1, Math.ceil(layout.height));
  const hueOf = (target: number) => target % HUES;
  const lines = edges.map((edge, index) => {
    const points = layout.lines[index] ?? [];
    const hue = hueOf(pairs[index]?.[1] ?? 0);
    const end = points.at(-1);
    const style = edge.kind === "names" ? " pg-names" : "";
    return `<g><title>${escaped(sentenceOf(edge, names))}</title>` +
      `<path class="pg-line pg-h${hue}${style}" d="${pathOf(points)}"/>${
        end === undefined ? "" : headSvg(end, hue)
      }</g>`;
  });
  const boxes = nodes.map((node, index) => {
    const box = layout.boxes[index];
    return box === undefined ? "" : nodeSvg(node, details[index] ?? [], box);
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="pg-title pg-desc" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" style="max-width:100%;height:auto">`,
    `<title id="pg-title">${escaped(plainLine(title, 200))}</title>`,
    `<desc id="pg-desc">${escaped(descriptionOf(graph, names))}</desc>`,
    `<style>${STYLE}</style>`,
    `<rect class="pg-page" width="${width}" height="${height}"/>`,
    ...lines,
    ...boxes,
    "</svg>\n",
  ].join("\n");
}
