/**
 * Go: a module is what a go.mod says; each `package main` in it is a program.
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";

function readModule(reading: Reading, manifest: string): Draft {
  const path = directoryOf(manifest);
  const draft = draftOf({
    path,
    ecosystem: "go",
    role: "application",
    weight: 2,
  });
  claim(draft, "language", "go", "manifest", fileEvidence(manifest));
  claim(draft, "packageManager", "go", "manifest", fileEvidence(manifest));
  const name = reading.match(manifest, /^module\s+"?([^\s"]+)/);
  if (name !== null) draft.provides.push(name.value);
  const version = reading.match(manifest, /^go\s+([\w.]+)/);
  claim(
    draft,
    "runtimeVersion",
    version?.value ?? null,
    "manifest",
    version?.evidence ?? null,
  );
  const main = joinPath(path, "main.go");
  if (main !== null && reading.tree.has(main)) {
    claim(draft, "start", "./app", "convention", fileEvidence(main));
  }
  return draft;
}

export const go: EcosystemDetector = {
  ecosystem: "go",
  reads: { manifests: ["go.mod", "go.work"], sources: ["*.go"] },
  detect: (reading) =>
    reading.tree.named("go.mod").map((manifest) =>
      readModule(reading, manifest)
    ),
};
