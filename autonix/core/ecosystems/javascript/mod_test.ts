import assert from "node:assert/strict";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import type { Draft } from "../../draft.ts";
import { javascript } from "./mod.ts";

function detect(files: Readonly<Record<string, string>>): Draft[] {
  const texts = new Map(Object.entries(files));
  const tree = new FileTree({ files: texts.keys(), texts });
  return javascript.detect(new Reading(tree));
}

/** Values where another kind was meant; a manifest is anybody's text. */
const WRONG = [
  "null",
  "5",
  "[]",
  '"text"',
  "{}",
  "[[1], {}]",
  '{"a": {"b": [1]}}',
  "true",
];
const KEYS = [
  "name",
  "scripts",
  "dependencies",
  "devDependencies",
  "workspaces",
  "engines",
  "main",
  "packageManager",
  "volta",
  "devEngines",
  "tasks",
  "imports",
  "workspace",
  "projects",
  "packages",
  "targets",
  "compilerOptions",
  "extends",
];

Deno.test("javascript: values of the wrong kind break nothing", () => {
  for (const wrong of WRONG) {
    const all = `{${KEYS.map((key) => `"${key}": ${wrong}`).join(", ")}}`;
    for (const text of [wrong, all]) {
      const drafts = detect({
        "package.json": text,
        "deno/deno.json": text,
        "app/package.json": all,
        "app/angular.json": text,
        "app/tsconfig.json": text,
        "nx.json": text,
        "lib/project.json": text,
        "lerna.json": text,
        "rush.json": text,
        "pnpm-workspace.yaml": text,
        "mise.toml": text,
        "app/index.ts": "app.listen(3000)",
      });
      assert.ok(drafts.some(({ path }) => path === "."), text);
    }
  }
});

Deno.test("javascript: a tsconfig that extends itself comes to an end", () => {
  const drafts = detect({
    "package.json":
      '{"name": "a", "private": true, "scripts": {"build": "tsc"}, "dependencies": {"express": "4"}, "devDependencies": {"typescript": "5"}}',
    "tsconfig.json": '{"extends": "./tsconfig.json"}',
    "index.ts": 'import express from "express"; express().listen(3000);',
  });
  assert.equal(drafts.length, 1);
});

Deno.test("javascript: the order of files changes nothing", () => {
  const files: [string, string][] = [
    ["package.json", '{"workspaces": ["a", "b"]}'],
    ["a/package.json", '{"name": "a", "dependencies": {"b": "*"}}'],
    ["a/index.js", "use(process.env.X); app.listen(1000);"],
    ["b/package.json", '{"name": "b", "main": "index.js"}'],
    ["b/index.js", "use(process.env.Y || 1);"],
  ];
  const told = detect(Object.fromEntries(files));
  assert.deepEqual(detect(Object.fromEntries(files.toReversed())), told);
});

Deno.test("javascript: nothing of one package leaks into another", () => {
  const drafts = detect({
    "a/package.json": '{"name": "a", "dependencies": {"express": "4"}}',
    "a/index.js": "process.env.OF_A; app.listen(1111);",
    "b/package.json": '{"name": "b", "scripts": {"start": "node ."}}',
    "b/.nvmrc": "18",
    "b/index.js": "process.env.OF_B; app.listen(2222);",
  });
  const a = drafts.find(({ path }) => path === "a");
  const said = JSON.stringify(a);
  assert.ok(said.includes("OF_A") && said.includes("1111"));
  for (const other of ["OF_B", "2222", "b/", '"18"']) {
    assert.ok(!said.includes(other), other);
  }
});

Deno.test("javascript: a source of one long line costs its length", () => {
  const long = "process.env.A || process.env.PORT ?? ".repeat(7_000);
  const drafts = detect({
    "package.json": '{"name": "a", "scripts": {"start": "node ."}}',
    "index.js": long,
    "other.js": "{".repeat(250_000) + "} = process.env",
  });
  assert.equal(drafts.length, 1);
});
