/**
 * A directory as a Python project: its manifests opened once, for all that is
 * told of it.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Dependency } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import { at, type Node, textOf } from "../../formats/node.ts";
import type { Reading } from "../../reading.ts";
import { collectDependencies } from "./dependencies.ts";
import { frameworksUsed, type Used } from "./frameworks.ts";
import { type Ini, readIni } from "./ini.ts";
import { mainRequirements, requirementFiles } from "./requirements_files.ts";
import { readSetupScript, type SetupScript } from "./setup_script.ts";
import type { SourceFacts } from "./source_facts.ts";
import type { OwnSources } from "./sources.ts";

/** A parsed manifest and where it lies. */
export interface Manifest {
  file: string;
  node: Node | null;
}

export interface Manifests {
  reading: Reading;
  /** Directory. */
  path: string;
  pyproject: Manifest | null;
  pipfile: Manifest | null;
  environment: Manifest | null;
  setupScript: { file: string; script: SetupScript | null } | null;
  setupConfig: { file: string; ini: Ini } | null;
  /** Every requirement file, and the one that is installed. */
  requirements: readonly string[];
  mainRequirements: string | null;
}

export interface Project extends Manifests {
  dependencies: readonly Dependency[];
  /** `fastapi[standard]`. */
  extras: ReadonlyMap<string, readonly string[]>;
  /** Directories it depends on by path. */
  links: readonly string[];
  sources: readonly SourceFacts[];
  /** Paths of its tests. */
  tests: readonly string[];
  frameworks: readonly Used[];
}

export const ENVIRONMENTS = [
  "environment.yml",
  "environment.yaml",
  "conda.yml",
  "conda.yaml",
];

/** A file of the directory, as a path; null when it is not there. */
export function fileOf(
  of: Pick<Manifests, "reading" | "path">,
  ...names: readonly string[]
): string | null {
  return of.reading.tree.first(of.path, names);
}

function manifestOf(
  file: string | null,
  open: (file: string) => Node | null,
): Manifest | null {
  return file === null ? null : { file, node: open(file) };
}

/** setup.py, where it is one: modules have that name too. */
function setupScript(of: Pick<Manifests, "reading" | "path">): string | null {
  const file = fileOf(of, "setup.py");
  const text = file === null ? null : of.reading.tree.text(file);
  // Not read is not looked into: its name says enough.
  return text === null ||
      /\bsetup\(/.test(text) && /setuptools|distutils|skbuild|numpy/.test(text)
    ? file
    : null;
}

export function openManifests(reading: Reading, path: string): Manifests {
  const of = { reading, path };
  const toml = (file: string) => reading.toml(file);
  const environment = manifestOf(
    fileOf(of, ...ENVIRONMENTS),
    (file) => reading.yaml(file),
  );
  const setup = setupScript(of);
  const config = fileOf(of, "setup.cfg");
  return {
    ...of,
    pyproject: manifestOf(fileOf(of, "pyproject.toml"), toml),
    pipfile: manifestOf(fileOf(of, "Pipfile"), toml),
    // Other tools have an environment.yml too.
    environment: Array.isArray(at(environment?.node, "dependencies")?.value)
      ? environment
      : null,
    setupScript: setup === null
      ? null
      : { file: setup, script: readSetupScript(reading, setup) },
    setupConfig: config === null
      ? null
      : { file: config, ini: readIni(reading, config) },
    requirements: requirementFiles(reading.tree, path),
    mainRequirements: mainRequirements(reading.tree, path),
  };
}

/** Names at the top that are imported from the project itself. */
function ownModules({ reading, path }: Manifests): Set<string> {
  const names = new Set<string>();
  for (const directory of [path, joinPath(path, "src") ?? path]) {
    for (const folder of reading.tree.directoriesIn(directory)) {
      if (
        reading.tree.has(joinPath(directory, `${folder}/__init__.py`) ?? "")
      ) {
        names.add(folder);
      }
    }
    for (const file of reading.tree.filesIn(directory)) {
      if (file.endsWith(".py")) names.add(file.slice(0, -3));
    }
  }
  return names;
}

export function openProject(manifests: Manifests, own: OwnSources): Project {
  const { dependencies, extras, links } = collectDependencies(manifests);
  return {
    ...manifests,
    dependencies,
    extras,
    links,
    sources: own.sources,
    tests: own.tests,
    frameworks: frameworksUsed(
      dependencies,
      own.sources,
      ownModules(manifests),
    ),
  };
}

/** What lies at `keys` of pyproject.toml. */
export function pyprojectAt(
  project: Manifests,
  ...keys: readonly string[]
): Node | null {
  return at(project.pyproject?.node, ...keys);
}

/** True when pyproject.toml describes a project, rather than settings of tools. */
export function describesProject(project: Manifests): boolean {
  return [["project"], ["build-system"], ["tool", "poetry"], ["tool", "pdm"], [
    "tool",
    "uv",
    "workspace",
  ]]
    .some((keys) => pyprojectAt(project, ...keys) !== null);
}

/** The evidence of a node of pyproject.toml. */
export function pyprojectEvidence(
  project: Manifests,
  node: Node | null,
): Evidence | null {
  return project.pyproject === null || node === null
    ? null
    : { file: project.pyproject.file, line: node.line };
}

/** A dependency that running needs. */
export function runtimeDependency(
  project: Project,
  ...names: readonly string[]
): Dependency | null {
  return project.dependencies.find(({ name, isDev }) =>
    !isDev && names.includes(name)
  ) ?? null;
}

/** A dependency, whatever it is for. */
export function anyDependency(
  project: Project,
  ...names: readonly string[]
): Dependency | null {
  return project.dependencies.find(({ name }) => names.includes(name)) ?? null;
}

/** True when it is built and installed as a package, so that its modules are found by name. */
export function isPackage(project: Manifests): boolean {
  if (pyprojectAt(project, "tool", "uv", "package")?.value === false) {
    return false;
  }
  if (pyprojectAt(project, "tool", "poetry", "package-mode")?.value === false) {
    return false;
  }
  if (pyprojectAt(project, "tool", "pdm", "distribution")?.value === false) {
    return false;
  }
  if (pyprojectAt(project, "tool", "uv", "package")?.value === true) {
    return true;
  }
  return project.setupScript !== null ||
    pyprojectAt(project, "build-system") !== null ||
    project.setupConfig?.ini.has("metadata") === true;
}

/** The name the project gives itself. */
export function declaredName(
  project: Manifests,
): { value: string; evidence: Evidence } | null {
  for (const keys of [["project", "name"], ["tool", "poetry", "name"]]) {
    const node = pyprojectAt(project, ...keys);
    const value = textOf(node);
    const evidence = pyprojectEvidence(project, node);
    if (value !== null && value !== "" && evidence !== null) {
      return { value, evidence };
    }
  }
  const config = project.setupConfig;
  const [line] = config?.ini.get("metadata")?.get("name") ?? [];
  if (config !== null && line !== undefined && line.text !== "") {
    return {
      value: line.text,
      evidence: { file: config.file, line: line.number },
    };
  }
  return project.setupScript?.script?.name ?? null;
}

/** The path of a name below the project's directory. */
export function below(
  project: Pick<Manifests, "path">,
  relative: string,
): string {
  return joinPath(project.path, relative) ?? relative;
}

/** A path as seen from the project's directory. */
export function relativeTo(
  project: Pick<Manifests, "path">,
  path: string,
): string {
  return project.path === "." ? path : path.slice(project.path.length + 1);
}
