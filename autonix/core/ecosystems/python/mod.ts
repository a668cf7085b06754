/**
 * Python: a project is what pyproject.toml, requirements, Pipfile, setup.py,
 * environment.yml or manage.py describe; sources alone are one where nothing
 * else is.
 *
 * | file                  | what                                              |
 * | --------------------- | ------------------------------------------------- |
 * | `directories.ts`      | which directories are projects                    |
 * | `project.ts`          | one of them, its manifests opened                 |
 * | `dependencies.ts`     | all that is declared, in every form               |
 * | `package_manager.ts`  | who installs them                                 |
 * | `versions.ts`         | which Python                                      |
 * | `frameworks.ts`       | the table of frameworks                           |
 * | `start.ts`            | the ways to start, in order                       |
 * | `servers.ts`          | gunicorn, uvicorn ... and how they are called     |
 * | `source_facts.ts`     | what a source says: objects, ports, variables     |
 * | `native.ts`           | which libraries packages need                     |
 *
 * Choices:
 *
 * - Commands are those of the project's environment: `gunicorn shop.wsgi`, not
 *   `poetry run gunicorn shop.wsgi`. Scripts that a manifest names are run by
 *   its manager: `pdm run start`.
 * - A server in the dependencies serves; Django's and Flask's own only without
 *   one. A script that serves to all addresses by itself is what its author
 *   starts: it goes before uvicorn's command, not before gunicorn's.
 * - A port that sources name is bound by the command that is made of them, so
 *   that what knows the port (a compose file, a proxy) goes on to find it.
 * - What wheels bring inside is no native library (`native.ts`).
 * - What lies in tests, docs, examples, scripts and notebooks says nothing of the
 *   application, and is one only where nothing else is.
 *
 * @module
 */
import type { EcosystemDetector } from "../../detector.ts";
import { claim, type Draft, draftOf, type Role } from "../../draft.ts";
import { directoryOf } from "../../file_tree.ts";
import { fileEvidence, type Reading } from "../../reading.ts";
import { PIN_FILES } from "../shared/pins.ts";
import { claimStart } from "../shared/project.ts";
import { type Directory, findDirectories } from "./directories.ts";
import { buildDjango, managePy } from "./django.ts";
import { claimFrameworks } from "./frameworks.ts";
import { claimNativeLibraries } from "./native.ts";
import { claimManager, managedBy } from "./package_manager.ts";
import {
  declaredName,
  describesProject,
  fileOf,
  isPackage,
  openProject,
  type Project,
  pyprojectAt,
} from "./project.ts";
import { normaliseName } from "./requirement.ts";
import { isAside, type OwnSources, sourcesByProject } from "./sources.ts";
import { type Start, startOf } from "./start.ts";
import { claimTest } from "./test_command.ts";
import { claimVersion } from "./versions.ts";

/** The file that says most that this is Python; one that only configures tools says less. */
function mainFile(project: Project): string | null {
  const { pyproject, setupConfig, environment, requirements } = project;
  const describes = project.setupScript?.file ??
    (setupConfig?.ini.has("metadata") === true ? setupConfig.file : null);
  const isProject = pyproject !== null &&
    (pyproject.node === null || describesProject(project));
  return (isProject ? pyproject.file : null) ?? project.pipfile?.file ??
    describes ?? fileOf(project, "manage.py") ?? project.mainRequirements ??
    environment?.file ?? pyproject?.file ?? requirements[0] ??
    setupConfig?.file ?? null;
}

function claimLanguage(draft: Draft, project: Project): void {
  const manifest = mainFile(project);
  const [source] = project.sources;
  if (manifest !== null) {
    claim(draft, "language", "python", "manifest", fileEvidence(manifest));
  } else if (source !== undefined) {
    claim(draft, "language", "python", "source", fileEvidence(source.path));
  } else {
    const [test] = project.tests;
    if (test !== undefined) {
      claim(draft, "language", "python", "source", fileEvidence(test));
    }
  }
}

function claimName(draft: Draft, project: Project): void {
  const name = declaredName(project);
  if (name === null) return;
  claim(draft, "name", name.value, "manifest", name.evidence);
  draft.provides.push(normaliseName(name.value));
}

function claimCommands(
  draft: Draft,
  project: Project,
  start: Start | null,
): void {
  const build = buildDjango(project);
  claim(
    draft,
    "build",
    build?.command ?? null,
    "framework",
    build?.found.evidence ?? null,
  );
  claimStart(draft, start);
  const port = start?.port ?? null;
  claim(
    draft,
    "port",
    port?.value ?? null,
    port?.source ?? "guess",
    port?.evidence ?? null,
  );
  claimTest(draft, project);
}

function claimVariables(draft: Draft, project: Project): void {
  for (const { path, variables } of project.sources) {
    for (const { name, required, default: standard, line } of variables) {
      const value = standard === null
        ? { name, required }
        : { name, required, default: standard };
      claim(draft, "env", value, "source", { file: path, line });
    }
  }
}

