import assert from "node:assert/strict";
import {
  type IgnoreScope,
  isIgnored,
  MAX_RULES,
  rulesIn,
  scopeOf,
} from "./gitignore.ts";

/** Whether a path is left out by a list at the root; with a slash at its end it is a directory. */
function ignores(
  patterns: string | readonly string[],
  path: string,
  above: IgnoreScope | null = null,
): boolean {
  const text = typeof patterns === "string" ? patterns : patterns.join("\n");
  const isDirectory = path.endsWith("/");
  const plain = isDirectory ? path.slice(0, -1) : path;
  const slash = plain.lastIndexOf("/");
  const directory = slash < 0 ? "." : plain.slice(0, slash);
  const rules = rulesIn(scopeOf(text, ".", above), directory);
  return isIgnored(rules, plain.slice(slash + 1), isDirectory);
}

/** pattern, paths that are left out, paths that are not. */
const CASES: readonly (readonly [string, string[], string[]])[] = [
  ["node_modules/", ["node_modules/", "a/node_modules/"], ["node_modules"]],
  ["*.log", ["a.log", "a/b.tar.log"], ["log", "a.log.txt"]],
  ["/build", ["build", "build/"], ["a/build"]],
  ["docs/*.txt", ["docs/a.txt"], ["docs/a/b.txt", "x/docs/a.txt"]],
  ["**/gen", ["gen", "a/b/gen/"], ["gen2"]],
  ["a/**/b", ["a/b", "a/x/y/b"], ["a/x", "b"]],
  ["a/**", ["a/b", "a/b/c"], ["a/"]],
  ["temp-?.[ch]", ["temp-1.c", "x/temp-a.h"], ["temp-12.c", "temp-1.d"]],
  ["[!a-c]x", ["dx"], ["ax", "bx"]],
  ["[]-]", ["]", "-"], ["["]],
  ["\\#a", ["#a"], ["a"]],
  ["\\!a", ["!a"], ["a"]],
  ["a\\ ", ["a "], ["a"]],
  ["a   ", ["a"], ["a   "]],
  ["\\*", ["*"], ["a"]],
  ["a\\", [], ["a", "a\\"]],
  ["[a", [], ["[a", "a"]],
  ["# a", [], ["# a", "a"]],
  ["é?", ["éa"], ["é", "é€"]],
];

Deno.test("patterns mean what git takes them for", () => {
  for (const [pattern, left, kept] of CASES) {
    for (const path of left) {
      assert.ok(ignores(pattern, path), `${pattern} leaves out ${path}`);
    }
    for (const path of kept) {
      assert.ok(!ignores(pattern, path), `${pattern} keeps ${path}`);
    }
  }
});

Deno.test("the last line that matches decides, whatever its kind", () => {
  assert.ok(!ignores([".env*", "!.env.example"], ".env.example"));
  assert.ok(ignores(["!.env.example", ".env*"], ".env.example"));
  assert.ok(!ignores(["*.md", "!README.md"], "README.md"));
  assert.ok(ignores(["*", "!*.ts", "a.ts"], "a.ts"));
  assert.ok(!ignores(["a", "!a/"], "a/"));
  assert.ok(ignores(["a", "!a/"], "a"));
});

Deno.test("a nearer list decides before one above it", () => {
  const above = scopeOf("*.log\nsecret\n", ".", null);
  const scope = scopeOf("!keep.log\n", "a", above);
  const rules = rulesIn(scope, "a/b");
  assert.equal(isIgnored(rules, "keep.log", false), false);
  assert.equal(isIgnored(rules, "other.log", false), true);
  assert.equal(isIgnored(rules, "secret", false), true);
});

Deno.test("lines end as they do on any system", () => {
  assert.ok(ignores("\ufeffa\r\nb\r\n", "a"));
  assert.ok(ignores("a\r\nb\r\n", "b"));
  assert.ok(!ignores("\r\n\r\n", "a"));
});

Deno.test("patterns that explode elsewhere cost what they are long", () => {
  const name = "a".repeat(250);
  const path = Array.from({ length: 15 }, () => name).join("/");
  const stars = `${"*a".repeat(100)}b`;
  const parts = `${"**/".repeat(300)}*a*a*a*a*b`;
  const between = `/${"**/a*/".repeat(200)}b`;
  for (const pattern of [stars, parts, between, `${"?*".repeat(500)}b`]) {
    assert.ok(!ignores(pattern, path));
  }
});

Deno.test("of very many lines the first count", () => {
  const lines = Array.from({ length: MAX_RULES + 1 }, (_, at) => `a${at}`);
  assert.ok(ignores(lines, "a0"));
  assert.ok(!ignores(lines, `a${MAX_RULES}`));
});
