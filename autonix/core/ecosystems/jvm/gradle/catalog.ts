/**
 * Version catalogs: `gradle/libs.versions.toml`.
 *
 * @module
 */
import {
  at,
  entriesOf,
  itemsOf,
  type Node,
  scalarText,
  textOf,
} from "../../../formats/node.ts";
import type { Found, Reading } from "../../../reading.ts";

export interface Coordinates {
  /** `group:artifact`. */
  name: string;
  version: string | null;
}

export interface Catalog {
  /** By accessor: `spring.boot.starter.web`. */
  libraries: ReadonlyMap<string, Coordinates>;
  bundles: ReadonlyMap<string, readonly string[]>;
  /** Ids of plugins. */
  plugins: ReadonlyMap<string, string>;
  versions: ReadonlyMap<string, Found>;
}

const NONE: Catalog = {
  libraries: new Map(),
  bundles: new Map(),
  plugins: new Map(),
  versions: new Map(),
};

/** `spring-boot_starter` is `spring.boot.starter` in a script. */
function accessor(alias: string): string {
  return alias.replace(/[-_]/g, ".");
}

function versionOf(
  node: Node | null,
  versions: ReadonlyMap<string, Found>,
): string | null {
  const ref = textOf(at(node, "ref"));
  if (ref !== null) return versions.get(accessor(ref))?.value ?? null;
  return scalarText(node) ?? textOf(at(node, "require")) ??
    textOf(at(node, "strictly"));
}

function coordinatesOf(
  node: Node,
  versions: ReadonlyMap<string, Found>,
): Coordinates | null {
  const text = textOf(node);
  if (text !== null) {
    const [group, artifact, version] = text.split(":");
    return artifact === undefined
      ? null
      : { name: `${group}:${artifact}`, version: version ?? null };
  }
  const version = versionOf(at(node, "version"), versions);
  const module = textOf(at(node, "module"));
  if (module !== null) return { name: module, version };
  const group = textOf(at(node, "group"));
  const name = textOf(at(node, "name"));
  return group === null || name === null
    ? null
    : { name: `${group}:${name}`, version };
}

/** Empty when the file is not there or broken. */
export function readCatalog(reading: Reading, file: string | null): Catalog {
  const root = file === null ? null : reading.toml(file);
  if (file === null || root === null) return NONE;
  const versions = new Map<string, Found>();
  for (const [alias, node] of entriesOf(at(root, "versions"))) {
    const value = versionOf(node, versions);
    if (value === null) continue;
    const evidence = { file, line: node.line };
    versions.set(accessor(alias), { value, evidence });
  }
  const libraries = new Map<string, Coordinates>();
  for (const [alias, node] of entriesOf(at(root, "libraries"))) {
    const found = coordinatesOf(node, versions);
    if (found !== null) libraries.set(accessor(alias), found);
  }
  const plugins = new Map<string, string>();
  for (const [alias, node] of entriesOf(at(root, "plugins"))) {
    const id = textOf(at(node, "id")) ?? textOf(node)?.split(":")[0];
    if (id !== undefined) plugins.set(accessor(alias), id);
  }
  const bundles = new Map<string, readonly string[]>();
  for (const [alias, node] of entriesOf(at(root, "bundles"))) {
    const names = itemsOf(node).flatMap((item) => textOf(item) ?? []);
    bundles.set(accessor(alias), names.map(accessor));
  }
  return { libraries, bundles, plugins, versions };
}

/** `server.statusPages` of the catalog that Ktor publishes, `ktorLibs`. */
export function ktorLibrary(alias: string): string {
  const name = alias.replaceAll(".", "-")
    .replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return `io.ktor:ktor-${name}`;
}
