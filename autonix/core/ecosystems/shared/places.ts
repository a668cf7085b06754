/**
 * Which directories of a repository are projects of an ecosystem, and which
 * sources belong to which of them.
 *
 * Owns what is vendored (nothing is told of it) and what lies aside: examples,
 * tests, documentation are projects only where there is nothing else. For the
 * ecosystems whose manifest is one file in one directory.
 *
 * @module
 */
import { basenameOf, comparePaths, directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import {
  BENCHMARKS,
  DOCUMENTS,
  EXAMPLES,
  FOREIGN,
  hasPart,
  TEMPLATES,
  TESTS,
} from "./asides.ts";
import { relativeTo, runsByOwner } from "./owners.ts";

const VENDORED: ReadonlySet<string> = new Set(FOREIGN);

/** What shows, tests, measures or describes something else. */
const ASIDE: ReadonlySet<string> = new Set([
  ...EXAMPLES,
  ...DOCUMENTS,
  ...TESTS,
  ...BENCHMARKS,
  ...TEMPLATES,
  "playground",
  "test-data",
  "test_data",
  "testing",
  "spec",
  "specs",
  "integration_test",
  "features",
  "stubs",
  "website",
  "fastlane",
  // Builds crates for Flutter's plugins, and is copied into each.
  "cargokit",
  // What Mason makes projects of, with holes in it.
  "__brick__",
  // Tools of PHP, each with a composer.json of its own.
  "vendor-bin",
]);

/** Manifests of any ecosystem: where one lies, there is something else than examples. */
const MANIFESTS: readonly string[] = [
  "package.json",
  "deno.json",
  "go.mod",
  "Cargo.toml",
  "pyproject.toml",
  "requirements.txt",
  "Pipfile",
  "manage.py",
  "Gemfile",
  "composer.json",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "build.sbt",
  "mix.exs",
  "gleam.toml",
  "pubspec.yaml",
  "shard.yml",
  "dune-project",
  "stack.yaml",
  "Package.swift",
  "CMakeLists.txt",
];

/** True for a directory of which nothing is told. */
export function isForeign(directory: string): boolean {
  return hasPart(directory, VENDORED);
}

/** True for a directory that counts only where there is no other. */
export function isAside(directory: string): boolean {
  // What is hidden (.ci, .github, .devcontainer) is about the work, not the work.
  return hasPart(directory, ASIDE) || /(?:^|\/)\.[^/.]/.test(directory);
}

/** Manifests of any ecosystem that are none of examples or tests. */
export function* manifestsOf(reading: Reading): Generator<string> {
  for (const name of MANIFESTS) {
    for (const file of reading.tree.named(name)) {
      const directory = directoryOf(file);
      if (!isAside(directory) && !isForeign(directory)) yield file;
    }
  }
}

export interface Place {
  path: string;
  isAside: boolean;
}

/** Directories of these manifests, sorted; those aside only where nothing else is anywhere. */
export function placesOf(
  reading: Reading,
  manifests: readonly string[],
): Place[] {
  const places = [...new Set(manifests.map(directoryOf))]
    .filter((path) => !isForeign(path))
    .sort(comparePaths)
    .map((path) => ({ path, isAside: isAside(path) }));
  const isElse = places.some((place) => !place.isAside) ||
    manifestsOf(reading).next().done === false;
  return isElse ? places.filter((place) => !place.isAside) : places;
}

export interface Sources {
  /** Sorted; without those of tests, examples, documentation. */
  own: string[];
  tests: string[];
}

const TEST_PART = /(?:^|\/)(?:tests?|specs?|t)(?:\/|$)/;

/** Files with one of these extensions, by the nearest place at or above them. */
export function sourcesOf(
  reading: Reading,
  places: readonly Place[],
  of: { extensions: readonly string[]; isTest: RegExp },
): (path: string) => Sources {
  const owned = runsByOwner(
    reading.tree.runsWith(of.extensions),
    new Set(places.map(({ path }) => path)),
  );
  const byPlace = new Map<string, Sources>();
  for (const [owner, runs] of owned) {
    const sources: Sources = { own: [], tests: [] };
    byPlace.set(owner, sources);
    for (const { directory, paths } of runs) {
      const relative = relativeTo(owner, directory);
      const isTests = TEST_PART.test(relative);
      const isOwn = !isAside(relative) && !isForeign(relative);
      for (const file of paths) {
        if (isTests || of.isTest.test(basenameOf(file))) {
          sources.tests.push(file);
        } else if (isOwn) sources.own.push(file);
      }
    }
  }
  return (path) => byPlace.get(path) ?? { own: [], tests: [] };
}

/** What `read` makes of each project that has a manifest of this name, with its sources. */
export function readProjects<T>(
  reading: Reading,
  of: { manifest: string; extensions: readonly string[]; isTest: RegExp },
  read: (reading: Reading, place: Place, sources: Sources) => T,
): T[] {
  const places = placesOf(reading, reading.tree.named(of.manifest));
  const sources = sourcesOf(reading, places, of);
  return places.map((place) => read(reading, place, sources(place.path)));
}
