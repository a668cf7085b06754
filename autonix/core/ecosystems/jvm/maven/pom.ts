/**
 * A pom.xml with those it inherits from, as far as they are in the repository,
 * and its properties put in.
 *
 * What a parent outside the repository says is not known, but for what
 * everybody's parent says (Spring Boot's, Quarkus' and Micronaut's names).
 *
 * @module
 */
import { directoryOf, joinPath } from "../../../file_tree.ts";
import { at, itemsOf, type Node, textOf } from "../../../formats/node.ts";
import { element, elementText } from "../../../formats/xml.ts";
import type { Found, Reading } from "../../../reading.ts";

export interface Pom {
  file: string;
  project: Node;
  /** Of the same repository. */
  parent: Pom | null;
}

/** Parents of parents; more make a circle. */
const MAX_PARENTS = 8;
/** Properties that name others. */
const MAX_STEPS = 8;
const MAX_VALUE = 1_000;

export function childrenOf(node: Node | null, ...names: string[]): Node[] {
  const last = names.at(-1);
  if (last === undefined) return [];
  return [...itemsOf(at(element(node, ...names.slice(0, -1)), last))];
}

/** The coordinates' group and artifact of a pom's parent. */
export function parentName(pom: Pom): string | null {
  const group = elementText(pom.project, "parent", "groupId");
  const artifact = elementText(pom.project, "parent", "artifactId");
  return group === null || artifact === null ? null : `${group}:${artifact}`;
}

/** Poms by file: each opened once. */
export class Poms {
  readonly #reading: Reading;
  readonly #open = new Map<string, Pom | null>();

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  /** Null when it is broken or no pom. */
  open(file: string, depth = 0): Pom | null {
    const before = this.#open.get(file);
    if (before !== undefined) return before;
    // Against circles.
    this.#open.set(file, null);
    const project = element(this.#reading.xml(file), "project");
    if (project === null) return null;
    const pom: Pom = { file, project, parent: null };
    if (depth < MAX_PARENTS) pom.parent = this.#parentOf(pom, depth);
    this.#open.set(file, pom);
    return pom;
  }

  #parentOf(pom: Pom, depth: number): Pom | null {
    const parent = element(pom.project, "parent");
    if (parent === null) return null;
    const told = element(parent, "relativePath");
    const path = told === null ? "../pom.xml" : textOf(at(told, "#text")) ?? "";
    if (path === "") return null;
    const joined = joinPath(directoryOf(pom.file), path);
    if (joined === null) return null;
    const file = joined.endsWith(".xml")
      ? joined
      : joinPath(joined, "pom.xml") ?? joined;
    if (!this.#reading.tree.has(file)) return null;
    const found = this.open(file, depth + 1);
    const artifact = elementText(found?.project ?? null, "artifactId");
    return artifact === elementText(parent, "artifactId") ? found : null;
  }
}

/** From the pom itself to the last parent that is here. */
export function lineageOf(pom: Pom): Pom[] {
  const lineage: Pom[] = [];
  for (
    let here: Pom | null = pom;
    here !== null && lineage.length <= MAX_PARENTS;
    here = here.parent
  ) lineage.push(here);
  return lineage;
}

/** A property as the nearest pom has it, unresolved. */
function rawProperty(pom: Pom, name: string): Found | null {
  for (const { file, project } of lineageOf(pom)) {
    const node = element(project, "properties", name);
    const value = textOf(at(node, "#text"));
    if (node !== null && value !== null && value !== "") {
      return { value, evidence: { file, line: node.line } };
    }
  }
  return null;
}

function builtIn(pom: Pom, name: string): string | null {
  const key = name.replace(/^(?:project|pom)\./, "");
  if (key === "artifactId") return elementText(pom.project, "artifactId");
  if (key === "name") return elementText(pom.project, "name");
  if (key === "version" || key === "groupId") {
    return elementText(pom.project, key) ??
      elementText(pom.project, "parent", key);
  }
  if (key === "parent.version") {
    return elementText(pom.project, "parent", "version");
  }
  return null;
}

/** A text with its `${...}` put in; null where one is not known. */
export function resolve(pom: Pom, text: string | null): string | null {
  let value = text;
  for (let step = 0; step < MAX_STEPS && value !== null; step++) {
    if (!value.includes("${")) return value;
    let isKnown = true;
    value = value.slice(0, MAX_VALUE).replace(
      /\$\{([^${}]{1,200})\}/g,
      (_, name: string) => {
        const found = rawProperty(pom, name)?.value ?? builtIn(pom, name);
        if (found === null) isKnown = false;
        return found ?? "";
      },
    );
    if (!isKnown) return null;
    if (value.length > MAX_VALUE) return null;
  }
  return null;
}

/** A property, resolved, with the line it stands on. */
export function property(pom: Pom, name: string): Found | null {
  const raw = rawProperty(pom, name);
  const value = resolve(pom, raw?.value ?? null);
  return raw === null || value === null ? null : { ...raw, value };
}

/** The first of a pom and its parents that has such an element with a text. */
export function inherited(pom: Pom, ...names: string[]): Found | null {
  for (const one of lineageOf(pom)) {
    const node = element(one.project, ...names);
    const value = resolve(pom, elementText(one.project, ...names));
    if (node !== null && value !== null) {
      return { value, evidence: { file: one.file, line: node.line } };
    }
  }
  return null;
}

export interface Plugin {
  /** `group:artifact`. */
  id: string;
  node: Node;
  file: string;
}

const PLUGIN_GROUP = "org.apache.maven.plugins";

/** Plugins that a pom's build runs: its own, its profiles' and its parents', not those only managed. */
export function pluginsOf(pom: Pom): Plugin[] {
  const found: Plugin[] = [];
  for (const { file, project } of lineageOf(pom)) {
    const lists = [
      childrenOf(project, "build", "plugins", "plugin"),
      ...childrenOf(project, "profiles", "profile").map((profile) =>
        childrenOf(profile, "build", "plugins", "plugin")
      ),
    ];
    for (const node of lists.flat()) {
      const group = resolve(pom, elementText(node, "groupId")) ?? PLUGIN_GROUP;
      const artifact = resolve(pom, elementText(node, "artifactId"));
      if (artifact !== null) {
        found.push({ id: `${group}:${artifact}`, node, file });
      }
    }
  }
  return found;
}

/** The management of a plugin that is used, for its configuration. */
export function managedPlugin(pom: Pom, artifact: string): Node[] {
  return lineageOf(pom).flatMap(({ project }) =>
    childrenOf(project, "build", "pluginManagement", "plugins", "plugin")
      .filter((node) => elementText(node, "artifactId") === artifact)
  );
}
