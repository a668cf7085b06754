/**
 * How what Gradle builds is started: by the plugin that packs it.
 *
 * @module
 */
import type { Evidence } from "../../../../../roles/model/analysis.ts";
import { type Command, type Place, shellWord } from "../project.ts";
import { mainProgram } from "../sources.ts";
import type { Placed, Values } from "./script.ts";

export interface Built {
  place: Place;
  /** Of the project: what its jar is called. */
  name: string;
  version: string | null;
  statements: readonly Placed[];
  plugins: ReadonlyMap<string, Evidence>;
  values: Values;
  hasDependencies: boolean;
  /** `./gradlew` or `gradle`. */
  gradle: string;
}

export interface Start {
  start: Command;
  /** The task that makes what is started. */
  task: string;
}

const APPLICATION = [
  "application",
  "io.micronaut.application",
  "io.ktor.plugin",
  "io.ratpack.ratpack-java",
  "io.ratpack.ratpack-groovy",
  "org.graalvm.buildtools.native",
];
const SHADOW = ["com.github.johnrengelman.shadow", "com.gradleup.shadow"];

function pluginOf(built: Built, ids: readonly string[]): Evidence | null {
  for (const id of ids) {
    const found = built.plugins.get(id);
    if (found !== undefined) return found;
  }
  return null;
}

/** The name of an archive that a task makes. */
function archive(
  built: Built,
  of: { task: RegExp; classifier: string; ending: string },
): string {
  const { statements, values } = built;
  const set = (name: string) =>
    values.assigned(
      statements,
      new RegExp(`^${name}\\b`),
      of.task,
    )?.value ?? null;
  const file = set("(?:archiveFileName|archiveName)");
  if (file !== null) return `build/libs/${file}`;
  const base = set("(?:archiveBaseName|baseName)") ??
    values.assigned(statements, /^archivesBaseName\b/)?.value ??
    values.assigned(statements, /^archivesName\b/, /^base$/)?.value ??
    values.assigned(statements, /^base\.archivesName\b/)?.value ?? built.name;
  const version = set("(?:archiveVersion|version)") ?? built.version;
  const classifier = set("(?:archiveClassifier|classifier)") ?? of.classifier;
  const parts = [base, version ?? "", classifier].filter((part) => part !== "");
  return `build/libs/${parts.join("-")}.${of.ending}`;
}

function startedBy(command: string, evidence: Evidence, task: string): Start {
  return { start: { command, source: "framework", evidence }, task };
}

function startBoot(built: Built): Start | null {
  const evidence = pluginOf(built, ["org.springframework.boot"]);
  if (evidence === null) return null;
  const isOff = built.statements.some(({ text, blocks }) =>
    /bootJar/.test(blocks.at(-1) ?? "") &&
    /^(?:enabled|isEnabled)\s{0,4}=\s{0,4}false/.test(text)
  );
  if (isOff) return null;
  const isWar = built.plugins.has("war");
  const file = archive(built, {
    task: isWar ? /\bbootWar\b/ : /\bbootJar\b/,
    classifier: "",
    ending: isWar ? "war" : "jar",
  });
  return startedBy(`java -jar ${shellWord(file)}`, evidence, "build");
}

function startQuarkus(built: Built): Start | null {
  const evidence = pluginOf(built, ["io.quarkus"]);
  if (evidence === null) return null;
  return startedBy(
    "java -jar build/quarkus-app/quarkus-run.jar",
    evidence,
    "build",
  );
}

/** Where a script names the class with `main`. */
function mainClass(built: Built) {
  const { statements, values } = built;
  const name = /^(?:mainClass|mainClassName|main)\b/;
  return values.assigned(statements, name, /^application$/) ??
    values.assigned(statements, /^mainClassName\b/) ??
    values.assigned(statements, /^application\.mainClass(?:Name)?\b/);
}

function manifestMain(built: Built): Evidence | null {
  const found = built.statements.find(({ text, blocks }) =>
    /["']?Main-Class["']?\s{0,4}(?::|\bto\b|=|,|\])/.test(text) &&
    blocks.some((block) =>
      /\b(?:jar|Jar|manifest|shadowJar|fatJar)\b/.test(block)
    ) && !blocks.some((block) => /[sS]ources|[dD]oc|[tT]est/.test(block))
  );
  return found === undefined ? null : { file: found.file, line: found.line };
}

function startShadow(built: Built): Start | null {
  const evidence = pluginOf(built, SHADOW);
  if (evidence === null) return null;
  if (mainClass(built) === null && manifestMain(built) === null) return null;
  const file = archive(built, {
    task: /\bshadowJar\b|ShadowJar/,
    classifier: "all",
    ending: "jar",
  });
  return startedBy(`java -jar ${shellWord(file)}`, evidence, "shadowJar");
}

/** The application plugin installs a script beside the jars. */
function startInstalled(built: Built): Start | null {
  const evidence = pluginOf(built, APPLICATION);
  const main = mainClass(built);
  if (evidence === null || main === null) return null;
  const { statements, values } = built;
  const name =
    values.assigned(statements, /^applicationName\b/, /^application$/)
      ?.value ??
      values.assigned(statements, /^applicationName\b/)?.value ??
      built.name;
  return startedBy(
    shellWord(`build/install/${built.name}/bin/${name}`),
    main.evidence,
    "installDist",
  );
}

/** A jar whose manifest names its program. */
function startJar(built: Built): Start | null {
  const evidence = manifestMain(built);
  if (evidence === null) return null;
  const file = archive(built, {
    task: /^(?:tasks\.)?jar$|\(\s{0,4}["']jar["']|<Jar>$/,
    classifier: "",
    ending: "jar",
  });
  return startedBy(`java -jar ${shellWord(file)}`, evidence, "build");
}

/** Plugins that run what they do not pack, with their task. */
const RUNS: readonly (readonly [string, string])[] = [
  ["org.gretty", "appRun"],
  ["org.gradle.playframework", "runPlay"],
];

function startRun(built: Built): Start | null {
  for (const [id, task] of RUNS) {
    const evidence = built.plugins.get(id);
    if (evidence === undefined) continue;
    return startedBy(`${built.gradle} ${task}`, evidence, "build");
  }
  return null;
}

/** A program in the sources that nothing packs. */
function startProgram(built: Built): Start | null {
  const program = mainProgram(built.place.sources);
  if (program === null || built.plugins.has("com.android.application")) {
    return null;
  }
  const evidence = { file: program.path, line: program.line };
  if (pluginOf(built, APPLICATION) !== null) {
    return {
      start: { command: `${built.gradle} run`, source: "source", evidence },
      task: "build",
    };
  }
  if (!program.path.endsWith(".java") || built.hasDependencies) return null;
  return {
    start: {
      command: `java -cp build/classes/java/main ${
        shellWord(program.className)
      }`,
      source: "source",
      evidence,
    },
    task: "build",
  };
}

const WAYS = [
  startBoot,
  startQuarkus,
  startShadow,
  startInstalled,
  startJar,
  startRun,
  startProgram,
];

export function startOf(built: Built): Start | null {
  for (const way of WAYS) {
    const found = way(built);
    if (found !== null) return found;
  }
  return null;
}
