/**
 * Which directories are Python projects, and how much speaks for each.
 *
 * Strong: a manifest that describes a project, or Django's manage.py. Plain: a
 * list of what to install, beside sources. Weak: what only tools need, what lies
 * in docs, tests or examples, sources without any manifest; told only where
 * nothing else is.
 *
 * @module
 */
import { basenameOf, directoryOf } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import {
  describesProject,
  ENVIRONMENTS,
  type Manifests,
  openManifests,
} from "./project.ts";
import { isDevFile, REQUIREMENT_FOLDERS } from "./requirements_files.ts";
import { nearest } from "../shared/owners.ts";
import { isAside, isForeign, isTesting } from "./sources.ts";

export type Standing = "strong" | "plain" | "weak";

export interface Directory {
  manifests: Manifests;
  standing: Standing;
}

const PROJECT_FILES = [
  "pyproject.toml",
  "Pipfile",
  "setup.py",
  "setup.cfg",
  "manage.py",
  ...ENVIRONMENTS,
];
/** What a script that is started is called; the first is the surest. */
export const ENTRIES = [
  "main.py",
  "app.py",
  "run.py",
  "server.py",
  "wsgi.py",
  "asgi.py",
  "application.py",
  "start.py",
  "bot.py",
  "index.py",
  "api.py",
  "streamlit_app.py",
  "__main__.py",
];

function candidates(reading: Reading): Set<string> {
  const { tree } = reading;
  const found = new Set<string>();
  for (const name of PROJECT_FILES) {
    for (const path of tree.named(name)) found.add(directoryOf(path));
  }
  for (const extension of ["txt", "in", "lock"]) {
    for (const path of tree.withExtension(extension)) {
      const directory = directoryOf(path);
      if (
        REQUIREMENT_FOLDERS.has(basenameOf(directory)) && extension !== "lock"
      ) {
        found.add(directoryOf(directory));
      } else if (/requirements/i.test(basenameOf(path))) found.add(directory);
    }
  }
  return found;
}

/** Django's, not just any script of that name. */
function hasManagePy(manifests: Manifests): boolean {
  const { reading, path } = manifests;
  const file = reading.tree.first(path, ["manage.py"]);
  return file !== null &&
    /django|DJANGO_SETTINGS_MODULE/.test(
      reading.tree.text(file)?.slice(0, 10_000) ?? "",
    );
}

/** Null when nothing of it is Python's. */
function standingOf(manifests: Manifests): Standing | null {
  const { pyproject, path, reading } = manifests;
  const isStrong = describesProject(manifests) || manifests.pipfile !== null ||
    manifests.setupScript !== null ||
    manifests.setupConfig?.ini.has("metadata") === true ||
    hasManagePy(manifests) ||
    // Broken, but meant to describe one.
    pyproject !== null && pyproject.node === null;
  const isPlain = manifests.mainRequirements !== null &&
      !isDevFile(manifests.mainRequirements) ||
    manifests.environment !== null;
  if (isStrong || isPlain) {
    if (isAside(path)) return "weak";
    if (isStrong) return "strong";
    return hasSources(reading, path) ? "plain" : "weak";
  }
  return pyproject !== null || manifests.setupConfig !== null ||
      manifests.requirements.length > 0
    ? "weak"
    : null;
}

/** Sources of its own: a script in `scripts/` or a notebook in `notebooks/` needs a list too. */
function hasSources(reading: Reading, path: string): boolean {
  return reading.tree.below(path).some((file) => {
    if (!file.endsWith(".py") && !file.endsWith(".ipynb")) return false;
    const directory = directoryOf(file);
    const relative = path === "."
      ? directory
      : directory.slice(path.length + 1);
    return !isAside(relative) && !isForeign(relative);
  });
}

/** Directories of sources without a manifest: the root's, else those with an entry file one level down. */
function loose(reading: Reading): string[] {
  const { tree } = reading;
  const python = tree.filesIn(".").filter((name) => name.endsWith(".py"));
  if (python.length > 0) return ["."];
  return tree.directoriesIn(".").filter((name) =>
    !isAside(name) && !isForeign(name) && tree.first(name, ENTRIES) !== null
  );
}

/** The projects of a repository, by path; weak ones only where there are no others. */
export function findDirectories(reading: Reading): Directory[] {
  const found: Directory[] = [];
  for (const path of candidates(reading)) {
    if (isForeign(path)) continue;
    const manifests = openManifests(reading, path);
    const standing = standingOf(manifests);
    if (standing !== null) found.push({ manifests, standing });
  }
  const firm = found.filter(({ standing }) => standing !== "weak");
  if (firm.length > 0) {
    // manage.py below a manifest is that project's.
    const paths = new Set(firm.map(({ manifests }) => manifests.path));
    return firm.filter(({ manifests }) => !isPartOf(manifests, paths));
  }
  const known = new Set(found.map(({ manifests }) => manifests.path));
  const sources = loose(reading).filter((path) => !known.has(path));
  const weak = sources.map((path): Directory => ({
    manifests: openManifests(reading, path),
    standing: "weak",
  }));
  // Beside sources of its own, what lies in docs or tests is no application;
  // beside examples, what tests them is none.
  const all = [...found, ...weak];
  const near = all.filter(({ manifests }) => !isAside(manifests.path));
  if (near.length > 0) return near;
  const shown = all.filter(({ manifests }) => !isTesting(manifests.path));
  return shown.length > 0 ? shown : all;
}

/** True for a directory that has nothing but manage.py, below another project. */
function isPartOf(manifests: Manifests, paths: ReadonlySet<string>): boolean {
  if (manifests.path === ".") return false;
  const hasOwn = manifests.pyproject !== null || manifests.pipfile !== null ||
    manifests.setupScript !== null || manifests.setupConfig !== null ||
    manifests.environment !== null || manifests.mainRequirements !== null;
  return !hasOwn && nearest(directoryOf(manifests.path), paths) !== null;
}
