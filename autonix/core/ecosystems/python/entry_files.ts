/**
 * Starts without an application object: scripts that listen, scripts by their
 * name, packages that are run, programs a package brings.
 *
 * @module
 */
import { basenameOf, directoryOf } from "../../file_tree.ts";
import { fileEvidence } from "../../reading.ts";
import { ENTRIES } from "./directories.ts";
import { entryPoints } from "./manifest_scripts.ts";
import { configuredPort, type Port, sourcePort } from "./ports.ts";
import {
  declaredName,
  fileOf,
  isPackage,
  type Project,
  relativeTo,
  runtimeDependency,
} from "./project.ts";
import { normaliseName } from "./requirement.ts";
import { moduleOf } from "./modules.ts";
import type { SourceFacts } from "./source_facts.ts";
import type { Start } from "./start.ts";
import { rankOfFile, runScript } from "./web.ts";
import { shellWord } from "../../shell_word.ts";

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
  // What it imports it may serve; what others import is not its own.
  const [script] = project.frameworks.filter(({ framework }) =>
    (framework.served === "script" || framework.served === "wsgi") &&
    (facts.served.length > 0 ||
      facts.imports.has(framework.module ?? framework.name))
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
  const isTop = directoryOf(path) === project.path ||
    basenameOf(path) === "__main__.py";
  if (guard !== null) return isTop || !isPackage(project);
  if (!ENTRIES.includes(basenameOf(path))) return false;
  // A package's modules are imported, whatever they are called.
  return directoryOf(path) === project.path ||
    !isPackage(project) && isNear(project, path);
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

/** True for a module that only makes an application of celery: its worker is started, not the module. */
function isCelery({ apps, guard }: SourceFacts): boolean {
  return guard === null && apps.some(({ framework }) => framework === "celery");
}

/** True for a module of functions that a platform calls: run, it ends at once. */
function isHandler({ handler, guard }: SourceFacts): boolean {
  return handler !== null && guard === null;
}

/** A worker, where the project is nothing else. */
export function startWorker(project: Project): Start | null {
  if (project.frameworks.some(({ framework }) => framework.name !== "celery")) {
    return null;
  }
  const [facts] = project.sources.filter(isCelery)
    .toSorted((a, b) =>
      rankOfFile(project, a.path, ENTRIES) -
      rankOfFile(project, b.path, ENTRIES)
    );
  const line = facts?.apps.find(({ framework }) => framework === "celery")
    ?.line;
  if (facts === undefined || line === undefined) return null;
  const { name, from } = moduleOf(project, facts);
  return {
    command: `celery --app ${shellWord(name)} ${
      from === null ? "" : `--workdir ${shellWord(from)} `
    }worker`,
    source: "framework",
    evidence: [{ file: facts.path, line }],
    port: null,
  };
}

/** A script by its name, or a package with `__main__.py`. */
export function startFile(project: Project): Start | null {
  const [facts] = project.sources
    .filter(({ path }) =>
      ENTRIES.includes(basenameOf(path)) && isNear(project, path)
    )
    .filter((facts) => !isCelery(facts) && !isHandler(facts))
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
  if (isHandler(only)) return null;
  return startScript(project, only, "convention", only.guard);
}

/** The program of a package that is installed: how its author has it typed, rather than `python -m`. */
export function startProgram(project: Project): Start | null {
  const start = isPackage(project) ? startEntryPoint(project) : null;
  // What it runs listens where it does without the name.
  if (start === null) return null;
  const served = project.sources.filter((facts) =>
    facts.served.length > 0 && sourcePort(project, facts) !== null
  );
  const [only] = served;
  return only === undefined || served.length > 1
    ? start
    : { ...start, port: sourcePort(project, only) };
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

/** uwsgi, where its configuration says what it serves. */
export function startUwsgi(project: Project): Start | null {
  const file = fileOf(project, "uwsgi.ini");
  const dependency = runtimeDependency(project, "uwsgi");
  if (file === null || dependency === null) return null;
  return {
    command: "uwsgi --ini uwsgi.ini",
    source: "config",
    evidence: [fileEvidence(file), dependency.evidence],
    port: configuredPort(project, "uwsgi"),
  };
}
