import assert from "node:assert/strict";
import { expandBraces, linkedDirectory, membersOf } from "./workspaces.ts";

const DIRECTORIES = [
  ".",
  "apps/api",
  "apps/web",
  "apps/web/e2e",
  "docs",
  "packages/core/lib",
  "packages/ui",
];

function members(root: string, ...patterns: string[]): string[] {
  return [...membersOf(root, patterns, DIRECTORIES)].sort();
}

Deno.test("membersOf() matches as package managers do", () => {
  assert.deepEqual(members(".", "apps/*"), ["apps/api", "apps/web"]);
  assert.deepEqual(members(".", "./apps/*/"), ["apps/api", "apps/web"]);
  assert.deepEqual(members(".", "packages/**"), [
    "packages/core/lib",
    "packages/ui",
  ]);
  assert.deepEqual(members(".", "{apps,packages}/*"), [
    "apps/api",
    "apps/web",
    "packages/ui",
  ]);
  assert.deepEqual(members(".", "apps/**", "!**/e2e"), [
    "apps/api",
    "apps/web",
  ]);
  assert.deepEqual(members("apps", "*"), ["apps/api", "apps/web"]);
  assert.deepEqual(members(".", "../*", "[", "docs"), ["docs"]);
});

Deno.test("expandBraces() is bounded", () => {
  assert.deepEqual(expandBraces("{a,b}/*").sort(), ["a/*", "b/*"]);
  assert.ok(expandBraces("{a,b}".repeat(40)).length <= 64);
});

Deno.test("linkedDirectory() follows paths inside the repository only", () => {
  assert.equal(
    linkedDirectory("apps/web", "file:../../packages/ui"),
    "packages/ui",
  );
  assert.equal(linkedDirectory("apps/web", "link:../api"), "apps/api");
  assert.equal(linkedDirectory("apps/web", "../api"), "apps/api");
  assert.equal(linkedDirectory("apps/web", "file:../../../etc"), null);
  assert.equal(linkedDirectory("apps/web", "workspace:*"), null);
  assert.equal(linkedDirectory("apps/web", "^1.2.3"), null);
});
