import assert from "node:assert/strict";
import { pathsOf, runsOf } from "./file_tree.ts";
import { MAX_DEPTH, MAX_FILES, Walk, walkFiles } from "./walk.ts";

function filesOf(...paths: readonly string[]): readonly string[] {
  return pathsOf(walkFiles(new Map(paths.map((path) => [path, ""]))).runs);
}

Deno.test("files come sorted by their whole path, whatever order a disk has", () => {
  const paths = ["a/z", "a-b", "a.ts", "b/c/d", "b/c.d", "a/b/c"];
  const sorted = paths.toSorted();
  assert.deepEqual(filesOf(...paths), sorted);
  assert.deepEqual(filesOf(...paths.toReversed()), sorted);
});

Deno.test("what others wrote and what tools made is left out", () => {
  const own = [
    "Cargo.toml",
    "api/go.mod",
    "build/notes.md",
    "deps/own.c",
    "target.md",
    "vendor/own.js",
    "web/package.json",
  ];
  const others = [
    ".git/config",
    "api/vendor/modules.txt",
    "api/vendor/x/go.mod",
    "py/my-env/lib/a.py",
    "py/my-env/pyvenv.cfg",
    "target/debug/a",
    "web/.next/a.js",
    "web/dist/a.js",
    "web/node_modules/a/package.json",
    "x/__pycache__/a.pyc",
  ];
  assert.deepEqual(filesOf(...own, ...others), own);
});

Deno.test("a name that people use too is left out only beside its manifest", () => {
  assert.deepEqual(filesOf("deps/a.ex", "mix.exs"), ["mix.exs"]);
  assert.deepEqual(filesOf("src/bin/a.cs", "src/b.txt"), [
    "src/b.txt",
    "src/bin/a.cs",
  ]);
  assert.deepEqual(filesOf("src/bin/a.cs", "src/b.csproj"), ["src/b.csproj"]);
});

Deno.test("the root is walked whatever it looks like", () => {
  assert.deepEqual(filesOf("pyvenv.cfg", "a.py"), ["a.py", "pyvenv.cfg"]);
});

Deno.test("lists of what to leave out hold below their directory", () => {
  const texts = new Map([
    [".gitignore", "*.log\n/out/\n"],
    ["a.log", ""],
    ["b/.gitignore", "!keep.log\n"],
    ["b/keep.log", ""],
    ["b/out/x", ""],
    ["out/x", ""],
  ]);
  assert.deepEqual(pathsOf(walkFiles(texts).runs), [
    ".gitignore",
    "b/.gitignore",
    "b/keep.log",
    "b/out/x",
  ]);
});

Deno.test("the patterns that git keeps for this clone count too", () => {
  const walk = new Walk("secret\n");
  assert.equal(walk.next(), ".");
  walk.listed({ entries: ["secret", "a"], ignore: null });
  assert.equal(walk.next(), null);
  assert.deepEqual(walk.result().runs, runsOf(["a"]));
});

Deno.test("a directory that is too deep is told, the rest is there", () => {
  const deep = `${"d/".repeat(MAX_DEPTH + 1)}file`;
  const { runs, omissions } = walkFiles(new Map([["a", ""], [deep, ""]]));
  assert.deepEqual(runs, runsOf(["a"]));
  assert.equal(omissions.length, 1);
  assert.match(omissions[0]?.why ?? "", /64 directories deep/);
});

Deno.test("of too many files those nearest to the root count, and that is told", () => {
  const walk = new Walk();
  walk.next();
  const many = Array.from({ length: MAX_FILES }, (_, at) => `f${at}`);
  walk.listed({ entries: ["below/", ...many.slice(1)], ignore: null });
  assert.equal(walk.next(), "below");
  walk.listed({ entries: many.slice(0, 10), ignore: null });
  assert.equal(walk.next(), null);
  const { runs, omissions } = walk.result();
  assert.equal(pathsOf(runs).length, MAX_FILES);
  assert.deepEqual(omissions.map(({ path, what }) => [path, what]), [
    [".", "files"],
  ]);
});

Deno.test("a directory that cannot be read is told, the rest goes on", () => {
  const walk = new Walk();
  walk.next();
  walk.listed({ entries: ["a/", "b/"], ignore: null });
  assert.equal(walk.next(), "a");
  walk.failed("cannot be read");
  assert.equal(walk.next(), "b");
  walk.listed({ entries: ["x"], ignore: null });
  assert.equal(walk.next(), null);
  assert.deepEqual(walk.result(), {
    runs: runsOf(["b/x"]),
    entries: 3,
    omissions: [{ path: "a", what: "this directory", why: "cannot be read" }],
  });
});
