import assert from "node:assert/strict";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { placesOf, sourcesOf } from "./places.ts";

function readingOf(...files: string[]): Reading {
  return new Reading(new FileTree({ files, texts: new Map() }));
}

Deno.test("places: examples count only where nothing else is, vendored ones never", () => {
  const example = "examples/a/Gemfile";
  const vendored = "vendor/b/Gemfile";
  const alone = readingOf(example, vendored);
  assert.deepEqual(placesOf(alone, alone.tree.named("Gemfile")), [
    { path: "examples/a", isAside: true },
  ]);
  const beside = readingOf(example, vendored, "go.mod");
  assert.deepEqual(placesOf(beside, beside.tree.named("Gemfile")), []);
});

Deno.test("places: a source belongs to the nearest place, tests and examples to none", () => {
  const reading = readingOf(
    "app.rb",
    "examples/x.rb",
    "libs/a/lib/a.rb",
    "libs/a/spec/a_spec.rb",
  );
  const sources = sourcesOf(reading, [
    { path: ".", isAside: false },
    { path: "libs/a", isAside: false },
  ], { extensions: ["rb"], isTest: /_spec\.rb$/ });
  assert.deepEqual(sources(".").own, ["app.rb"]);
  assert.deepEqual(sources("libs/a"), {
    own: ["libs/a/lib/a.rb"],
    tests: ["libs/a/spec/a_spec.rb"],
  });
});
