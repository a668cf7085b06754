import assert from "node:assert/strict";
import { json, repository } from "../../../tests/support/federated.ts";
import { repositoryOf } from "./ties.ts";

Deno.test("a repository is told by its address, never with a token", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["github:acme/ui#v1", "github.com/acme/ui"],
    ["gitlab:acme/ui", "gitlab.com/acme/ui"],
    [
      "git+https://token@git.example.org/a/b/ui.git#main",
      "git.example.org/a/b/ui",
    ],
    ["git+https://user:pass@github.com/acme/ui.git@v2", "github.com/acme/ui"],
    ["git@github.com:acme/ui.git", "github.com/acme/ui"],
    ["ssh://git@git.example.org/ui.git", "git.example.org/ui"],
    ["https://github.com/acme/ui/archive/v1.tar.gz", "github.com/acme/ui"],
    ["https://example.org/ui-1.0.tgz", null],
    ["^1.2.0", null],
    ["file:../ui", null],
    ["workspace:*", null],
    [`git+https://${"a".repeat(600)}/b`, null],
  ];
  for (const [text, expected] of cases) {
    assert.equal(repositoryOf(text)?.text ?? null, expected, text);
  }
});

Deno.test("packages of the repository are offered, those it lacks are asked for", () => {
  const { ties } = repository("shop", {
    "package.json": json({ name: "shop", workspaces: ["packages/*"] }),
    "packages/web/package.json": json({
      name: "@acme/web",
      scripts: { start: "node index.js" },
      dependencies: { "@acme/db": "*", "@acme/ui": "1" },
    }),
    "packages/web/index.js": "",
    "packages/db/package.json": json({ name: "@acme/db", main: "index.js" }),
    "packages/db/index.js": "",
  });
  assert.deepEqual(ties.offers.map(({ name, path }) => [name, path]), [
    ["@acme/db", "packages/db"],
    ["@acme/web", "packages/web"],
  ]);
  assert.deepEqual(
    ties.asks.map(({ name, path, evidence }) => [name, path, evidence]),
    [["@acme/ui", "packages/web", {
      file: "packages/web/package.json",
      line: 8,
    }]],
  );
});
