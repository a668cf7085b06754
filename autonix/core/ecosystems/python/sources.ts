/**
 * Which Python sources belong to which project: each to the nearest at or above
 * it, without those of tests, documentation and examples.
 *
 * @module
 */
import { basenameOf, directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import {
  BENCHMARKS,
  DOCUMENTS,
  EXAMPLES,
  FOREIGN,
  hasPart,
  TESTS,
} from "../shared/asides.ts";
import { nearest } from "../shared/owners.ts";
import { readSource, type SourceFacts } from "./source_facts.ts";

/** Directories beside an application: what lies in them is none, and says nothing of it. */
const ASIDE: ReadonlySet<string> = new Set([
  ...EXAMPLES,
  ...DOCUMENTS,
  ...TESTS,
  ...BENCHMARKS,
  "testing",
  "notebooks",
  "notebook",
  "scripts",
  "tutorial",
  "tutorials",
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
  ...DOCUMENTS,
  ...TESTS,
  "testing",
  ".github",
  "ci",
]);
/** What others wrote. */
const VENDORED: ReadonlySet<string> = new Set([
  ...FOREIGN,
  "_vendor",
  "venv",
  ".venv",
  "env",
  ".env",
  "site-packages",
  "__pycache__",
  ".tox",
  ".nox",
]);
const IS_TEST = /^(?:test_.*|.*_tests?|tests?|conftest)\.py$/;

export function isAside(directory: string): boolean {
  return hasPart(directory, ASIDE);
}

/** Tests and documentation: not even an example of something that runs. */
export function isTesting(directory: string): boolean {
  return hasPart(directory, TESTING);
}

export function isForeign(directory: string): boolean {
  return hasPart(directory, VENDORED);
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
