/**
 * Which Python sources belong to which project: each to the nearest at or above
 * it, without those of tests, documentation and examples.
 *
 * @module
 */
import { basenameOf, directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { nearest } from "../shared/owners.ts";
import { readSource, type SourceFacts } from "./source_facts.ts";

/** Directories beside an application: what lies in them is none, and says nothing of it. */
const ASIDE: ReadonlySet<string> = new Set([
  "tests",
  "test",
  "testing",
  "doc",
  "docs",
  "documentation",
  "example",
  "examples",
  "sample",
  "samples",
  "demo",
  "demos",
  "notebooks",
  "notebook",
  "benchmark",
  "benchmarks",
  "bench",
  "scripts",
  "fixtures",
  "testdata",
  "tutorial",
  "tutorials",
  "e2e",
  ".github",
  ".circleci",
  ".gitlab",
  ".devcontainer",
  ".binder",
  "binder",
  "migrations",
  "alembic",
  "ci",
]);
const TESTING: ReadonlySet<string> = new Set([
  "tests",
  "test",
  "testing",
  "testdata",
  "fixtures",
  "e2e",
  "doc",
  "docs",
  "documentation",
  ".github",
  "ci",
]);
/** What others wrote. */
const FOREIGN: ReadonlySet<string> = new Set([
  "vendor",
  "_vendor",
  "third_party",
  "third-party",
  "thirdparty",
  "node_modules",
  "venv",
  ".venv",
  "env",
  ".env",
  "site-packages",
  "__pycache__",
  ".tox",
  ".nox",
]);
/** A repository of more sources than are read has no more of them looked at here either. */
const IS_TEST = /^(?:test_.*|.*_tests?|tests?|conftest)\.py$/;

function hasPart(directory: string, parts: ReadonlySet<string>): boolean {
  return directory.split("/").some((part) => parts.has(part.toLowerCase()));
}

export function isAside(directory: string): boolean {
  return hasPart(directory, ASIDE);
}

/** Tests and documentation: not even an example of something that runs. */
export function isTesting(directory: string): boolean {
  return hasPart(directory, TESTING);
}

export function isForeign(directory: string): boolean {
  return hasPart(directory, FOREIGN);
}

export interface OwnSources {
  sources: SourceFacts[];
  tests: string[];
}

/** Sources by the directory of their project. */
export function sourcesByProject(
  reading: Reading,
  directories: ReadonlySet<string>,
): Map<string, OwnSources> {
  const byProject = new Map<string, OwnSources>();
  for (const directory of directories) {
    byProject.set(directory, { sources: [], tests: [] });
  }
  for (const path of reading.tree.withExtension("py")) {
    const directory = directoryOf(path);
    if (isForeign(directory)) continue;
    const owner = nearest(directory, directories);
    const own = owner === null ? undefined : byProject.get(owner);
    if (owner === null || own === undefined) continue;
    const relative = owner === "."
      ? directory
      : directory.slice(owner.length + 1);
    if (
      IS_TEST.test(basenameOf(path)) || /(?:^|\/)tests?(?:\/|$)/.test(relative)
    ) own.tests.push(path);
    else if (!isAside(relative)) {
      const text = reading.tree.text(path);
      if (text !== null) own.sources.push(readSource(path, text));
    }
  }
  return byProject;
}
