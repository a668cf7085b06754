import assert from "node:assert/strict";
import { atomsOf, parseSexp, stanzas } from "./sexp.ts";

Deno.test("sexp: lists, strings with parentheses, comments, lines", () => {
  const root =
    parseSexp('; (a comment\n(package\n (name "a (b)")\n (n c d))') ?? [];
  const [found] = stanzas(root, "package");
  assert.equal(found?.line, 2);
  assert.deepEqual(atomsOf(found?.items ?? [], "name"), ["a (b)"]);
  assert.deepEqual(atomsOf(found?.items ?? [], "n"), ["c", "d"]);
});

Deno.test("sexp: parentheses that do not fit, and nesting without end, are no file", () => {
  assert.equal(parseSexp("(a"), null);
  assert.equal(parseSexp("a)"), null);
  assert.equal(parseSexp("(".repeat(100_000)), null);
});
