/**
 * Maven: a project is what a pom.xml says.
 *
 * `pom.ts` opens poms with their parents, `start.ts` knows the plugins that
 * pack and run.
 *
 * @module
 */
import type { Language } from "../../../../../roles/model/analysis.ts";
import type { Dependency } from "../../../draft.ts";
import { directoryOf, isWithin, joinPath } from "../../../file_tree.ts";
import { element, elementText } from "../../../formats/xml.ts";
import type { Found } from "../../../reading.ts";
import {
  type Command,
  type Place,
  type Project,
  shellWord,
  upTo,
  wrapperOr,
} from "../project.ts";
import {
  childrenOf,
  lineageOf,
  parentName,
  type Plugin,
  pluginsOf,
  type Pom,
  type Poms,
  property,
  resolve,
} from "./pom.ts";
import { type Built, portOf, startOf } from "./start.ts";

const DEV_SCOPES = new Set(["test", "provided", "system", "import"]);
/** They help while one writes or builds. */
const DEV_ARTIFACTS =
  /:(?:lombok|spring-boot-devtools|spring-boot-docker-compose|spring-boot-configuration-processor|mapstruct-processor)$/;
const MAX_DEPENDENCIES = 2_000;

function dependenciesOf(pom: Pom): Dependency[] {
  const found: Dependency[] = [];
  for (const { file, project } of lineageOf(pom)) {
    for (const node of childrenOf(project, "dependencies", "dependency")) {
      const group = resolve(pom, elementText(node, "groupId"));
      const artifact = resolve(pom, elementText(node, "artifactId"));
      if (artifact === null || found.length >= MAX_DEPENDENCIES) continue;
      const name = `${group ?? "*"}:${artifact}`;
      const scope = resolve(pom, elementText(node, "scope")) ?? "compile";
      found.push({
        name,
        version: resolve(pom, elementText(node, "version")),
        isDev: DEV_SCOPES.has(scope) || DEV_ARTIFACTS.test(name),
        evidence: { file, line: node.line },
      });
    }
  }
  return found;
}

/** Places of the Java version, the first that is known. */
const VERSION_PROPERTIES = [
  "maven.compiler.release",
  "java.version",
  "maven.compiler.source",
  "maven.compiler.target",
  "jdk.version",
  "javaVersion",
  "java.release",
  "release.version",
  "jvm.version",
  "kotlin.compiler.jvmTarget",
];

function javaVersionOf(pom: Pom, plugins: readonly Plugin[]): Found | null {
  const compiler = plugins.find(({ id }) =>
    id.endsWith(":maven-compiler-plugin")
  );
  for (const key of ["release", "source", "target"]) {
    const configuration = element(compiler?.node ?? null, "configuration");
    const node = element(configuration, key);
    const value = resolve(pom, elementText(configuration, key));
    if (compiler !== undefined && node !== null && value !== null) {
      // A property is told where its number stands.
      const name = /^\$\{([^${}]{1,200})\}$/.exec(
        elementText(configuration, key) ?? "",
      )?.[1];
      return (name === undefined ? null : property(pom, name)) ??
        { value, evidence: { file: compiler.file, line: node.line } };
    }
  }
  for (const name of VERSION_PROPERTIES) {
    const found = property(pom, name);
    if (found !== null && /^[0-9]/.test(found.value)) return found;
  }
  return null;
}

function modulesOf(pom: Pom): string[] {
  const directory = directoryOf(pom.file);
  const lists = [
    childrenOf(pom.project, "modules", "module"),
    ...childrenOf(pom.project, "profiles", "profile").map((profile) =>
      childrenOf(profile, "modules", "module")
    ),
  ];
  return lists.flat().flatMap((node) => {
    const path = resolve(pom, elementText(node));
    const joined = path === null ? null : joinPath(directory, path);
    if (joined === null) return [];
    return joined.endsWith(".xml") ? directoryOf(joined) : joined;
  });
}

