import assert from "node:assert/strict";
import {
  type Claim,
  type Field,
  RANKS,
  resolveAll,
  resolveOne,
  type Source,
} from "./claims.ts";

function said(
  field: Field,
  value: Claim["value"],
  source: Source,
  file: string,
  line: number | null = null,
): Claim {
  return { field, value, source, evidence: [{ file, line }] };
}

Deno.test("claims: a lockfile overrides a manifest, a pin both", () => {
  const claims = [
    said("packageManager", "npm", "manifest", "package.json"),
    said("packageManager", "yarn", "lock", "yarn.lock"),
  ];
  assert.equal(resolveOne(claims, "packageManager")?.value, "yarn");
  claims.push(said("packageManager", "pnpm", "pin", "package.json", 3));
  assert.equal(resolveOne(claims, "packageManager")?.value, "pnpm");
});

Deno.test("claims: a Procfile and a start script override what a framework does", () => {
  const claims = [
    said("start", "next start", "framework", "package.json"),
    said("start", "npm start", "manifest", "package.json", 5),
  ];
  assert.equal(resolveOne(claims, "start")?.value, "npm start");
  claims.push(said("start", "node web.js", "procfile", "Procfile", 1));
  assert.equal(resolveOne(claims, "start")?.value, "node web.js");
});

Deno.test("claims: who agrees is evidence too and makes it surer; who differs is dropped", () => {
  const one = resolveOne([
    said("runtimeVersion", "20", "container", "Dockerfile", 1),
  ], "runtimeVersion");
  const two = resolveOne([
    said("runtimeVersion", "20", "ci", ".github/workflows/test.yml", 9),
    said("runtimeVersion", "20", "container", "Dockerfile", 1),
    said("runtimeVersion", "18", "guess", "README.md", 1),
  ], "runtimeVersion");
  assert.ok((two?.confidence ?? 0) > (one?.confidence ?? 1));
  assert.deepEqual(two?.evidence, [
    { file: ".github/workflows/test.yml", line: 9 },
    { file: "Dockerfile", line: 1 },
  ]);
});

Deno.test("claims: the same kind of place twice is no surer than once", () => {
  const once = [said("framework", "express", "manifest", "package.json", 4)];
  const twice = [
    ...once,
    said("framework", "express", "manifest", "package.json", 9),
  ];
  assert.equal(
    resolveAll(twice, "framework")[0]?.confidence,
    resolveAll(once, "framework")[0]?.confidence,
  );
});

Deno.test("claims: their order changes nothing", () => {
  const claims = [
    said("start", "b", "convention", "b.js"),
    said("start", "a", "convention", "a.js"),
    said("start", "c", "guess", "c.js"),
  ];
  assert.deepEqual(
    resolveOne(claims, "start"),
    resolveOne(claims.toReversed(), "start"),
  );
});

Deno.test("claims: every field ranks every kind of place once", () => {
  const all = [...RANKS.name].sort();
  for (const ranks of Object.values(RANKS)) {
    assert.deepEqual([...ranks].sort(), all);
  }
});

Deno.test("claims: two of one kind of place count as the surer, whichever comes first", () => {
  const sure = said("port", 3000, "container", "Dockerfile", 4);
  const unsure = {
    ...said("port", 3000, "container", "devcontainer.json", 2),
    confidence: 0.7,
  };
  assert.equal(resolveAll([sure, unsure], "port")[0]?.confidence, 0.9);
  assert.equal(resolveAll([unsure, sure], "port")[0]?.confidence, 0.9);
});