function isWeb(project: Project): boolean {
  return project.frameworks.some(({ framework }) =>
    framework.served !== "other"
  );
}

/** Manifests of others: beside one, a list of requirements is for helpers unless it starts something. */
const OTHERS = [
  "package.json",
  "go.mod",
  "Cargo.toml",
  "pom.xml",
  "build.gradle",
  "build.gradle.kts",
  "Gemfile",
  "composer.json",
  "mix.exs",
  "CMakeLists.txt",
];

function weightOf(
  standing: Directory["standing"],
  project: Project,
  start: Start | null,
): 1 | 2 | 3 {
  const serves = isWeb(project) && start !== null;
  if (standing === "weak") {
    return serves && !isAside(project.path) ? 2 : 1;
  }
  if (serves || managePy(project) !== null) return 3;
  const isHelper = standing === "plain" && start === null &&
    fileOf(project, ...OTHERS) !== null;
  return isHelper ? 1 : 2;
}

function roleOf(
  project: Project,
  start: Start | null,
  hasBelow: boolean,
): Role {
  if (start !== null) return "application";
  const isWorkspace = pyprojectAt(project, "tool", "uv", "workspace") !== null;
  if (isWorkspace && !isPackage(project)) return "root";
  if (project.sources.length === 0 && hasBelow) return "root";
  return isPackage(project) ? "library" : "application";
}

/** What has functions for a platform to call, and nothing that is run. */
function reportHandler(project: Project, reading: Reading): boolean {
  const called = project.sources.find(({ handler }) => handler !== null);
  if (called === undefined || isPackage(project)) return false;
  reading.report({
    path: called.path,
    what: "start command",
    why:
      `line ${called.handler} is a function that a platform calls with an event; nothing here runs by itself`,
  });
  return true;
}

/** A web application that nobody could say the start of. */
function reportStart(
  project: Project,
  reading: Reading,
  start: Start | null,
): void {
  if (start === null && reportHandler(project, reading)) return;
  if (start !== null || !isWeb(project) || isPackage(project)) return;
  const said = fileOf(
    project,
    "Procfile",
    "Dockerfile",
    "fly.toml",
    "render.yaml",
    "compose.yaml",
    "docker-compose.yml",
  );
  const [used] = project.frameworks.filter(({ framework }) =>
    framework.served !== "other"
  );
  if (said !== null || used === undefined) return;
  reading.report({
    path: used.dependency?.evidence.file ?? project.path,
    what: "start command",
    why:
      `${used.framework.name} is used, but no application object or script that serves it was found`,
  });
}

function readProject(
  directory: Directory,
  own: OwnSources,
  hasBelow: boolean,
): Draft {
  const project = openProject(directory.manifests, own);
  const start = startOf(project);
  const draft = draftOf({
    path: project.path,
    ecosystem: "python",
    role: roleOf(project, start, hasBelow),
    weight: weightOf(directory.standing, project, start),
  });
  draft.dependencies.push(...project.dependencies);
  draft.links.push(...project.links);
  claimLanguage(draft, project);
  claimName(draft, project);
  claimManager(draft, project, managedBy(project));
  claimVersion(draft, project);
  claimFrameworks(draft, project.frameworks);
  claimCommands(draft, project, start);
  claimVariables(draft, project);
  claimNativeLibraries(draft, project);
  reportStart(project, project.reading, start);
  return draft;
}

/** Directories with a project below them. */
function above(paths: Iterable<string>): Set<string> {
  const found = new Set<string>();
  for (const path of paths) {
    for (let here = path; here !== ".";) {
      here = directoryOf(here);
      if (found.has(here)) break;
      found.add(here);
    }
  }
  return found;
}

function detect(reading: Reading): Draft[] {
  const directories = findDirectories(reading);
  const paths = new Set(directories.map(({ manifests }) => manifests.path));
  const sources = sourcesByProject(reading, paths);
  const parents = above(paths);
  return directories.map((directory) => {
    const { path } = directory.manifests;
    const own = sources.get(path) ?? { sources: [], tests: [] };
    return readProject(directory, own, parents.has(path));
  });
}

export const python: EcosystemDetector = {
  ecosystem: "python",
  reads: {
    manifests: [
      "pyproject.toml",
      "Pipfile",
      "setup.py",
      "setup.cfg",
      "manage.py",
      "environment.yml",
      "environment.yaml",
      "conda.yml",
      "conda.yaml",
      "*requirements.txt",
      "requirements*.txt",
      "requirements*.in",
      "*requirements.in",
      "requirements.lock",
      "requirements/*.txt",
      "requirements/*.in",
      "reqs/*.txt",
      "common.txt",
      "base.txt",
      ".python-version",
      ...PIN_FILES,
      "runtime.txt",
      "tox.ini",
      "pytest.ini",
      "noxfile.py",
      "gunicorn.conf.py",
      "uwsgi.ini",
      "hypercorn.toml",
      ".flaskenv",
      ".streamlit/config.toml",
    ],
    sources: ["*.py"],
  },
  detect,
};