/** Of each module the directory of the build it is one of, the outermost. */
export function reactorsOf(
  poms: Poms,
  files: readonly string[],
): Map<string, string> {
  const above = new Map<string, string>();
  for (const file of files) {
    const pom = poms.open(file);
    if (pom === null) continue;
    for (const module of modulesOf(pom)) above.set(module, directoryOf(file));
  }
  const roots = new Map<string, string>();
  for (const module of above.keys()) {
    let root = module;
    for (let step = 0; step < 20; step++) {
      const next = above.get(root);
      if (next === undefined || !isWithin(module, next)) break;
      root = next;
    }
    if (root !== module) roots.set(module, root);
  }
  return roots;
}

function languageOf(plugins: readonly Plugin[]): Language {
  const ids = plugins.map(({ id }) => id);
  if (ids.some((id) => id.endsWith(":kotlin-maven-plugin"))) return "kotlin";
  if (ids.some((id) => id.endsWith(":scala-maven-plugin"))) return "scala";
  return "java";
}

/** Within a build of several modules Maven has to be told to build those it needs. */
function buildOf(
  place: Place,
  of: { maven: string; root: string | null; needsOthers: boolean },
): string {
  const { maven, root, needsOthers } = of;
  if (root === null || !needsOthers) return `${maven} package`;
  const module = place.path.slice(root === "." ? 0 : root.length + 1);
  return `${maven} -f ${upTo(place.path, root)} -pl ${
    shellWord(module)
  } -am package`;
}

/** Null when the file is broken. */
export function readMaven(
  place: Place,
  poms: Poms,
  of: { root: string | null; siblings: ReadonlyMap<string, string> },
): Project | null {
  const { reading, path, manifest, sources } = place;
  const pom = poms.open(manifest);
  if (pom === null) return null;
  const plugins = pluginsOf(pom);
  const maven = wrapperOr(reading, path, { script: "mvnw", tool: "mvn" });
  const packaging = inheritedPackaging(pom);
  const artifact = elementText(pom.project, "artifactId");
  const dependencies = dependenciesOf(pom);
  const needsOthers = dependencies.some(({ name }) => of.siblings.has(name));
  const built: Built = {
    pom,
    plugins,
    packaging,
    artifact: artifact ?? "app",
    maven,
    hasDependencies: dependencies.some(({ isDev }) => !isDev),
    place,
  };
  const start = packaging === "pom" ? null : startOf(built);
  const line = (node: string) => element(pom.project, node)?.line ?? null;
  const convention = (command: string): Command => ({
    command,
    source: "convention",
    evidence: { file: manifest, line: null },
  });
  const group = resolve(pom, "${project.groupId}");
  const parent = parentName(pom);
  return {
    path,
    manifest,
    tool: "maven",
    role: start !== null
      ? "application"
      : packaging === "pom"
      ? "root"
      : "library",
    name: artifact === null ? null : {
      value: artifact,
      evidence: { file: manifest, line: line("artifactId") },
    },
    javaVersion: javaVersionOf(pom, plugins),
    language: languageOf(plugins),
    dependencies,
    plugins: new Map([
      ...plugins.map(({ id, file, node }) =>
        [id, { file, line: node.line }] as const
      ),
      ...(parent === null
        ? []
        : [[parent, { file: manifest, line: line("parent") }] as const]),
    ]),
    provides: artifact === null ? [] : [`${group ?? "*"}:${artifact}`],
    links: [],
    install: null,
    build: convention(buildOf(place, { maven, root: of.root, needsOthers })),
    start,
    test: sources.test === null ? null : {
      ...convention(`${maven} test`),
      evidence: { file: sources.test, line: null },
    },
    ...portOf(built, start),
    ...(packaging === "war" && start === null
      ? {
        noStart: "a war is packed, and nothing here runs a servlet container",
      }
      : {}),
  };
}

function inheritedPackaging(pom: Pom): string {
  // `${packaging}` is a property of Micronaut's.
  return resolve(pom, elementText(pom.project, "packaging")) ??
    property(pom, "packaging")?.value ?? "jar";
}

/** `group:artifact` of a pom. */
export function coordinatesOf(pom: Pom): string | null {
  const artifact = elementText(pom.project, "artifactId");
  const group = resolve(pom, "${project.groupId}");
  return artifact === null ? null : `${group ?? "*"}:${artifact}`;
}
