/**
 * A project file of MSBuild with the Directory.Build.props and
 * Directory.Packages.props above it, and its properties put in.
 *
 * Conditions are not evaluated: the first value counts, one without a
 * condition before one with.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import { at, itemsOf, type Node, textOf } from "../../formats/node.ts";
import { elementText } from "../../formats/xml.ts";
import type { Found, Reading } from "../../reading.ts";

/** Files above a project; more were made to be many. */
const MAX_ABOVE = 4;
const MAX_STEPS = 6;
const MAX_ITEMS = 2_000;

interface Opened {
  file: string;
  root: Node;
}

export interface ProjectFile {
  file: string;
  path: string;
  /** Name of the file without its ending. */
  stem: string;
  language: "csharp" | "fsharp";
  /** Its own, then what it takes over, nearest first. */
  opened: readonly Opened[];
  /** `Microsoft.NET.Sdk.Web`; empty for one of before SDKs. */
  sdk: string;
}

/** The nearest of this name above, and those that one takes over. */
function above(reading: Reading, path: string, name: string): Opened[] {
  const found: Opened[] = [];
  for (let here = path;; here = directoryOf(here)) {
    const file = joinPath(here, name);
    const root = file === null || !reading.tree.has(file)
      ? null
      : projectNode(reading, file);
    if (file !== null && root !== null) {
      found.push({ file, root });
      // MSBuild takes the nearest, which has to name the next one above.
      if (itemsOf(at(root, "Import")).length === 0) return found;
    }
    if (here === "." || found.length >= MAX_ABOVE) return found;
  }
}

function projectNode(reading: Reading, file: string): Node | null {
  const node = at(reading.xml(file), "Project");
  return node ?? null;
}

/** Null when it is broken. */
export function openProject(
  reading: Reading,
  file: string,
): ProjectFile | null {
  const root = projectNode(reading, file);
  if (root === null) return null;
  const path = directoryOf(file);
  const name = basenameOf(file);
  const sdks = [
    textOf(at(root, "@Sdk")),
    ...itemsOf(at(root, "Sdk")).map((node) => textOf(at(node, "@Name"))),
  ];
  return {
    file,
    path,
    stem: name.slice(0, name.lastIndexOf(".")),
    language: name.endsWith(".fsproj") ? "fsharp" : "csharp",
    opened: [
      { file, root },
      ...above(reading, path, "Directory.Build.props"),
      ...above(reading, path, "Directory.Packages.props"),
    ],
    sdk: sdks.filter((sdk) => sdk !== null).join(";"),
  };
}

/** Everything called so in the groups of a file, those without a condition first. */
function inGroups(
  root: Node,
  group: string,
  name: string,
  isPlainOnly = false,
): Node[] {
  const plain: Node[] = [];
  const conditional: Node[] = [];
  for (const one of itemsOf(at(root, group))) {
    const isPlain = at(one, "@Condition") === null;
    for (const node of itemsOf(at(one, name))) {
      const to = isPlain && at(node, "@Condition") === null
        ? plain
        : conditional;
      to.push(node);
    }
  }
  return isPlainOnly ? plain : [...plain, ...conditional];
}

/** Properties that files above set for some projects only. */
const OF_SOME = new Set(["IsTestProject", "OutputType", "PublishAot"]);

/** A property, with its `$(Names)` put in; null when there is none. */
export function property(
  project: ProjectFile,
  name: string,
  depth = 0,
): Found | null {
  for (const { file, root } of project.opened) {
    const isPlainOnly = file !== project.file && OF_SOME.has(name);
    for (const node of inGroups(root, "PropertyGroup", name, isPlainOnly)) {
      const value = filled(project, elementText(node), depth);
      if (value !== null) return { value, evidence: { file, line: node.line } };
    }
  }
  return null;
}

function filled(
  project: ProjectFile,
  text: string | null,
  depth: number,
): string | null {
  if (text === null || depth > MAX_STEPS) return null;
  let isKnown = true;
  const value = text.slice(0, 1_000).replace(
    /\$\(([\w.]{1,100})\)/g,
    (_, name: string) => {
      const inner = name === "MSBuildProjectName"
        ? project.stem
        : property(project, name, depth + 1)?.value;
      if (inner === undefined) isKnown = false;
      return inner ?? "";
    },
  );
  return isKnown ? value : null;
}

