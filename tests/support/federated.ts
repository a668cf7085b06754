/**
 * Repositories as several of one folder, from files held in memory.
 *
 * @module
 */
import type { Repository } from "../../autonix/core/cluster/links.ts";
import {
  federate,
  type Federation,
} from "../../autonix/core/cluster/federation.ts";
import { detectWithTies } from "../../autonix/core/detect.ts";
import { treeOf } from "./fixture_repo.ts";

/** What an object of a manifest is as its file. */
export function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}

/** A repository of these files. */
export function repository(
  name: string,
  files: Record<string, string>,
): Repository {
  const tree = treeOf(new Map(Object.entries(files)));
  return { name, ...detectWithTies(tree, { repository: name }) };
}

/** Files by path, by repository. */
export function federated(
  repositories: Record<string, Record<string, string>>,
): Federation {
  return federate(
    Object.entries(repositories).map(([name, files]) =>
      repository(name, files)
    ),
  );
}

/** Two that want port 3000 and a redis of their own version; one needs a package of the third, and speaks to the second. */
export const THREE: Readonly<Record<string, Record<string, string>>> = {
  billing: {
    "package.json": json({
      name: "billing",
      scripts: { start: "node server.js", test: "node --test" },
      dependencies: { express: "4.19.2", redis: "4.6.13" },
    }),
    "package-lock.json": json({
      name: "billing",
      lockfileVersion: 3,
      packages: {},
    }),
    "server.js":
      'const app = require("express")();\napp.listen(process.env.PORT ?? 3000);\n',
    ".env.example": "REDIS_URL=redis://redis:6379\nLOG_LEVEL=debug\n",
    "compose.yaml": "services:\n  redis:\n    image: redis:6.2\n",
  },
  shop: {
    "package.json": json({
      name: "@acme/shop",
      scripts: { start: "next start -p 3000", build: "next build" },
      dependencies: {
        "@acme/ui": "^1.2.0",
        "legacy-api": "github:acme/legacy-api#v1",
        ioredis: "5.4.1",
        next: "15.1.0",
      },
    }),
    "package-lock.json": json({
      name: "@acme/shop",
      lockfileVersion: 3,
      packages: {},
    }),
    ".env.example":
      "CACHE_REDIS_URL=redis://cache:6379/1\nBILLING_URL=http://billing:8080/v1\nLOG_LEVEL=info\n",
    "compose.yaml": "services:\n  cache:\n    image: redis:7.2\n",
  },
  ui: {
    "package.json": json({
      name: "@acme/ui",
      version: "1.2.3",
      main: "index.js",
      scripts: { test: "node --test" },
    }),
    "index.js": "module.exports = {};\n",
  },
};
