import assert from "node:assert/strict";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { readMixfile } from "./mixfile.ts";

function mixfile(text: string) {
  const tree = new FileTree({
    files: ["mix.exs"],
    texts: new Map([["mix.exs", text]]),
  });
  return readMixfile(new Reading(tree), "mix.exs", ".");
}

Deno.test("mix.exs: dependencies in one line, over several, and what is none", () => {
  const { dependencies, links } = mixfile(`
  [app: :shop, elixir: "~> 1.15", deps: [{:a, "~> 1.0"}, {:b, in_umbrella: true}]]
  # {:c, "~> 1.0"}
  {:d,
   github: "x/d",
   only: [:dev, :test]}
  {:e, ">= 0.0.0", path: "libs/e"}
  {:system, "PORT"}
  {:ok, value}
`);
  assert.deepEqual(
    dependencies.map(({ name, version, isDev, evidence }) => [
      name,
      version,
      isDev,
      evidence.line,
    ]),
    [
      ["a", "~> 1.0", false, 2],
      ["b", null, false, 2],
      ["d", null, true, 4],
      ["e", ">= 0.0.0", false, 7],
    ],
  );
  assert.deepEqual(links, ["libs/e"]);
});

Deno.test("mix.exs: releases, by whatever their list is written", () => {
  const names = (text: string) =>
    mixfile(text).releases.map(({ value }) => value);
  assert.deepEqual(
    names("releases: [\n  shop: [\n applications: [a: :permanent]]], deps: d"),
    ["shop"],
  );
  assert.deepEqual(
    names("releases: releases()\ndefp releases do\n [\n shop: []]\nend"),
    ["shop"],
  );
  assert.deepEqual(
    names("def releases(), do: [{:web, x()}, {:jobs, [a: 1]}]"),
    [
      "web",
      "jobs",
    ],
  );
  assert.deepEqual(
    names("@app :blink\nreleases: [{@app, release()}], deps: [x: 1]"),
    ["blink"],
  );
  assert.deepEqual(names('releases: ["'), []);
});

Deno.test("mix.exs: names by constants, escripts, umbrellas, packages for others", () => {
  const { app } = mixfile("@app :blink\n[app: @app, version: @version]");
  assert.deepEqual(app, {
    value: "blink",
    evidence: { file: "mix.exs", line: 2 },
  });
  assert.equal(mixfile('[apps_path: "apps"]').appsPath?.value, "apps");
  assert.deepEqual(mixfile("escript: [main_module: A]").escript, {
    file: "mix.exs",
    line: 1,
  });
  assert.equal(mixfile("[package: package()]").published?.line, 1);
});
