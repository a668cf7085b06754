import assert from "node:assert/strict";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { cleanVersion, nearestPins } from "./pins.ts";

const RUBY = { files: [".ruby-version"], tools: ["ruby"], prefix: "ruby-" };

function pins(texts: Record<string, string>, directory = ".") {
  const files = Object.keys(texts);
  const tree = new FileTree({ files, texts: new Map(Object.entries(texts)) });
  return nearestPins(new Reading(tree), directory, RUBY).map((
    { value, evidence },
  ) => `${value} ${evidence.file}:${evidence.line}`);
}

Deno.test("pins: the nearest directory that pins is the one that counts", () => {
  const texts = { ".tool-versions": "ruby 3.1.0\n", "a/b/x.rb": "" };
  assert.deepEqual(pins(texts, "a/b"), ["3.1.0 .tool-versions:1"]);
  const nearer = { ...texts, "a/.ruby-version": "# ours\nruby-3.3.0\n" };
  assert.deepEqual(pins(nearer, "a/b"), ["3.3.0 a/.ruby-version:2"]);
});

Deno.test("pins: of those that differ the first counts, with those that agree", () => {
  assert.deepEqual(
    pins({
      ".ruby-version": "3.3.0",
      "mise.toml": '[tools]\nruby = ["2.7.0", "3.3.0"]\n',
      ".config/mise.toml": '[tools]\nruby = { version = "3.3.0" }\n',
      ".tool-versions": "nodejs 20.1.0\nruby 3.3.0 2.7.0\n",
    }),
    [
      "3.3.0 .ruby-version:1",
      "3.3.0 .config/mise.toml:2",
      "3.3.0 .tool-versions:2",
    ],
  );
});

Deno.test("pins: what names no version pins none", () => {
  for (const text of ["system", "*", "", "ref:main", "${x}", "a b\nc"]) {
    assert.equal(cleanVersion(text), null, text);
  }
  assert.deepEqual(pins({ ".tool-versions": "ruby ref:v3.1\n" }), []);
});
