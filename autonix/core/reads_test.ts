import assert from "node:assert/strict";
import { runsOf } from "./file_tree.ts";
import {
  chooseReads,
  MAX_MANIFEST_BYTES,
  MAX_MANIFESTS,
  MAX_SOURCES,
  MAX_TOTAL_BYTES,
} from "./reads.ts";

const READS = [{
  manifests: [
    "package.json",
    "*.csproj",
    "Dockerfile.*",
    ".github/workflows/*.yml",
  ],
  sources: ["*.ts"],
}];

function choose(paths: readonly string[], bytes = 10) {
  return chooseReads(runsOf(paths), READS, () => bytes);
}

Deno.test("manifests come first, then sources: entry points, then shallow ones", () => {
  const { paths } = choose([
    "a/b/main.ts",
    "a/b/package.json",
    "a/x.ts",
    "deep/a/b/y.ts",
    "package.json",
    "readme.md",
    "z.ts",
  ]);
  assert.deepEqual(paths, [
    "package.json",
    "a/b/package.json",
    "a/b/main.ts",
    "z.ts",
    "a/x.ts",
    "deep/a/b/y.ts",
  ]);
});

Deno.test("a pattern is a name, has one star, or names its directory", () => {
  const wanted = [
    ".github/workflows/ci.yml",
    "Dockerfile.dev",
    "x/.github/workflows/ci.yml",
    "x/a.csproj",
  ];
  const others = [
    ".github/ci.yml",
    ".github/workflows/more/ci.yml",
    "Dockerfile",
    "my.github/workflows/ci.yml",
    "package.json.bak",
    "workflows/ci.yml",
  ];
  const { paths } = choose([...wanted, ...others].sort());
  assert.deepEqual(paths.toSorted(), wanted);
});

Deno.test("names without an ending can be asked for, of the root alone", () => {
  const { paths } = chooseReads(
    runsOf([".env", "a/run", "notes.md", "snapshot"]),
    [{ manifests: [], sources: ["./*."] }],
    () => 10,
  );
  assert.deepEqual(paths, ["snapshot"]);
});

Deno.test("what is not wanted is never asked for its size", () => {
  const asked: string[] = [];
  const runs = runsOf(["a.png", "b.md", "package.json"]);
  chooseReads(runs, READS, (path) => {
    asked.push(path);
    return 1;
  });
  assert.deepEqual(asked, ["package.json"]);
});

Deno.test("a manifest that is too large is told, a large source is not", () => {
  const { paths, omissions } = choose(
    ["a.ts", "package.json"],
    MAX_MANIFEST_BYTES + 1,
  );
  assert.deepEqual(paths, []);
  assert.deepEqual(omissions.map(({ path }) => path), ["package.json"]);
});

Deno.test("of too many manifests the nearest are read, and that is told", () => {
  const many = Array.from(
    { length: MAX_MANIFESTS },
    (_, at) => `p${at}/package.json`,
  );
  const { paths, omissions } = choose(["package.json", ...many]);
  assert.equal(paths.length, MAX_MANIFESTS);
  assert.equal(paths[0], "package.json");
  assert.equal(omissions.length, 1);
});

Deno.test("sources have a bound of their own", () => {
  const many = Array.from({ length: MAX_SOURCES + 5 }, (_, at) => `s${at}.ts`);
  assert.equal(choose(many).paths.length, MAX_SOURCES);
});

Deno.test("all that is read together has a bound", () => {
  const many = Array.from({ length: 100 }, (_, at) => `p${at}/package.json`);
  const { paths, omissions } = choose(many, MAX_TOTAL_BYTES / 64);
  assert.equal(paths.length, 64);
  assert.match(omissions[0]?.why ?? "", /known by name/);
});
