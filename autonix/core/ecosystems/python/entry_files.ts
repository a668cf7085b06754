/**
 * Starts without an application object: scripts that listen, scripts by their
 * name, packages that are run, programs a package brings.
 *
 * @module
 */
import { basenameOf, directoryOf, joinPath } from "../../file_tree.ts";
import { ENTRIES } from "./directories.ts";
import { entryPoints } from "./manifest_scripts.ts";
import { type Port, sourcePort } from "./ports.ts";
import {
  declaredName,
  isPackage,
  type Project,
  relativeTo,
} from "./project.ts";
import { normaliseName } from "./requirement.ts";
import type { SourceFacts } from "./source_facts.ts";
import type { Start } from "./start.ts";
import { rankOfFile, runScript } from "./web.ts";

/** Scripts that no person starts the application by. */
const NO_ENTRY = new Set([
  "setup.py",
  "conftest.py",
  "noxfile.py",
  "fabfile.py",
  "tasks.py",
  "manage.py",
  "conf.py",
  "versioneer.py",
  "dodo.py",
  "gunicorn.conf.py",
  "__init__.py",
]);

function startScript(
  project: Project,
  facts: SourceFacts,
  source: "source" | "convention",
  line: number | null,
): Start {
  const [script] = project.frameworks.filter(({ framework }) =>
    framework.served === "script"
  );
  const standard: Port | null =
    script === undefined || script.framework.port === null ? null : {
      value: script.framework.port,
      source: "framework",
      evidence: script.dependency?.evidence ?? { file: facts.path, line },
    };
  return {
    command: runScript(project, facts),
    source,
    evidence: [{ file: facts.path, line }],
    port: sourcePort(project, facts) ?? standard,
  };
}

/** A script that listens: of aiohttp, tornado, gradio, the standard library. */
export function startServer(project: Project): Start | null {
  const [facts] = project.sources
    .filter(({ served, path }) =>
      served.length > 0 && !NO_ENTRY.has(basenameOf(path))
    )
    .filter((facts) => isStarted(project, facts))
    .toSorted((a, b) =>
      rankOfFile(project, a.path, ENTRIES) -
      rankOfFile(project, b.path, ENTRIES)
    );
  const served = facts?.served.find(({ port }) => port !== null) ??
    facts?.served[0];
  return facts === undefined || served === undefined
    ? null
    : startScript(project, facts, "source", served.line);
}

/** True for a script: one with a guard, or named like one at the top. */
function isStarted(project: Project, { guard, path }: SourceFacts): boolean {
  if (guard !== null) return true;
  return ENTRIES.includes(basenameOf(path)) && isNear(project, path);
}

/** At the top, in `src/`, `app/` or the package of the project's name. */
function isNear(project: Project, path: string): boolean {
  const directory = relativeTo(project, directoryOf(path));
  if (directoryOf(path) === project.path) return true;
  const own = normaliseName(declaredName(project)?.value ?? "").replaceAll(
    "-",
    "_",
  );
  return ["src", "app", own, `src/${own}`].includes(directory.toLowerCase());
}

/** A script by its name, or a package with `__main__.py`. */
export function startFile(project: Project): Start | null {
  const [facts] = project.sources
    .filter(({ path }) =>
      ENTRIES.includes(basenameOf(path)) && isNear(project, path)
    )
    // A module of an installed package is imported, unless it says that it is run.
    .filter(({ path, guard }) =>
      !isPackage(project) || directoryOf(path) === project.path ||
      guard !== null || basenameOf(path) === "__main__.py"
    )
    .toSorted((a, b) =>
      rankOfFile(project, a.path, ENTRIES) -
      rankOfFile(project, b.path, ENTRIES)
    );
  if (facts !== undefined) {
    return startScript(project, facts, "convention", facts.guard);
  }
  const mains = project.sources.filter(({ path }) =>
    basenameOf(path) === "__main__.py" && depth(project, path) <= 3
  );
  const [main] = mains;
  if (main !== undefined && mains.length === 1) {
    return startScript(project, main, "convention", main.guard);
  }
  if (isPackage(project)) return null;
  return startOnly(project);
}

function depth(project: Project, path: string): number {
  return relativeTo(project, path).split("/").length;
}

/** The one script at the top, or the one of several that says that it is run. */
function startOnly(project: Project): Start | null {
  const top = project.sources.filter(({ path }) =>
    directoryOf(path) === project.path && !NO_ENTRY.has(basenameOf(path))
  );
  const guarded = top.filter(({ guard }) => guard !== null);
  const [only] = guarded.length === 1 ? guarded : top;
  if (only === undefined || guarded.length !== 1 && top.length !== 1) {
    return null;
  }
  return startScript(project, only, "convention", only.guard);
}

/** The program a package brings: the one named like it, or the only one. */
export function startEntryPoint(project: Project): Start | null {
  const points = entryPoints(project);
  const own = normaliseName(declaredName(project)?.value ?? "");
  const point = points.find(({ name }) => normaliseName(name) === own) ??
    (points.length === 1 ? points[0] : undefined);
  if (point === undefined) return null;
  return {
    command: point.name,
    source: "convention",
    evidence: [point.evidence],
    port: null,
  };
}

/** True when there is something at a path below the project. */
export function hasBelow(project: Project, name: string): boolean {
  const path = joinPath(project.path, name);
  return path !== null && project.reading.tree.has(path);
}
