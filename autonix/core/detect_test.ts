import assert from "node:assert/strict";
import { detect } from "./detect.ts";
import type { EcosystemDetector, EvidenceDetector } from "./detector.ts";
import { FileTree } from "./file_tree.ts";
import { ECOSYSTEMS, EVIDENCE } from "./registry.ts";

function treeOf(files: Record<string, string>): FileTree {
  return new FileTree({
    files: Object.keys(files),
    texts: new Map(Object.entries(files)),
  });
}

const FILES = {
  "api/package.json":
    '{"name": "api", "scripts": {"start": "node index.js"}, "dependencies": {"express": "4.19.2"}}',
  "api/index.js": "require('express')().listen(3000);",
  "tool/go.mod": "module example.org/tool\n\ngo 1.22\n",
  "tool/main.go": "package main\n\nfunc main() {}\n",
};

function failing(error: unknown): EcosystemDetector {
  return {
    ecosystem: "go",
    reads: { manifests: [] },
    detect: () => {
      throw error;
    },
  };
}

const failingEvidence: EvidenceDetector = {
  name: "compose",
  reads: { manifests: [] },
  gather: () => {
    throw new TypeError("no such thing");
  },
};

Deno.test("detect: an ecosystem's detector that fails is told, and the others go on", () => {
  const ecosystems = ECOSYSTEMS.map((one) =>
    one.ecosystem === "go" ? failing(new Error("it broke")) : one
  );
  const { applications, unknown } = detect(treeOf(FILES), {
    repository: "app",
    ecosystems,
  });
  assert.deepEqual(applications.map(({ path }) => path), ["api"]);
  assert.deepEqual(unknown, [
    { path: ".", what: "go", why: "its detector failed: it broke" },
  ]);
});

Deno.test("detect: one that runs out of stack ends nothing but itself", () => {
  const endless = (depth: number): number => endless(depth + 1) + 1;
  const deep: EcosystemDetector = {
    ...failing(null),
    detect: () => {
      endless(0);
      return [];
    },
  };
  const { unknown } = detect(treeOf(FILES), {
    repository: "app",
    ecosystems: [deep],
    evidence: [],
  });
  assert.deepEqual(unknown, [{
    path: ".",
    what: "go",
    why: "its detector failed: Maximum call stack size exceeded",
  }]);
});

Deno.test("detect: evidence that fails takes no application away", () => {
  const { applications, unknown } = detect(treeOf(FILES), {
    repository: "app",
    evidence: [...EVIDENCE, failingEvidence],
  });
  assert.deepEqual(applications.map(({ path }) => path), ["api", "tool"]);
  assert.deepEqual(unknown, [
    { path: ".", what: "compose", why: "its detector failed: no such thing" },
  ]);
});

Deno.test("detect: what was thrown is told even when it is no error", () => {
  const { unknown } = detect(treeOf(FILES), {
    repository: "app",
    ecosystems: [failing("just a text")],
    evidence: [],
  });
  assert.deepEqual(unknown.map(({ why }) => why), [
    "its detector failed: just a text",
  ]);
});
