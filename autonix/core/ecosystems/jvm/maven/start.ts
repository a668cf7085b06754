/**
 * How what Maven builds is started: by the plugin that packs it.
 *
 * @module
 */
import type { Evidence } from "../../../../../roles/model/analysis.ts";
import type { Node } from "../../../formats/node.ts";
import { element, elementText } from "../../../formats/xml.ts";
import type { Command, Place, Project } from "../project.ts";
import { shellWord } from "../project.ts";
import { mainProgram } from "../sources.ts";
import {
  childrenOf,
  inherited,
  managedPlugin,
  parentName,
  type Plugin,
  type Pom,
  property,
  resolve,
} from "./pom.ts";

export interface Built {
  pom: Pom;
  plugins: readonly Plugin[];
  packaging: string;
  artifact: string;
  /** `mvn` or the wrapper. */
  maven: string;
  hasDependencies: boolean;
  place: Place;
}

/** Name of the file below target/, without its ending. */
function finalName(built: Built): string {
  const { pom, artifact } = built;
  const told = inherited(pom, "build", "finalName");
  if (told !== null) return told.value;
  const version = resolve(pom, "${project.version}");
  return `${artifact}-${version ?? "*"}`;
}

/** A plugin's configuration and those of its executions, nearest first. */
function configurations(built: Built, plugin: Plugin): Node[] {
  const artifact = plugin.id.slice(plugin.id.indexOf(":") + 1);
  return [plugin.node, ...managedPlugin(built.pom, artifact)].flatMap((node) =>
    [
      element(node, "configuration"),
      ...childrenOf(node, "executions", "execution").map((execution) =>
        element(execution, "configuration")
      ),
    ].filter((one) => one !== null)
  );
}

function configured(
  built: Built,
  plugin: Plugin,
  ...names: string[]
): string | null {
  for (const configuration of configurations(built, plugin)) {
    const text = resolve(built.pom, elementText(configuration, ...names));
    if (text !== null) return text;
  }
  return null;
}

function jar(path: string): string {
  return `java -jar ${shellWord(`target/${path}`)}`;
}

function startBoot(built: Built, plugin: Plugin): string | null {
  if (configured(built, plugin, "skip") === "true") return null;
  const ending = built.packaging === "war" ? "war" : "jar";
  const classifier = configured(built, plugin, "classifier");
  const name = configured(built, plugin, "finalName") ?? finalName(built);
  return jar(`${name}${classifier === null ? "" : `-${classifier}`}.${ending}`);
}

function startQuarkus(built: Built): string {
  const type = property(built.pom, "quarkus.package.type")?.value ??
    property(built.pom, "quarkus.package.jar.type")?.value ?? "fast-jar";
  return type === "uber-jar"
    ? jar(`${finalName(built)}-runner.jar`)
    : jar("quarkus-app/quarkus-run.jar");
}

/** Null for a jar nobody can start. */
function startShade(built: Built, plugin: Plugin): string | null {
  const hasMain =
    configurations(built, plugin).some((configuration) =>
      childrenOf(configuration, "transformers", "transformer").some((one) =>
        elementText(one, "mainClass") !== null ||
        elementText(one, "manifestEntries", "Main-Class") !== null
      )
    ) || built.plugins.some((other) => jarMain(built, other) !== null);
  if (!hasMain) return null;
  const own = configured(built, plugin, "finalName");
  if (own !== null) return jar(`${own}.jar`);
  if (configured(built, plugin, "shadedArtifactAttached") !== "true") {
    return jar(`${finalName(built)}.jar`);
  }
  const classifier = configured(built, plugin, "shadedClassifierName") ??
    "shaded";
  return jar(`${finalName(built)}-${classifier}.jar`);
}

function jarMain(built: Built, plugin: Plugin): string | null {
  return plugin.id.endsWith(":maven-jar-plugin") ||
      plugin.id.endsWith(":maven-assembly-plugin")
    ? configured(built, plugin, "archive", "manifest", "mainClass") ??
      configured(built, plugin, "archive", "manifestEntries", "Main-Class")
    : null;
}

function startAssembly(built: Built, plugin: Plugin): string | null {
  if (jarMain(built, plugin) === null) return null;
  const name = configured(built, plugin, "finalName") ?? finalName(built);
  const hasId = configured(built, plugin, "appendAssemblyId") !== "false";
  const id =
    configurations(built, plugin).flatMap((configuration) =>
      childrenOf(configuration, "descriptorRefs", "descriptorRef")
    ).length > 0;
  if (!id) return null;
  return jar(`${name}${hasId ? "-jar-with-dependencies" : ""}.jar`);
}

function startAssembler(built: Built, plugin: Plugin): string | null {
  const directory = configured(built, plugin, "assembleDirectory");
  const id = configurations(built, plugin).flatMap((configuration) =>
    childrenOf(configuration, "programs", "program")
  ).map((program) => elementText(program, "id") ?? elementText(program, "name"))
    .find((name) => name !== null);
  if (id === undefined || id === null) return null;
  const where = directory ?? "target/appassembler";
  return shellWord(`${where.startsWith("/") ? "" : "./"}${where}/bin/${id}`);
}