/** Items of a kind with their Include, of the project and what it takes over. */
export function itemsNamed(
  project: ProjectFile,
  name: string,
): { include: string; node: Node; file: string }[] {
  return project.opened.flatMap(({ file, root }) =>
    // What a file above says on a condition is meant for some projects only.
    inGroups(root, "ItemGroup", name, file !== project.file).slice(0, MAX_ITEMS)
      .flatMap((node) => {
        const include = textOf(at(node, "@Include"));
        return include === null ? [] : [{ include, node, file }];
      })
  );
}

/** Versions that Directory.Packages.props has for all. */
function centralVersions(
  reading: Reading,
  path: string,
): Map<string, string> {
  const found = new Map<string, string>();
  for (const { root } of above(reading, path, "Directory.Packages.props")) {
    for (const node of inGroups(root, "ItemGroup", "PackageVersion")) {
      const name = textOf(at(node, "@Include"));
      const version = textOf(at(node, "@Version"));
      if (name !== null && version !== null) found.set(name, version);
    }
  }
  return found;
}

/** Packages by name, from the project, packages.config and paket.references. */
export function packagesOf(
  reading: Reading,
  project: ProjectFile,
): Dependency[] {
  const central = centralVersions(reading, project.path);
  const found: Dependency[] = [];
  for (
    const { include, node, file } of itemsNamed(project, "PackageReference")
  ) {
    const assets = textOf(at(node, "@PrivateAssets")) ??
      elementText(node, "PrivateAssets");
    found.push({
      name: include,
      version: textOf(at(node, "@Version")) ?? elementText(node, "Version") ??
        central.get(include) ?? null,
      isDev: assets?.toLowerCase() === "all",
      evidence: { file, line: node.line },
    });
  }
  const config = joinPath(project.path, "packages.config");
  if (config !== null && reading.tree.has(config)) {
    const list = at(reading.xml(config), "packages", "package");
    for (const node of itemsOf(list)) {
      const name = textOf(at(node, "@id"));
      if (name === null) continue;
      found.push({
        name,
        version: textOf(at(node, "@version")),
        isDev: textOf(at(node, "@developmentDependency")) === "true",
        evidence: { file: config, line: node.line },
      });
    }
  }
  return [...found, ...paketPackages(reading, project.path)].slice(
    0,
    MAX_ITEMS,
  );
}

/** `paket.references`: a name a line. */
function paketPackages(reading: Reading, path: string): Dependency[] {
  const file = joinPath(path, "paket.references");
  if (file === null) return [];
  return reading.lines(file).slice(0, MAX_ITEMS).flatMap(({ number, text }) => {
    const name = /^\s{0,8}([A-Za-z][\w.-]{0,200})\s{0,8}(?:$|\s)/.exec(
      text.slice(0, 500),
    )?.[1];
    return name === undefined || /^group$/i.test(name) ? [] : [{
      name,
      version: null,
      isDev: false,
      evidence: { file, line: number },
    }];
  });
}

/** Paths of the project files that a project refers to. */
export function referencesOf(project: ProjectFile): string[] {
  return itemsNamed(project, "ProjectReference").flatMap(({ include }) =>
    joinPath(project.path, include.replaceAll("\\", "/")) ?? []
  );
}

/** `net8.0`, the newest of `net6.0;net8.0`; null where none is told. */
export function frameworkOf(project: ProjectFile): Found | null {
  const found = property(project, "TargetFramework") ??
    property(project, "TargetFrameworks") ??
    property(project, "TargetFrameworkVersion");
  if (found === null) return null;
  const names = found.value.split(";").map((name) => name.trim())
    .filter((name) => name !== "");
  const sorted = names.toSorted((a, b) => rank(b) - rank(a));
  return { ...found, value: sorted[0] ?? found.value };
}

/** Newer ones are greater; what runs nowhere by itself is least. */
function rank(name: string): number {
  const modern = /^net(?:coreapp)?([0-9]{1,2}\.[0-9])/.exec(name)?.[1];
  return modern === undefined ? 0 : Number(modern);
}

/** The version of .NET that a target framework is: `8.0`; null for a standard. */
export function versionOf(name: string): string | null {
  const modern = /^net(?:coreapp)?([0-9]{1,2}\.[0-9])(?:-[\w.]{1,30})?$/.exec(
    name,
  )?.[1];
  if (modern !== undefined) return modern;
  const old = /^(?:net([0-9]{2,3})|v([0-9](?:\.[0-9]{1,2}){1,2}))$/.exec(name);
  return old === null ? null : old[2] ?? [...old[1] ?? ""].join(".");
}
