import assert from "node:assert/strict";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { justTargets } from "./just.ts";
import { makeTargets } from "./make.ts";

function reading(file: string, text: string): Reading {
  const texts = new Map([[file, text]]);
  return new Reading(new FileTree({ files: texts.keys(), texts }));
}

Deno.test("makeTargets() tells rules with their recipes, no variables and patterns", () => {
  const text = [
    "BIN := x",
    "test check: build ## runs them",
    "\tgo test ./...",
    "",
    "%.o: %.c",
    "\tcc $<",
    ".PHONY: test",
    "URL = http://example.org",
  ].join("\n");
  assert.deepEqual(
    makeTargets(reading("Makefile", text), "Makefile")
      .map(({ name, recipe, evidence }) => [name, recipe, evidence.line]),
    [["test", "go test ./...\n", 2], ["check", "go test ./...\n", 2]],
  );
});

Deno.test("justTargets() leaves out what needs an argument", () => {
  const text = [
    "set shell := ['bash']",
    "version := '1'",
    "test *args: build",
    "    go test",
    "run port='80':",
    "    ./app {{port}}",
    "start env:",
    "    ./app",
  ].join("\n");
  assert.deepEqual(
    justTargets(reading("justfile", text), "justfile").map(({ name }) => name),
    ["test", "run"],
  );
});