type Way = (built: Built, plugin: Plugin) => string | null;

/** By the end of a plugin's name, in the order in which they are believed. */
const WAYS: readonly (readonly [string, Way])[] = [
  [":spring-boot-maven-plugin", startBoot],
  [":quarkus-maven-plugin", startQuarkus],
  [":maven-shade-plugin", startShade],
  [":maven-assembly-plugin", startAssembly],
  [":appassembler-maven-plugin", startAssembler],
  [
    ":maven-jar-plugin",
    (built, plugin) =>
      jarMain(built, plugin) === null ? null : jar(`${finalName(built)}.jar`),
  ],
  [":jetty-maven-plugin", ({ maven }) => `${maven} jetty:run`],
  [":jetty-ee10-maven-plugin", ({ maven }) => `${maven} jetty:run`],
  [":tomcat7-maven-plugin", ({ maven }) => `${maven} tomcat7:run`],
  [":liberty-maven-plugin", ({ maven }) => `${maven} liberty:run`],
  [":wildfly-maven-plugin", ({ maven }) => `${maven} wildfly:run`],
  [":payara-micro-maven-plugin", ({ maven }) => `${maven} payara-micro:start`],
  [":javafx-maven-plugin", ({ maven }) => `${maven} javafx:run`],
  [
    ":exec-maven-plugin",
    (built, plugin) =>
      configured(built, plugin, "mainClass") === null
        ? null
        : `${built.maven} exec:java`,
  ],
];

interface Serving {
  /** Where its configuration has the port. */
  keys: readonly (readonly string[])[];
  port: number;
}

/** Where servlet containers listen that a plugin runs. */
const SERVING: readonly (readonly [string, Serving])[] = [
  [":jetty-maven-plugin", {
    keys: [
      ["httpConnector", "port"],
      ["connectors", "connector", "port"],
      ["systemProperties", "jetty.port"],
      ["systemProperties", "jetty.http.port"],
    ],
    port: 8080,
  }],
  [":jetty-ee10-maven-plugin", {
    keys: [["httpConnector", "port"]],
    port: 8080,
  }],
  [":tomcat7-maven-plugin", { keys: [["port"]], port: 8080 }],
  [":liberty-maven-plugin", {
    keys: [["bootstrapProperties", "default.http.port"]],
    port: 9080,
  }],
  [":wildfly-maven-plugin", { keys: [], port: 8080 }],
  [":payara-micro-maven-plugin", { keys: [], port: 8080 }],
];

/** The port of the plugin that starts a build. */
export function portOf(
  built: Built,
  start: Command | null,
): Pick<Project, "port" | "usualPort"> {
  for (const [end, { keys, port }] of SERVING) {
    const plugin = built.plugins.find(({ id, file, node }) =>
      id.endsWith(end) && start?.evidence.file === file &&
      start.evidence.line === node.line
    );
    if (plugin === undefined) continue;
    const evidence = { file: plugin.file, line: plugin.node.line };
    const told = keys.map((names) => configured(built, plugin, ...names))
      .find((text) => text !== null);
    return told === undefined || told === null
      ? { usualPort: { value: `${port}`, evidence } }
      : { port: { value: told, evidence } };
  }
  return {};
}

/** Plugins that start something only while somebody develops or tests. */
const IN_PROFILE_ONLY = new Set([":wildfly-maven-plugin"]);

function ofPlugins(built: Built): Command | null {
  for (const [end, way] of WAYS) {
    for (const plugin of built.plugins) {
      if (!plugin.id.endsWith(end)) continue;
      if (IN_PROFILE_ONLY.has(end) && built.packaging !== "war") continue;
      const command = way(built, plugin);
      if (command === null) continue;
      const evidence = { file: plugin.file, line: plugin.node.line };
      return { command, source: "framework", evidence };
    }
  }
  return null;
}

/** What a parent that is not here packs. */
function ofParent(built: Built): Command | null {
  const name = parentName(built.pom);
  const packs = name === "io.micronaut.platform:micronaut-parent" ||
    name?.startsWith("io.helidon.applications:") === true;
  if (!packs) return null;
  const line = element(built.pom.project, "parent")?.line ?? null;
  const evidence: Evidence = { file: built.pom.file, line };
  return {
    command: jar(`${finalName(built)}.jar`),
    source: "framework",
    evidence,
  };
}

/** A program in the sources that nothing packs. */
function ofProgram(built: Built): Command | null {
  const program = mainProgram(built.place.sources);
  if (program === null || built.packaging === "war") return null;
  const name = shellWord(program.className);
  return {
    command: built.hasDependencies
      ? `${built.maven} exec:java -Dexec.mainClass=${name}`
      : `java -cp target/classes ${name}`,
    source: "source",
    evidence: { file: program.path, line: program.line },
  };
}

export function startOf(built: Built): Command | null {
  return ofPlugins(built) ?? ofParent(built) ?? ofProgram(built);
}
