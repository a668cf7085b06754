/**
 * What a commit of the fake hub is: several applications with services, names
 * that look like markup, and something that could not be told.
 *
 * @module
 */
import { federate } from "../../autonix/core/cluster/federation.ts";
import { detectWithTies } from "../../autonix/core/detect.ts";
import { graphOf } from "../../autonix/core/graph/graph.ts";
import type { AnalysisView } from "../../ui/mod.ts";
import { treeOf } from "./fixture_repo.ts";

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** A shop: a web page that calls an interface, and a worker behind a queue. */
export const SHOP_FILES: Readonly<Record<string, string>> = {
  "apps/web/package.json": json({
    name: "@shop/web",
    scripts: { build: "next build", start: "next start -p 3000" },
    dependencies: { next: "14.2.3", react: "18.3.1", "@shop/ui": "*" },
    devDependencies: { typescript: "5.4.5" },
  }),
  "apps/web/.env.example": "API_URL=http://api:8080\nSESSION_SECRET=\n",
  "apps/web/tsconfig.json": "{}\n",
  "packages/ui/package.json": json({ name: "@shop/ui", version: "1.0.0" }),
  "packages/ui/index.js": "export const Button = () => null;\n",
  "package.json": json({ private: true, workspaces: ["apps/*", "packages/*"] }),
  "package-lock.json": json({ name: "shop", lockfileVersion: 3, packages: {} }),
  "api/go.mod":
    "module example.org/shop/api\n\ngo 1.22\n\nrequire github.com/jackc/pgx/v5 v5.5.5\n",
  "api/main.go": 'package main\n\nimport (\n\t"net/http"\n\t"os"\n)\n\n' +
    'func main() {\n\t_ = os.Getenv("DATABASE_URL")\n\thttp.ListenAndServe(":8080", nil)\n}\n',
  "worker/requirements.txt": "celery==5.4.0\nredis==5.0.4\n",
  "worker/worker.py":
    'import os\nfrom celery import Celery\napp = Celery(broker=os.environ["REDIS_URL"])\n',
  "<b>bold</b>/Cargo.toml":
    '[package]\nname = "bold"\nversion = "0.1.0"\nedition = "2021"\n',
  "<b>bold</b>/src/main.rs": "fn main() {}\n",
  "tools/package.json": '{ "name": \n',
  "compose.yaml":
    "services:\n  api:\n    build: api\n    ports: ['8080:8080']\n    environment:\n      DATABASE_URL: postgres://db/shop\n" +
    "  worker:\n    build: worker\n    environment:\n      REDIS_URL: redis://queue:6379\n" +
    "  db:\n    image: postgres:16.2\n  queue:\n    image: redis:7\n",
};

/** As the hub has it of a commit with these files. */
export function analysisOf(
  files: Readonly<Record<string, string>>,
  commit: string,
): AnalysisView {
  const tree = treeOf(new Map(Object.entries(files)));
  const { analysis, ties } = detectWithTies(tree, { repository: "shop" });
  const made = federate([{ name: "shop", analysis, ties }]);
  const { schema, title, nodes, edges } = graphOf(made, {
    title: "shop",
    isGrouped: false,
  });
  return {
    commit,
    branch: "main",
    analysis,
    graph: {
      schema,
      title,
      nodes: nodes.map((node) => ({ ...node, details: [...node.details] })),
      edges: edges.map((edge) => ({ ...edge, labels: [...edge.labels] })),
    },
    isWhole: true,
  };
}
