/**
 * Which directories are projects of the JVM, and by which build tool.
 *
 * @module
 */
import type { Reading } from "../../reading.ts";
import { directoryOf, joinPath } from "../../file_tree.ts";
import { type Build, BUILD_FILES, readBuilds } from "./gradle/settings.ts";
import { readBuild, type SbtBuild, type SbtProject } from "./sbt/build.ts";

export type Kind = "maven" | "gradle" | "sbt" | "lein" | "clj" | "ant";

export interface Found {
  path: string;
  kind: Kind;
  /** The file that says so; of an included project of Gradle the settings. */
  manifest: string;
  gradle?: Build;
  sbt?: { build: SbtBuild; project: SbtProject };
}

/** Data of programs and templates, build logic, what others wrote. */
const NO_PLACE =
  /(?:^|\/)(?:src\/(?:main|test|it)\/(?:resources|java|kotlin)|src\/test|buildSrc|build-logic|buildLogic|archetype-resources|testdata|fixtures|node_modules|vendor|third_party|__fixtures__)(?:\/|$)/;
const ASIDE = new Set([
  "example",
  "examples",
  "sample",
  "samples",
  "docs",
  "doc",
  "documentation",
  "benchmark",
  "benchmarks",
  "test",
  "tests",
  "it",
  "integration-tests",
  "integration-test",
  "smoke-tests",
  "testing",
  "templates",
  "tutorials",
]);

function isAside(path: string): boolean {
  return path.split("/").some((part) =>
    ASIDE.has(part.toLowerCase()) ||
    /-(?:benchmarks?|examples?|samples?)$/.test(part)
  );
}

/** Tools by how sure their file says that the directory is built by them. */
// A pom.xml beside Clojure's own was made from it, for who publishes it.
const ORDER: readonly Kind[] = ["lein", "clj", "maven", "gradle", "sbt", "ant"];

function simple(
  reading: Reading,
  name: string,
  kind: Kind,
): Found[] {
  return reading.tree.named(name).map((manifest) => ({
    path: directoryOf(manifest),
    kind,
    manifest,
  }));
}

function gradlePlaces(reading: Reading): Found[] {
  return [...readBuilds(reading)].flatMap(([path, gradle]) => {
    const own = reading.tree.first(path, BUILD_FILES);
    const manifest = own ?? gradle.settings;
    return manifest === null
      ? []
      : [{ path, kind: "gradle" as const, manifest, gradle }];
  });
}

function sbtPlaces(reading: Reading): Found[] {
  const found = new Map<string, Found>();
  for (const file of reading.tree.named("build.sbt")) {
    const directory = directoryOf(file);
    // The settings of a project of the build above.
    if (found.has(directory) || NO_PLACE.test(directory)) continue;
    const build = readBuild(reading, file);
    for (const project of build.projects) {
      const { directory: path } = project;
      const isThere = path === directory ||
        reading.tree.below(path).length > 0;
      if (!isThere || found.has(path)) continue;
      found.set(path, {
        path,
        kind: "sbt",
        manifest: file,
        sbt: { build, project },
      });
    }
  }
  return [...found.values()];
}

/** Where the scripts of two tools lie, the one whose wrapper is committed. */
function isBetter(reading: Reading, one: Found, other: Found): boolean {
  const hasWrapper = ({ path, kind }: Found) => {
    const script = kind === "maven"
      ? "mvnw"
      : kind === "gradle"
      ? "gradlew"
      : null;
    const file = script === null ? null : joinPath(path, script);
    return file !== null && reading.tree.has(file);
  };
  const own = Number(hasWrapper(one)) - Number(hasWrapper(other));
  return own > 0 ||
    own === 0 && ORDER.indexOf(one.kind) < ORDER.indexOf(other.kind);
}

/** One for each directory, sorted; those of examples and tests only where nothing else is. */
export function findPlaces(reading: Reading): Found[] {
  const all = [
    ...simple(reading, "pom.xml", "maven"),
    ...gradlePlaces(reading),
    ...sbtPlaces(reading),
    ...simple(reading, "project.clj", "lein"),
    ...simple(reading, "deps.edn", "clj"),
    ...simple(reading, "build.xml", "ant"),
  ].filter(({ path }) => !NO_PLACE.test(path));
  const byPath = new Map<string, Found>();
  for (const found of all) {
    const before = byPath.get(found.path);
    if (before === undefined || isBetter(reading, found, before)) {
      byPath.set(found.path, found);
    }
  }
  const places = [...byPath.values()].sort((
    a,
    b,
  ) => (a.path < b.path ? -1 : 1));
  const real = places.filter(({ path }) => !isAside(path));
  return real.length > 0 ? real : places;
}
