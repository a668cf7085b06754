/**
 * The JVM: Java, Kotlin, Scala and Clojure, by the tool that builds them.
 *
 * | file               | what                                                 |
 * | ------------------ | ---------------------------------------------------- |
 * | `places.ts`        | which directories are projects, and by which tool    |
 * | `maven/`           | pom.xml with its parents, and the plugins that pack  |
 * | `gradle/`          | scripts, settings, version catalogs                  |
 * | `sbt/`             | the projects of a build.sbt                          |
 * | `clojure/`         | project.clj, deps.edn, build.clj                     |
 * | `plain.ts`         | ant, and sources alone                               |
 * | `statements.ts`    | build scripts as statements with their blocks        |
 * | `sources.ts`       | whose sources, in which languages                    |
 * | `source_facts.ts`  | programs, ports and variables of one source          |
 * | `configuration.ts` | application.properties, application.yml, HOCON       |
 * | `frameworks.ts`    | the table of frameworks                              |
 * | `versions.ts`      | which Java                                           |
 * | `native.ts`        | which libraries artifacts need                       |
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf } from "../../draft.ts";
import { basenameOf, directoryOf } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { nearest } from "../shared/owners.ts";
import { readDeps } from "./clojure/deps_edn.ts";
import { readLein } from "./clojure/lein.ts";
import {
  claimConfiguration,
  CONFIGURATION_FILES,
  configurationByProject,
} from "./configuration.ts";
import { claimFrameworks, frameworksOf } from "./frameworks.ts";
import { readGradle } from "./gradle/mod.ts";
import { Scripts } from "./gradle/script.ts";
import { coordinatesOf, reactorsOf, readMaven } from "./maven/mod.ts";
import { Poms } from "./maven/pom.ts";
import { claimNativeLibraries } from "./native.ts";
import { findPlaces, type Found } from "./places.ts";
import { readAnt, readSources } from "./plain.ts";
import { readScalaCli } from "./scala_cli.ts";
import type { Command, Place, Project } from "./project.ts";
import { readSbt } from "./sbt/mod.ts";
import { portOf } from "./source_facts.ts";
import {
  mainLanguage,
  mainProgram,
  NO_SOURCES,
  type OwnSources,
  sourcesByProject,
} from "./sources.ts";
import { claimVersion, PIN_FILES } from "./versions.ts";

/** What is shared between the projects of a repository. */
interface Context {
  reading: Reading;
  poms: Poms;
  reactors: ReadonlyMap<string, string>;
  /** `group:artifact` of every pom here, with its directory. */
  siblings: ReadonlyMap<string, string>;
  scripts: Scripts;
}

function contextOf(reading: Reading, places: readonly Found[]): Context {
  const poms = new Poms(reading);
  const files = places.filter(({ kind }) => kind === "maven")
    .map(({ manifest }) => manifest);
  const siblings = new Map<string, string>();
  for (const file of files) {
    const pom = poms.open(file);
    const name = pom === null ? null : coordinatesOf(pom);
    if (name !== null) siblings.set(name, file);
  }
  return {
    reading,
    poms,
    reactors: reactorsOf(poms, files),
    siblings,
    scripts: new Scripts(reading),
  };
}

function readProject(
  found: Found,
  sources: OwnSources,
  context: Context,
): Project | null {
  const { path, manifest } = found;
  const place: Place = { reading: context.reading, path, manifest, sources };
  if (found.gradle !== undefined) {
    return readGradle(place, {
      scripts: context.scripts,
      build: found.gradle,
    });
  }
  if (found.sbt !== undefined) {
    return readSbt(place, found.sbt.build, found.sbt.project);
  }
  if (found.kind === "maven") {
    return readMaven(place, context.poms, {
      root: context.reactors.get(path) ?? null,
      siblings: context.siblings,
    });
  }
  if (found.kind === "lein") return readLein(place);
  if (found.kind === "clj") return readDeps(place);
  return readAnt(place);
}

function claimCommand(
  draft: Draft,
  field: "install" | "build" | "start" | "test",
  command: Command | null,
): void {
  if (command === null) return;
  claim(draft, field, command.command, command.source, command.evidence);
}

function claimSources(draft: Draft, sources: OwnSources): void {
  for (const { path, ports, variables } of sources.read) {
    for (const { port, line } of ports) {
      claim(draft, "port", port, "source", { file: path, line });
    }
    for (const { name, required, default: standard, line } of variables) {
      const value = standard === null
        ? { name, required }
        : { name, required, default: standard };
      claim(draft, "env", value, "source", { file: path, line });
    }
  }
}

function claimLanguage(
  draft: Draft,
  project: Project,
  sources: OwnSources,
): void {
  const language = mainLanguage(sources, project.language);
  const first = sources.firsts.get(language);
  if (project.manifest !== first) {
    const evidence = fileEvidence(project.manifest);
    claim(draft, "language", language, "manifest", evidence);
  }
  if (first === undefined) return;
  claim(draft, "language", language, "source", fileEvidence(first));
}

