import assert from "node:assert/strict";
import { fitsPattern } from "./workspaces.ts";

Deno.test("workspaces: patterns of directories", () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ["packages/a", "packages/*", true],
    ["packages/a/b", "packages/*", false],
    ["packages/a/b", "packages/**", true],
    ["packages/a", "./packages/a/", true],
    ["libs/core-x", "libs/core-?", true],
    ["libs/core", "libs/c*e", true],
    ["libs/core", "lib/*", false],
    ["a/b/c", "**/c", true],
  ];
  for (const [path, pattern, fits] of cases) {
    assert.equal(fitsPattern(path, pattern), fits, `${path} ${pattern}`);
  }
});

Deno.test("workspaces: patterns that make regexps explode are looked at once", () => {
  assert.equal(
    fitsPattern(`${"a/".repeat(90)}b`, `${"**/".repeat(90)}c`),
    false,
  );
  assert.equal(fitsPattern("a".repeat(5_000), `${"a*".repeat(100)}b`), false);
});
