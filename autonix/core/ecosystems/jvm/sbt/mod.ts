/**
 * sbt: the projects of a build.sbt.
 *
 * @module
 */
import type { Evidence } from "../../../../../roles/model/analysis.ts";
import type { Dependency } from "../../../draft.ts";
import { basenameOf, joinPath } from "../../../file_tree.ts";
import type { Found } from "../../../reading.ts";
import {
  type Command,
  type Place,
  type Project,
  shellWord,
  upTo,
} from "../project.ts";
import { mainProgram } from "../sources.ts";
import { lineIn, SBT, statementsOf } from "../statements.ts";
import {
  type Placed,
  type SbtBuild,
  type SbtProject,
  settingOf,
  valueOf,
} from "./build.ts";

/** Plugins of sbt-native-packager, and those that bring it, which stage a script. */
const STAGES =
  /\b(?:JavaAppPackaging|JavaServerAppPackaging|PlayScala|PlayJava|PlayService|PlayMinimalJava|AshScriptPlugin|DockerPlugin|GraalVMNativeImagePlugin|SystemdPlugin|UniversalPlugin)\b/;
const PLUGINS =
  /\.enablePlugins\(([^)]{1,1000})\)|^enablePlugins\(([^)]{1,1000})\)/g;
const DEPENDENCY =
  /"([\w.-]{1,200})"\s{0,40}%{1,3}\s{0,40}(?:"([\w.-]{1,200})"|`([\w.-]{1,200})`)\s{0,40}%\s{0,40}(?:"([^"\n]{1,100})"|([\w.]{1,100}))(?:\s{0,40}%\s{0,40}("[^"\n]{1,60}"|\w{1,40}))?/g;
const MAX_DEPENDENCIES = 2_000;

function dependenciesIn(texts: readonly Placed[]): Dependency[] {
  const found: Dependency[] = [];
  for (const statement of texts) {
    if (/\baddSbtPlugin\b/.test(statement.text)) continue;
    for (const match of statement.text.matchAll(DEPENDENCY)) {
      if (found.length >= MAX_DEPENDENCIES) return found;
      const [, group, artifact, quoted, version, named, scope = ""] = match;
      found.push({
        name: `${group}:${artifact ?? quoted}`,
        version: version ?? valueOf(texts, named ?? ""),
        isDev: /[tT]est|[pP]rovided|\bIT\b|it"/.test(scope),
        evidence: {
          file: statement.file,
          line: lineIn(statement, match.index),
        },
      });
    }
  }
  return found;
}

