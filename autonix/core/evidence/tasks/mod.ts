/**
 * Task runners: make, just, Taskfile, mise, tox, nox. A target named `test`,
 * `start` or `build` is how a person does that.
 *
 * A `run` target starts something, but mostly for work: it counts where nothing
 * else is known. So does `build`, whose results would not be where what starts
 * them looks. Of a directory that is no application those lines count that test
 * one below it: `cd api && mix test`.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import type { EvidenceDetector } from "../../detector.ts";
import type { Draft } from "../../draft.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { type Gathering, gathering, state } from "../gathering.ts";
import { Targets } from "../targets.ts";
import { testCommandIn } from "../test_commands.ts";
import { justTargets } from "./just.ts";
import { makeTargets } from "./make.ts";
import { miseTargets } from "./mise.ts";
import { taskfileTargets } from "./taskfile.ts";

/** A target of a task runner. */
export interface Target {
  name: string;
  /** What it runs, as far as that stands in the file. */
  recipe: string;
  evidence: Evidence;
}

interface Runner {
  /** Names of its files; the first that is there counts. */
  files: readonly string[];
  targets(reading: Reading, file: string): Target[];
  /** How a target is run. */
  run(name: string): string;
}

const RUNNERS: readonly Runner[] = [
  {
    files: ["Makefile", "makefile", "GNUmakefile"],
    targets: makeTargets,
    run: (name) => `make ${name}`,
  },
  {
    files: ["justfile", "Justfile", ".justfile"],
    targets: justTargets,
    run: (name) => `just ${name}`,
  },
  {
    files: [
      "Taskfile.yml",
      "Taskfile.yaml",
      "taskfile.yml",
      "Taskfile.dist.yml",
    ],
    targets: taskfileTargets,
    run: (name) => `task ${name}`,
  },
  {
    files: ["mise.toml", ".mise.toml"],
    targets: miseTargets,
    run: (name) => `mise run ${name}`,
  },
];

/** Targets by what they are for; the first that is there counts. */
const FIELDS: readonly (readonly [
  "test" | "start" | "build",
  readonly string[],
  Source,
])[] = [
  ["test", ["test", "tests", "check"], "task"],
  ["start", ["start"], "task"],
  ["start", ["run", "serve", "server", "run-server", "runserver"], "guess"],
  ["build", ["build", "compile"], "guess"],
];

/** It works with containers, or on another machine, not in this directory. */
const ELSEWHERE =
  /\b(?:docker|docker-compose|podman|kubectl|helm|ssh|vagrant|minikube|skaffold|tilt)\b/;

function stateTargets(
  to: Gathering,
  { runner, draft }: { runner: Runner; draft: Draft },
  targets: readonly Target[],
): void {
  const byName = new Map(targets.map((target) => [target.name, target]));
  for (const [field, names, source] of FIELDS) {
    if (field === "start" && draft.role !== "application") continue;
    for (const name of names) {
      const target = byName.get(name);
      if (target === undefined) continue;
      if (ELSEWHERE.test(target.recipe.slice(0, 2_000))) continue;
      state(to, {
        path: draft.path,
        field,
        value: runner.run(name),
        source,
        evidence: target.evidence,
      });
      break;
    }
  }
}

const OF_TESTS = /^tests?(?:[-_:].{1,60})?$|[-_:]tests?$/;

/** Tests of applications below a directory that is none: `cd api && mix test`. */
function stateBelow(
  to: Gathering,
  of: { path: string; targets: Targets },
  targets: readonly Target[],
): void {
  for (const { name, recipe, evidence } of targets) {
    if (!OF_TESTS.test(name)) continue;
    for (const line of recipe.split("\n")) {
      const test = testCommandIn(line.trim().replace(/^[@-]{1,2}/, ""));
      const path = test === null || test.directory === null
        ? null
        : joinPath(of.path, test.directory);
      const draft = path === null ? null : of.targets.at(path);
      if (test === null || draft === null) continue;
      if (test.ecosystem !== null && test.ecosystem !== draft.ecosystem) {
        continue;
      }
      state(to, {
        path: draft.path,
        field: "test",
        value: test.text,
        source: "task",
        evidence,
      });
    }
  }
}

/** tox and nox are all tests. */
const TESTERS = [["tox.ini", "tox"], ["noxfile.py", "nox"]] as const;

function stateTesters(to: Gathering, reading: Reading, targets: Targets): void {
  for (const [name, value] of TESTERS) {
    for (const file of reading.tree.named(name)) {
      const path = directoryOf(file);
      if (targets.at(path)?.ecosystem !== "python") continue;
      const text = reading.tree.text(file) ?? "";
      // Linters keep their settings in tox.ini too.
      if (name === "tox.ini" && !/^\[(?:tox|testenv)\b/m.test(text)) continue;
      state(to, {
        path,
        field: "test",
        value,
        source: "task",
        evidence: { file, line: null },
      });
    }
  }
}

export const tasks: EvidenceDetector = {
  name: "task runners",
  reads: {
    manifests: [
      ...RUNNERS.flatMap(({ files }) => files),
      ...TESTERS.map(([name]) => name),
    ],
  },
  gather(reading, drafts) {
    const found = gathering();
    const targets = new Targets(drafts);
    for (const runner of RUNNERS) {
      for (const name of runner.files) {
        for (const file of reading.tree.named(name)) {
          // Of the very directory: a target below does not know what is above.
          const draft = targets.at(directoryOf(file));
          if (draft !== null && draft.role !== "root") {
            const all = runner.targets(reading, file);
            stateTargets(found, { runner, draft }, all);
          } else {
            const path = directoryOf(file);
            stateBelow(found, { path, targets }, runner.targets(reading, file));
          }
        }
      }
    }
    stateTesters(found, reading, targets);
    return found;
  },
};
