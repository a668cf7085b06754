import assert from "node:assert/strict";
import { FileTree, runsOf } from "./file_tree.ts";

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
  assert.deepEqual(runsOf(paths), [
    { directory: "a", paths: ["a/b.ts", "a/c.ts"] },
    { directory: "a/c", paths: ["a/c/d.ts"] },
    { directory: "a", paths: ["a/e.ts"] },
    { directory: ".", paths: ["f.ts"] },
  ]);
});

Deno.test("extensions are found whatever their case", () => {
  const tree = new FileTree({ files: FILES, texts: new Map() });
  assert.deepEqual(tree.withExtension("ts"), FILES);
  assert.deepEqual(tree.named("one.ts"), ["a/one.ts"]);
});
