/**
 * Which sources belong to which project, in which languages they are, and what
 * those that were read say: programs, ports, variables.
 *
 * Each belongs to the nearest project at or above it. Tests tell nothing but
 * that there are some.
 *
 * @module
 */
import type { Language } from "../../../../roles/model/analysis.ts";
import { directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { nearest, relativeTo } from "../shared/owners.ts";
import { readSource, type SourceFacts } from "./source_facts.ts";

const LANGUAGES: readonly (readonly [string, Language | null])[] = [
  ["java", "java"],
  ["kt", "kotlin"],
  ["scala", "scala"],
  ["clj", "clojure"],
  ["cljc", "clojure"],
  ["cljs", "clojure"],
  // Tells of the project, but is none of the closed list.
  ["groovy", null],
];

/** Source sets of tests: `src/test`, `src/integrationTest`, sbt's and lein's `test`. */
const TESTS =
  /(?:^|\/)(?:src\/(?:[a-z][A-Za-z]{0,40})?(?:[tT]est|testFixtures|it|androidTest)[A-Za-z]{0,20}|tests?|it|modules\/[\w-]{1,80}\/test)\//;
/** Build logic, what a generator fills in, and source sets for other machines than the JVM. */
const ASIDE =
  /(?:^|\/)(?:src\/jmh|project|\.mvn|buildSrc|build-logic|archetype-resources|dev|dev-resources|env\/(?:dev|test))\/|(?:^|\/)src\/main\/resources\/|(?:^|\/)src\/(?:js|native|ios|wasm|macos|linux|mingw|frontend)[A-Za-z0-9]{0,20}Main\//;

/** Where packages begin: `dev`, `it`, `test` are names of them too. */
const PACKAGES =
  /^(.{0,300}?\bsrc\/[A-Za-z]{1,40}\/(?:java|kotlin|scala|groovy)\/).+$/;

function withoutPackage(path: string): string {
  return PACKAGES.exec(path)?.[1] ?? path;
}

/** Sources that are manifests. */
const MANIFESTS: ReadonlySet<string> = new Set([
  "project.clj",
  "build.clj",
  "profiles.clj",
]);

export interface OwnSources {
  /** Main sources by language. */
  counts: ReadonlyMap<Language, number>;
  /** The first main source of each language. */
  firsts: ReadonlyMap<Language, string>;
  /** Main sources, read or not. */
  total: number;
  /** The first test. */
  test: string | null;
  /** Those that were read. */
  read: readonly SourceFacts[];
}

export const NO_SOURCES: OwnSources = {
  counts: new Map(),
  firsts: new Map(),
  total: 0,
  test: null,
  read: [],
};

interface Gathering {
  counts: Map<Language, number>;
  firsts: Map<Language, string>;
  total: number;
  test: string | null;
  read: SourceFacts[];
}

function add(
  own: Gathering,
  reading: Reading,
  of: { path: string; language: Language | null },
): void {
  const { path, language } = of;
  own.total += 1;
  if (language !== null) {
    own.counts.set(language, (own.counts.get(language) ?? 0) + 1);
    if (!own.firsts.has(language)) own.firsts.set(language, path);
  }
  const text = reading.tree.text(path);
  if (text === null) return;
  const facts = readSource(path, text);
  if (facts !== null) own.read.push(facts);
}

/** Sources by the directory of their project. */
export function sourcesByProject(
  reading: Reading,
  paths: Iterable<string>,
): ReadonlyMap<string, OwnSources> {
  const byProject = new Map<string, Gathering>();
  for (const path of paths) {
    byProject.set(path, {
      counts: new Map(),
      firsts: new Map(),
      total: 0,
      test: null,
      read: [],
    });
  }
  for (const [extension, language] of LANGUAGES) {
    let before = "";
    let owner: string | null = null;
    for (const path of reading.tree.withExtension(extension)) {
      const directory = directoryOf(path);
      if (directory !== before) owner = nearest(directory, byProject);
      before = directory;
      const own = owner === null ? undefined : byProject.get(owner);
      if (owner === null || own === undefined) continue;
      const relative = withoutPackage(
        relativeTo(owner, path),
      );
      if (MANIFESTS.has(relative)) continue;
      if (TESTS.test(relative)) own.test ??= path;
      else if (!ASIDE.test(relative)) add(own, reading, { path, language });
    }
  }
  return byProject;
}

/** The language most main sources are in; the given one where it has as many as any, or there are none. */
export function mainLanguage(own: OwnSources, otherwise: Language): Language {
  let best = otherwise;
  let most = own.counts.get(otherwise) ?? 0;
  for (const [language, count] of own.counts) {
    if (count > most) [best, most] = [language, count];
  }
  return best;
}

/** Of more sources a class with a `main` may be anything. */
const FEW_SOURCES = 5;
const MAIN_NAME =
  /(?:Main|App|Application|Server|Service|Cli|CLI|Program|Launcher|Runner|Bot|Boot|Start|Starter)(?:Kt)?$|(?:^|[./])(?:core|main|app|server|cli)$/;

/** The only program, or the one that is called as the main one is. */
export function mainProgram(own: OwnSources) {
  const programs = own.read.flatMap(({ path, programs }) =>
    programs.map((program) => ({ ...program, path }))
  );
  const [only] = programs;
  if (only === undefined) return null;
  if (programs.length === 1) {
    return own.total <= FEW_SOURCES || MAIN_NAME.test(only.className)
      ? only
      : null;
  }
  const named = programs.filter(({ className }) =>
    /(?:^|\.)(?:Main|App|Application|Server|MainKt|AppKt|ApplicationKt|ServerKt|Boot|core|main|server)$/
      .test(className)
  );
  if (named.length === 1) return named[0] ?? null;
  const best = programs.filter(({ className }) =>
    /(?:Application|Main|App|Server)(?:Kt)?$/.test(className)
  );
  return best.length === 1 ? best[0] ?? null : null;
}
