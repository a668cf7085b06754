import assert from "node:assert/strict";
import { inputOfDirectory, inputOfOrigin, originIn } from "./input_url.ts";

Deno.test("where a repository was cloned from is its input, without a token", () => {
  const cases: readonly (readonly [string, string | null])[] = [
    ["https://github.com/acme/shop.git", "github:acme/shop"],
    ["https://token@github.com/acme/shop", "github:acme/shop"],
    ["git@github.com:acme/shop.git", "git+ssh://git@github.com/acme/shop.git"],
    [
      "https://user:secret@git.example.org/a/b/shop.git",
      "git+https://git.example.org/a/b/shop.git",
    ],
    ["ssh://git@git.example.org/shop", "git+ssh://git@git.example.org/shop"],
    ["git://git.example.org/shop", "git://git.example.org/shop"],
    ["/srv/git/shop.git", null],
    ["../shop", null],
    ["C:/shop", null],
    [`https://example.org/${"a".repeat(600)}`, null],
  ];
  for (const [origin, expected] of cases) {
    assert.equal(inputOfOrigin(origin), expected, origin);
  }
});

Deno.test("without one it is the directory", () => {
  assert.equal(inputOfDirectory("shop"), "path:./shop");
  assert.equal(inputOfDirectory("my shop?"), "path:./my%20shop%3F");
});

Deno.test("origin is read from its own section", () => {
  const config = `[core]
\turl = no
[remote "fork"]
\turl = https://example.org/fork.git
[remote "origin"]
\tfetch = +refs/heads/*:refs/remotes/origin/*
\turl = https://example.org/shop.git
`;
  assert.equal(originIn(config), "https://example.org/shop.git");
  assert.equal(originIn("[core]\n"), null);
});
