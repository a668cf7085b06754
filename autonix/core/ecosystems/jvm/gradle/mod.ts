/**
 * Gradle: a project is a directory with a build script, or one that the
 * settings include.
 *
 * `settings.ts` knows builds, `catalog.ts` version catalogs, `script.ts` what
 * scripts say, `start.ts` the plugins that pack and run.
 *
 * @module
 */
import type {
  Evidence,
  Language,
} from "../../../../../roles/model/analysis.ts";
import { basenameOf, joinPath } from "../../../file_tree.ts";
import { fileEvidence, type Found } from "../../../reading.ts";
import {
  type Command,
  type Place,
  type Project,
  wrapperOr,
} from "../project.ts";
import {
  dependenciesIn,
  type Placed,
  pluginsIn,
  type Scripts,
  Values,
} from "./script.ts";
import type { Build } from "./settings.ts";
import { startOf } from "./start.ts";

/** Plugins that make build logic, which is no part of what is built. */
const BUILD_LOGIC = [
  "org.gradle.kotlin.kotlin-dsl",
  "kotlin-dsl",
  "groovy-gradle-plugin",
];
const LANGUAGES: readonly (readonly [RegExp, Language])[] = [
  [
    /^(?:org\.jetbrains\.kotlin\.(?:jvm|android|multiplatform)|kotlin)$/,
    "kotlin",
  ],
  [/^scala$/, "scala"],
  [/^dev\.clojurephant\./, "clojure"],
];

/** How versions are written: `17`, `"17"`, `JavaVersion.VERSION_17`, `JavaLanguageVersion.of(17)`. */
const VERSIONS: readonly RegExp[] = [
  /languageVersion\s{0,4}(?:=|\.set\(|\()\s{0,4}JavaLanguageVersion\.of\(([^()\n]{1,100}(?:\(\))?(?:\.toInt\(\))?)\)/,
  /^jvmToolchain\(\s{0,4}([^\n]{1,100}?)\)$/,
  /^(?:options\.)?release(?:\.set\(|\s{0,4}=)\s{0,4}([^\n]{1,100}?)\)?$/,
  /^(?:java\.)?(?:sourceCompatibility|setSourceCompatibility)(?:\s{0,4}=|\s|\(|\.set\()\s{0,4}([^\n]{1,100})$/,
  /^(?:java\.)?targetCompatibility(?:\s{0,4}=|\s)\s{0,4}([^\n]{1,100})$/,
  /^(?:kotlinOptions\.|compilerOptions\.)?jvmTarget(?:\.set\(|\s{0,4}=)\s{0,4}([^\n]{1,100}?)\)?$/,
];

function javaVersionOf(
  statements: readonly Placed[],
  values: Values,
): Found | null {
  for (const pattern of VERSIONS) {
    for (const { text, file, line } of statements) {
      const told = pattern.exec(text.slice(0, 1_000))?.[1];
      if (told === undefined) continue;
      const value = versionIn(told, values);
      if (value !== null) return { value, evidence: { file, line } };
    }
  }
  return null;
}

function versionIn(told: string, values: Values): string | null {
  const constant = /(?:VERSION|JVM)_([0-9]{1,2}(?:_[0-9]{1,2})?)\b/.exec(told)
    ?.[1];
  if (constant !== undefined) return constant.replace("_", ".");
  const text = values.text(
    told.replace(/^JavaVersion\.toVersion\((.{1,80})\)$/, "$1"),
  );
  return text !== null && /^[0-9][\w.]{0,30}$/.test(text) ? text : null;
}

function languageOf(plugins: ReadonlyMap<string, Evidence>): Language {
  for (const [pattern, language] of LANGUAGES) {
    for (const id of plugins.keys()) if (pattern.test(id)) return language;
  }
  return "java";
}

function nameOf(path: string, build: Build): string | null {
  if (path !== build.root) {
    for (const [project, directory] of build.directories) {
      if (directory === path) {
        return project.slice(project.lastIndexOf(":") + 1);
      }
    }
    return basenameOf(path);
  }
  return build.name?.value ?? (path === "." ? null : basenameOf(path));
}

function versionOf(
  statements: readonly Placed[],
  values: Values,
  build: Build,
): string | null {
  const told = values.assigned(statements, /^(?:project\.)?version\b/)?.value;
  if (told !== undefined) return told;
  const isComputed = statements.some(({ text, blocks }) =>
    blocks.length === 0 && /^(?:project\.)?version\s{0,4}=/.test(text)
  );
  return isComputed ? "*" : build.properties.get("version")?.value ?? null;
}

/** Null for build logic. */
export function readGradle(
  place: Place,
  of: { scripts: Scripts; build: Build },
): Project | null {
  const { reading, path, manifest, sources } = place;
  const { build, scripts } = of;
  const statements = scripts.ofProject(path, build);
  const plugins = pluginsIn(statements, build);
  if (BUILD_LOGIC.some((id) => plugins.has(id))) return null;
  // Applied by build logic that is a program of its own.
  const android = joinPath(path, "src/main/AndroidManifest.xml");
  if (android !== null && reading.tree.has(android)) {
    plugins.set("com.android.library", fileEvidence(android));
  }
  const values = new Values(statements, build);
  const { dependencies, projects } = dependenciesIn(statements, build, values);
  const gradle = wrapperOr(reading, path, {
    script: "gradlew",
    tool: "gradle",
  });
  const name = nameOf(path, build);
  const found = startOf({
    place,
    name: name ?? "*",
    version: versionOf(statements, values, build),
    statements,
    plugins,
    values,
    hasDependencies: projects.length > 0 ||
      dependencies.some(({ isDev }) => !isDev),
    gradle,
  });
  const hasProjects = path === build.root && build.directories.size > 0;
  const isRoot = found === null && hasProjects && sources.total === 0;
  const convention = (command: string, file = manifest): Command => ({
    command,
    source: "convention",
    evidence: { file, line: null },
  });
  const isNamed = path === build.root && build.name !== null;
  return {
    path,
    manifest,
    tool: "gradle",
    role: found !== null ? "application" : isRoot ? "root" : "library",
    name: isNamed ? build.name : null,
    javaVersion: javaVersionOf(statements, values),
    language: languageOf(plugins),
    dependencies,
    plugins,
    provides: [],
    links: projects,
    install: null,
    build: convention(`${gradle} ${found?.task ?? "build"}`),
    start: found?.start ?? null,
    test: sources.test === null
      ? null
      : convention(`${gradle} test`, sources.test),
  };
}