/** Plugins that a project enables, and those of project/plugins.sbt. */
function pluginsIn(place: Place, texts: readonly Placed[], root: string) {
  const found = new Map<string, Evidence>();
  for (const statement of texts) {
    for (const match of statement.text.matchAll(PLUGINS)) {
      const names = (match[1] ?? match[2] ?? "").split(",");
      const line = lineIn(statement, match.index + match[0].indexOf("enable"));
      for (const name of names) {
        found.set(name.trim(), { file: statement.file, line });
      }
    }
  }
  const meta = joinPath(root, "project") ?? "project";
  for (const name of place.reading.tree.filesIn(meta)) {
    const file = joinPath(meta, name);
    if (file === null || !name.endsWith(".sbt")) continue;
    const text = place.reading.tree.text(file) ?? "";
    for (const statement of statementsOf(text, SBT)) {
      const id =
        /^addSbtPlugin\(\s{0,8}"([\w.-]{1,200})"\s{0,8}%{1,2}\s{0,8}"([\w.-]{1,200})"/
          .exec(statement.text);
      if (id !== null) {
        found.set(`${id[1]}:${id[2]}`, { file, line: statement.line });
      }
    }
  }
  return found;
}

/** `-release 17`, `-source`, `"-java-output-version", "11"`, `-target:jvm-11`. */
const VERSION =
  /"-{1,2}(?:release|java-output-version|source|target)[:=](?:jvm-)?([0-9.]{1,5})"|"-{1,2}(?:release|java-output-version|source)"\s{0,8},\s{0,8}"([0-9.]{1,5})"/;

function javaVersionIn(texts: readonly Placed[]): Found | null {
  for (const statement of texts) {
    const found = VERSION.exec(statement.text);
    const value = found?.[1] ?? found?.[2];
    if (found !== null && value !== undefined) {
      const line = lineIn(statement, found.index);
      return { value, evidence: { file: statement.file, line } };
    }
  }
  return null;
}

/** As sbt makes a name of a file of it. */
function normalised(name: string): string {
  return name.toLowerCase().replace(/\W+/g, "-");
}

interface Built {
  place: Place;
  texts: readonly Placed[];
  plugins: ReadonlyMap<string, Evidence>;
  name: string;
  /** `sbt`, or how to say it from within a directory of the build. */
  task(name: string): string;
}

function stageEvidence(built: Built): Evidence | null {
  for (const [name, evidence] of built.plugins) {
    if (!name.includes(":") && STAGES.test(name)) return evidence;
  }
  return null;
}

function startStaged(built: Built) {
  const evidence = stageEvidence(built);
  if (evidence === null) return null;
  const script = settingOf(built.texts, "executableScriptName")?.value ??
    normalised(built.name);
  return {
    build: built.task("stage"),
    start: {
      command: shellWord(`target/universal/stage/bin/${script}`),
      source: "framework" as const,
      evidence,
    },
  };
}

function startAssembled(built: Built) {
  const evidence = built.plugins.get("com.eed3si9n:sbt-assembly") ?? null;
  const { texts } = built;
  const hasMain = mainProgram(built.place.sources) !== null ||
    texts.some(({ text }) => /\bmainClass\b/.test(text));
  if (evidence === null || !hasMain) return null;
  const scala = settingOf(texts, "scalaVersion")?.value ?? null;
  const directory = scala === null
    ? "scala-*"
    : /^2\.\d+/.test(scala)
    ? `scala-${/^2\.\d+/.exec(scala)?.[0]}`
    : `scala-${scala}`;
  const version = settingOf(texts, "version")?.value ?? "*";
  const jar = settingOf(texts, "assemblyJarName")?.value ??
    settingOf(texts, "jarName")?.value ??
    `${normalised(built.name)}-assembly-${version}.jar`;
  return {
    build: built.task("assembly"),
    start: {
      command: `java -jar ${shellWord(`target/${directory}/${jar}`)}`,
      source: "framework" as const,
      evidence,
    },
  };
}

function startRun(built: Built) {
  const main = settingOf(built.texts, "mainClass");
  const program = mainProgram(built.place.sources);
  const evidence = main?.evidence ??
    (program === null ? null : { file: program.path, line: program.line });
  if (evidence === null) return null;
  return {
    build: built.task("compile"),
    start: {
      command: built.task("run"),
      source: main === null ? "source" as const : "manifest" as const,
      evidence,
    },
  };
}

export function readSbt(
  place: Place,
  build: SbtBuild,
  project: SbtProject,
): Project {
  const { path, sources } = place;
  const own = build.projects.find(({ id }) => id === project.id) ?? project;
  const { texts } = own;
  const told = settingOf(texts, "name");
  const evidence = texts[0];
  const plugins = pluginsIn(place, texts, build.directory);
  const prefix = path === build.directory ? "" : `${project.id}/`;
  const up = upTo(path, build.directory);
  const task = (name: string) =>
    up === "."
      ? `sbt ${prefix}${name}`
      : `(cd ${up} && sbt ${shellWord(`${prefix}${name}`)})`;
  const name = told?.value ?? (project.id || basenameOf(path));
  const built = { place, texts, plugins, name, task };
  const found = plugins.has("ScalaJSPlugin")
    // Pages: what is linked runs in a browser.
    ? { build: task("fullLinkJS"), start: null }
    : startStaged(built) ?? startAssembled(built) ?? startRun(built);
  const convention = (command: string, file = build.file): Command => ({
    command,
    source: "convention",
    evidence: { file, line: null },
  });
  const isAggregate = build.projects.length > 1 && path === build.directory &&
    sources.total === 0;
  return {
    path,
    manifest: evidence?.file ?? build.file,
    tool: "sbt",
    role: isAggregate
      ? "root"
      : found === null || found.start === null
      ? "library"
      : "application",
    name: told ?? (project.id === "" || path === build.directory ? null : {
      value: project.id,
      evidence: { file: build.file, line: evidence?.line ?? null },
    }),
    javaVersion: javaVersionIn(texts),
    language: "scala",
    dependencies: dependenciesIn(texts),
    plugins,
    provides: [],
    links: project.dependsOn.flatMap((id) =>
      build.projects.find((other) => other.id === id)?.directory ?? []
    ),
    install: convention(task("update").replace(/ [^ ]*\/update/, " update")),
    build: convention(found?.build ?? task("compile")),
    start: isAggregate ? null : found?.start ?? null,
    test: sources.test === null ? null : convention(task("test"), sources.test),
  };
}
