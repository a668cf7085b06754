import assert from "node:assert/strict";
import { chooseHead, parseBranches, parseHead } from "./refs.ts";

Deno.test("parseBranches() reads names, commits, times and subjects, and skips what is no branch", () => {
  const commit = "c".repeat(40);
  const text = [
    `refs/heads/main\0${commit}\x0017\0say | <b>hello</b>`,
    `refs/tags/v1\0${commit}\x0017\0no`,
    `refs/heads/odd\0nothex\x0017\0no`,
    "",
  ].join("\n");
  assert.deepEqual(parseBranches(text), [
    {
      name: "main",
      commit,
      subject: "say | <b>hello</b>",
      committedAtMs: 17_000,
    },
  ]);
});

Deno.test("parseHead() and chooseHead() settle on a branch that exists", () => {
  assert.equal(parseHead("ref: refs/heads/a/b\n"), "a/b");
  assert.equal(parseHead("c".repeat(40)), null);
  assert.equal(chooseHead("main", []), "main");
  assert.equal(chooseHead("main", ["topic", "main"]), "main");
  assert.equal(chooseHead("main", ["zoo", "master"]), "master");
  assert.equal(chooseHead(null, ["zoo", "ant"]), "ant");
});
