/**
 * From a tree to what is told of it. Pure: the same tree gives the same answer,
 * byte by byte.
 *
 * ```
 * FileTree -> ecosystems -> drafts -> evidence -> claims -> applications
 *                                               \> services
 * ```
 *
 * @module
 */
import type {
  AnalysedApplication,
  Analysis,
  Unknown,
} from "../../roles/model/analysis.ts";
import {
  applicationOf,
  attachClaims,
  Links,
  mergeDrafts,
  withoutRoots,
} from "./applications.ts";
import { callsOf } from "./cluster/calls.ts";
import { type Ties, tiesOf } from "./cluster/ties.ts";
import type {
  EcosystemDetector,
  EvidenceDetector,
  Gathered,
} from "./detector.ts";
import { isOfDevice } from "./ecosystems/shared/device_shells.ts";
import type { Draft } from "./draft.ts";
import { comparePaths, type FileTree } from "./file_tree.ts";
import { Reading } from "./reading.ts";
import { ECOSYSTEMS, EVIDENCE } from "./registry.ts";
import { mergeServices } from "./services/merge.ts";

function sortUnknown(unknown: readonly Unknown[]): Unknown[] {
  const byText = new Map(unknown.map(({ path, what, why }) => [
    `${path}\0${what}\0${why}`,
    { path, what, why },
  ]));
  return [...byText].sort(([a], [b]) => comparePaths(a, b))
    .map(([, one]) => one);
}

/** What a repository is, and what ties it to others. */
export interface Detection {
  analysis: Analysis;
  ties: Ties;
}

export interface DetectOptions {
  /** Names the application at the root when nothing else does. */
  repository: string;
  /** Those of the registry, unless others are given. */
  ecosystems?: readonly EcosystemDetector[];
  evidence?: readonly EvidenceDetector[];
}

/** A detector that fails says nothing; the others go on, and it is told. */
function attempt<T>(
  reading: Reading,
  name: string,
  run: () => readonly T[],
): readonly T[] {
  try {
    return run();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    reading.report({
      path: ".",
      what: name,
      why: `its detector failed: ${message}`,
    });
    return [];
  }
}

/** What a repository is. */
export function detect(tree: FileTree, options: DetectOptions): Analysis {
  return detectWithTies(tree, options).analysis;
}

/** The same, with what ties it to others. */
export function detectWithTies(
  tree: FileTree,
  options: DetectOptions,
): Detection {
  const steps = detecting(tree, options);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** The same, a detector at a step, for who has others to serve in between. */
export function* detecting(
  tree: FileTree,
  { repository, ecosystems = ECOSYSTEMS, evidence = EVIDENCE }: DetectOptions,
): Generator<void, Detection> {
  const reading = new Reading(tree);
  const all: (readonly Draft[])[] = [];
  for (const one of ecosystems) {
    all.push(attempt(reading, one.ecosystem, () => one.detect(reading)));
    yield;
  }
  const found = all.flat().filter(({ path }) => !isOfDevice(reading, path));
  const gathered: Gathered[] = [];
  for (const one of evidence) {
    gathered.push(
      ...attempt(reading, one.name, () => [one.gather(reading, found)]),
    );
    yield;
  }
  const drafts = withoutRoots(attachClaims(
    mergeDrafts([...found, ...gathered.flatMap((one) => one.drafts)]),
    gathered.flatMap((one) => one.claims),
  ));
  const links = new Links(drafts);
  const applications = drafts
    .map((draft) => applicationOf(draft, { links, repository }))
    .filter((one): one is AnalysedApplication => one !== null);
  const told = new Set(applications.map(({ path }) => path));
  for (const application of applications) {
    application.dependsOn = application.dependsOn.filter((path) =>
      told.has(path)
    );
  }
  const services = mergeServices(
    gathered.flatMap((one) => one.services),
    applications,
  );
  return {
    analysis: {
      schema: 1,
      applications,
      services,
      unknown: sortUnknown([...tree.omissions, ...reading.unknown]),
    },
    ties: {
      ...tiesOf(found, gathered.flatMap((one) => one.mentions ?? []), told),
      calls: callsOf(gathered.flatMap((one) => one.calls ?? []), {
        applications,
        services,
      }),
    },
  };
}