/** Dropwizard's programs are told to serve, and with which configuration. */
function withArguments(
  project: Project,
  used: ReturnType<typeof frameworksOf>,
  of: { configuration: readonly string[] },
): Command | null {
  const { start, path } = project;
  const isDropwizard = used.some(({ framework }) =>
    framework.name === "dropwizard"
  );
  if (start === null || !isDropwizard) return start;
  const file = of.configuration.find((file) =>
    /^config\.ya?ml$/.test(basenameOf(file)) && directoryOf(file) === path
  );
  const last = file === undefined ? "" : ` ${basenameOf(file)}`;
  return { ...start, command: `${start.command} server${last}` };
}

/** A server that nothing packs or runs. */
function reportStart(
  project: Project,
  sources: OwnSources,
  of: { reading: Reading; serves: boolean },
): void {
  if (project.start !== null) return;
  const program = of.serves ? mainProgram(sources) : null;
  const why = project.noStart ??
    (program === null
      ? null
      : `${program.path} is a program, but nothing in the build packs or runs it`);
  if (why === null) return;
  of.reading.report({ path: project.manifest, what: "start command", why });
}

function toDraft(
  project: Project,
  sources: OwnSources,
  of: { reading: Reading; configuration: readonly string[] },
): Draft {
  const frameworks = frameworksOf(project);
  const serves = frameworks.some(({ framework }) => framework.isServer);
  const draft = draftOf({
    path: project.path,
    ecosystem: "jvm",
    // Without sources it is tests, a list of versions, or a folder of projects.
    role: project.role === "library" && sources.total === 0
      ? "root"
      : project.role,
    weight: project.tool === null && project.build === null
      ? 1
      : serves && project.start !== null
      ? 3
      : 2,
  });
  draft.dependencies.push(...project.dependencies);
  draft.provides.push(...project.provides);
  draft.links.push(...project.links);
  const manifest = fileEvidence(project.manifest);
  claimLanguage(draft, project, sources);
  claim(
    draft,
    "name",
    project.name?.value ?? null,
    "manifest",
    project.name?.evidence ?? null,
  );
  claim(draft, "packageManager", project.tool, "manifest", manifest);
  claimVersion(draft, of.reading, project.javaVersion);
  claimFrameworks(draft, project, frameworks);
  claimCommand(draft, "install", project.install);
  claimCommand(draft, "build", project.build);
  claimCommand(draft, "start", withArguments(project, frameworks, of));
  claimCommand(draft, "test", project.test);
  claim(
    draft,
    "port",
    portOf(project.port?.value),
    "manifest",
    project.port?.evidence ?? null,
  );
  claim(
    draft,
    "port",
    portOf(project.usualPort?.value),
    "framework",
    project.usualPort?.evidence ?? null,
  );
  claimConfiguration(draft, of.reading, {
    files: of.configuration,
    isDropwizard: frameworks.some(({ framework }) =>
      framework.name === "dropwizard"
    ),
  });
  claimSources(draft, sources);
  claimNativeLibraries(draft, project);
  reportStart(project, sources, { reading: of.reading, serves });
  return draft;
}

/** Sources that nothing builds, where the repository has nothing else of the JVM. */
function detectSources(reading: Reading): Draft[] {
  const sources = sourcesByProject(reading, ["."]).get(".") ?? NO_SOURCES;
  const place = { reading, path: ".", manifest: ".", sources };
  const project = readScalaCli(place) ?? readSources(place);
  if (project === null) return [];
  return [{
    ...toDraft(project, sources, { reading, configuration: [] }),
    weight: 1,
  }];
}

function detect(reading: Reading): Draft[] {
  const places = findPlaces(reading);
  if (places.length === 0) return detectSources(reading);
  const byPath = new Map(places.map((place) => [place.path, place]));
  const sources = sourcesByProject(reading, byPath.keys());
  const configuration = configurationByProject(
    reading,
    (directory) => nearest(directory, byPath),
  );
  const context = contextOf(reading, places);
  return places.flatMap((place) => {
    const own = sources.get(place.path) ?? NO_SOURCES;
    const project = readProject(place, own, context);
    if (project === null) return [];
    return [toDraft(project, own, {
      reading,
      configuration: configuration.get(place.path) ?? [],
    })];
  });
}

export const jvm: EcosystemDetector = {
  ecosystem: "jvm",
  reads: {
    manifests: [
      "pom.xml",
      "*.gradle",
      "*.gradle.kts",
      "gradle.properties",
      "libs.versions.toml",
      "*.sbt",
      "project/*.scala",
      "project.clj",
      "deps.edn",
      "build.clj",
      "build.xml",
      ...PIN_FILES,
      ...CONFIGURATION_FILES,
    ],
    sources: ["*.java", "*.kt", "*.scala", "*.clj", "*.cljc", "*.groovy"],
  },
  detect,
};
