/**
 * How a module is fetched, built, started and tested.
 *
 * @module
 */
import { claim, type Draft } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { isAside } from "../shared/asides.ts";
import { relativeTo } from "../shared/owners.ts";
import { shellWord } from "../../shell_word.ts";
import type { Module } from "./modules.ts";
import type { Program } from "./programs.ts";

/** What a program is called when it is built, unless somebody looks for it elsewhere. */
const OUTPUT = "app";

export function claimCommands(
  reading: Reading,
  draft: Draft,
  of: {
    module: Module;
    program: Program | null;
    /** Where a Procfile looks for it. */
    output: string | null;
    sources: readonly string[];
  },
): void {
  const { module, program, sources } = of;
  const output = shellWord(of.output ?? OUTPUT);
  const [required] = module.dependencies;
  if (required !== undefined) {
    const sum = joinPath(module.directory, "go.sum") ?? "";
    claim(
      draft,
      "install",
      "go mod download",
      "convention",
      reading.tree.has(sum) ? fileEvidence(sum) : required.evidence,
    );
  }
  if (program === null) {
    const some = sources.length > 0;
    claim(
      draft,
      "build",
      some ? "go build ./..." : null,
      "convention",
      fileEvidence(module.file),
    );
  } else {
    const target = program.directory === "." ? "." : `./${program.directory}`;
    claim(
      draft,
      "build",
      `go build -o ${output} ${shellWord(target)}`,
      "convention",
      program.evidence,
    );
    claim(draft, "start", `./${output}`, "source", program.evidence);
  }
  claimTests(draft, module.directory, sources);
}

/** `go test ./...` where there is a test. */
export function claimTests(
  draft: Draft,
  directory: string,
  sources: readonly string[],
): void {
  const test = sources.find((path) =>
    path.endsWith("_test.go") &&
    !isAside(relativeTo(directory, path).split("/")[0] ?? "")
  ) ?? sources.find((path) => path.endsWith("_test.go"));
  if (test === undefined) return;
  claim(draft, "test", "go test ./...", "convention", fileEvidence(test));
}
