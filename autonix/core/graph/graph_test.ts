import assert from "node:assert/strict";
import { federated, json } from "../../../tests/support/federated.ts";
import { dotOf } from "./dot.ts";
import { type Graph, graphOf } from "./graph.ts";
import { mermaidOf } from "./mermaid.ts";
import { svgOf } from "./svg.ts";

const SHOP = {
  "package.json": json({ name: "mono", workspaces: ["apps/*", "packages/*"] }),
  "package-lock.json": json({ name: "mono", lockfileVersion: 3, packages: {} }),
  "apps/web/package.json": json({
    name: "@acme/web",
    scripts: { start: "node index.js" },
    dependencies: { "@acme/db": "*", legacy: "github:acme/legacy" },
  }),
  "apps/web/index.js": "",
  "apps/web/.env.example": "DATABASE_URL=postgres://shop@db:5432/shop\n",
  "packages/db/package.json": json({
    name: "@acme/db",
    main: "index.js",
    dependencies: { pg: "8.12.0" },
  }),
  "packages/db/index.js": "",
};

const graph = graphOf(federated({ shop: SHOP }), {
  title: "shop",
  isGrouped: false,
});

const HOSTILE = 'a"]<b>&\'|{}\\"\n; end\u2028%%{init}%% "';
const hostile: Graph = {
  schema: 1,
  title: HOSTILE,
  nodes: [
    {
      id: "x",
      kind: "application",
      name: HOSTILE,
      details: [HOSTILE],
      repository: HOSTILE,
      path: HOSTILE,
    },
    {
      id: "y",
      kind: "service",
      name: HOSTILE,
      details: [],
      repository: null,
      path: null,
    },
  ],
  edges: [{ from: "x", to: "y", kind: "speaks", labels: [HOSTILE] }],
};

Deno.test("applications, libraries, services with their variable, and other repositories", () => {
  assert.deepEqual(graph.nodes.map(({ kind, name }) => `${kind} ${name}`), [
    "application @acme/web",
    "library @acme/db",
    "service postgres",
    "repository legacy",
  ]);
  const names = new Map(graph.nodes.map(({ id, name }) => [id, name]));
  assert.deepEqual(
    graph.edges.map(({ from, to, kind, labels }) =>
      [names.get(from), kind, names.get(to), ...labels].join(" ")
    ),
    [
      "@acme/web builds @acme/db",
      "@acme/web speaks postgres DATABASE_URL",
      "@acme/web names legacy",
    ],
  );
});

Deno.test("Mermaid has a line for each node and edge", () => {
  const text = mermaidOf(graph);
  assert.match(text, /^flowchart TD\n/);
  assert.match(text, /n0\["@acme\/web<br>javascript"\]/);
  assert.match(text, /n0 -->\|"DATABASE_URL"\| n2/);
  assert.match(text, /n0 -\.-> n3/);
});

Deno.test("in Mermaid a hostile name is entities within its quotes", () => {
  for (const line of mermaidOf(hostile).trim().split("\n")) {
    const outside = line.replace(/"[^"]*"/g, '""').replaceAll('""', "");
    assert.match(
      outside,
      /^(flowchart TD| *(subgraph g0\[\]|end|n\d(\[\]|\[\(\)\])|n\d -->\|\| n\d))$/,
    );
    for (const [, quoted] of line.matchAll(/"([^"]*)"/g)) {
      assert.doesNotMatch(
        quoted?.replaceAll("<br>", "") ?? "",
        /[<>[\]{}|%\\]/,
      );
    }
  }
});

Deno.test("in DOT a hostile name is one quoted word", () => {
  const text = dotOf(hostile);
  const outside = text.replace(/"(?:[^"\\]|\\.)*"/g, "W");
  assert.doesNotMatch(outside, /[<&|%\\"]/);
  assert.match(outside, /n0 -> n1 \[label=W, style=solid, arrowhead=vee\];/);
});

Deno.test("in DOT an entity of HTML is shown as it is written", () => {
  const [node] = graph.nodes;
  const named = { ...node!, name: "a&lt;b" };
  assert.match(dotOf({ ...graph, nodes: [named] }), /"a&amp;lt;b/);
});

Deno.test("in SVG a hostile name is text", () => {
  const text = svgOf(hostile);
  assert.doesNotMatch(text, /<b>/);
  const tags = new Set(
    [...text.matchAll(/<\/?([A-Za-z]+)/g)].map(([, tag]) => tag),
  );
  assert.deepEqual([...tags].sort(), [
    ...["desc", "g", "path", "rect", "style", "svg", "text", "title"],
  ]);
});

Deno.test("an SVG says in words what it draws", () => {
  const text = svgOf(graph);
  assert.match(text, /role="img" aria-labelledby="pg-title pg-desc"/);
  assert.match(text, /<title id="pg-title">shop<\/title>/);
  assert.match(
    text,
    /1 application, 1 library, 1 service, 1 repository\. @acme\/web is built with @acme\/db\. @acme\/web speaks to postgres \(DATABASE_URL\)\./,
  );
});

Deno.test("the same repository gives the same bytes, and nothing is a picture too", () => {
  const again = graphOf(federated({ shop: SHOP }), {
    title: "shop",
    isGrouped: false,
  });
  assert.equal(svgOf(again), svgOf(graph));
  const empty = graphOf(federated({}), { title: "none", isGrouped: true });
  assert.match(svgOf(empty), /Nothing was found\./);
  assert.equal(mermaidOf(empty), "flowchart TD\n");
});
