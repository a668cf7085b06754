import assert from "node:assert/strict";
import {
  FileTree,
  joinPath,
  pathsOf,
  runOf,
  runsOf,
  withoutEndSlashes,
} from "./file_tree.ts";

const FILES = ["a-b/x.ts", "a/one.ts", "a/two.TS", "a/z/three.ts", "top.ts"];

Deno.test("read gives those of a list that were read, and none beside it", () => {
  const texts = new Map(
    ["top.ts", "a/z/three.ts", "a/one.ts"].map((path) => [path, ""]),
  );
  const tree = new FileTree({ files: FILES, texts });
  assert.deepEqual(tree.read(FILES), ["a/one.ts", "a/z/three.ts", "top.ts"]);
  assert.deepEqual(tree.read(["a/two.TS", "a/z/three.ts"]), ["a/z/three.ts"]);
  assert.deepEqual(tree.read(["a/two.TS"]), []);
  assert.deepEqual(tree.read([]), []);
});

Deno.test("runs are of neighbours in one directory", () => {
  const paths = ["a/b.ts", "a/c.ts", "a/c/d.ts", "a/e.ts", "f.ts"];
  const runs = runsOf(paths);
  assert.deepEqual(runs, [
    { directory: "a", names: ["b.ts", "c.ts"], paths: ["a/b.ts", "a/c.ts"] },
    { directory: "a/c", names: ["d.ts"], paths: ["a/c/d.ts"] },
    { directory: "a", names: ["e.ts"], paths: ["a/e.ts"] },
    { directory: ".", names: ["f.ts"], paths: ["f.ts"] },
  ]);
  assert.deepEqual(pathsOf(runs), paths);
  assert.deepEqual(runs, runs.map((run) => runOf(run.directory, run.names)));
});

Deno.test("several extensions come in the order of their paths", () => {
  const files = ["a/1.js", "a/2.ts", "a/3.js", "a/b/4.ts", "a/c.js", "d.md"];
  const tree = new FileTree({ files, texts: new Map() });
  assert.deepEqual(tree.runsWith(["ts", "js"]), [
    { at: 0, ...runOf("a", ["1.js", "2.ts", "3.js"]) },
    { at: 1, ...runOf("a/b", ["4.ts"]) },
    { at: 2, ...runOf("a", ["c.js"]) },
  ]);
  assert.deepEqual(pathsOf(tree.runsWith(["md", "ts"])), [
    "a/2.ts",
    "a/b/4.ts",
    "d.md",
  ]);
  assert.deepEqual(tree.runsWith(["rs"]), []);
});

Deno.test("a path is joined to a directory, and leads out of the root nowhere", () => {
  const joined = (directory: string, ...relatives: string[]) =>
    relatives.map((relative) => joinPath(directory, relative));
  assert.deepEqual(joined(".", "a", "a/b", "./a", "", ".", ".env", "a/"), [
    "a",
    "a/b",
    "a",
    ".",
    ".",
    ".env",
    "a",
  ]);
  assert.deepEqual(joined("d/e", "a", "..", "../a", "a/../b", "/a", "a//b"), [
    "d/e/a",
    "d",
    "d/a",
    "d/e/b",
    "d/e/a",
    "d/e/a/b",
  ]);
  assert.deepEqual(joined("d", "../..", "a/../../..", "a/.b"), [
    null,
    null,
    "d/a/.b",
  ]);
});

Deno.test("extensions are found whatever their case", () => {
  const tree = new FileTree({ files: FILES, texts: new Map() });
  assert.deepEqual(tree.withExtension("ts"), FILES);
  assert.deepEqual(tree.named("one.ts"), ["a/one.ts"]);
});

Deno.test("slashes at the end go in one look at a path, however many others there are", () => {
  assert.equal(withoutEndSlashes("a/b//"), "a/b");
  assert.equal(withoutEndSlashes("//"), "");
  const many = `${"/".repeat(2_000_000)}a`;
  assert.equal(withoutEndSlashes(`${many}/`), many);
});
