/**
 * Which Python sources belong to which project: each to the nearest at or above
 * it, without those of tests, documentation and examples.
 *
 * @module
 */
import type { Run } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import {
  BENCHMARKS,
  DOCUMENTS,
  EXAMPLES,
  FOREIGN,
  hasPart,
  TESTS,
} from "../shared/asides.ts";
import { runsByOwner } from "../shared/owners.ts";
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

/** Adds the sources of one directory. */
function addRun(
  reading: Reading,
  own: OwnSources,
  owner: string,
  { directory, names, paths }: Run,
): void {
  if (isForeign(directory)) return;
  const relative = owner === "."
    ? directory
    : directory.slice(owner.length + 1);
  const isTests = /(?:^|\/)tests?(?:\/|$)/.test(relative);
  const isBeside = isAside(relative);
  names.forEach((name, at) => {
    const path = paths[at] ?? "";
    if (isTests || IS_TEST.test(name)) own.tests.push(path);
    else if (!isBeside) {
      const text = reading.tree.text(path);
      if (text !== null) own.sources.push(readSource(path, text));
    }
  });
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
  const runs = runsByOwner(reading.tree.runsWith(["py"]), directories);
  for (const [owner, own] of byProject) {
    for (const run of runs.get(owner) ?? []) addRun(reading, own, owner, run);
  }
  return byProject;
}
