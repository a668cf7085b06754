/**
 * Starts of web frameworks: an application object that a server runs, a tool
 * that is given a file, a script that serves by itself.
 *
 * @module
 */
import { basenameOf, directoryOf } from "../../file_tree.ts";
import type { Framework, Used } from "./frameworks.ts";
import { importsBeside, moduleOf } from "./modules.ts";
import { configuredPort, type Port, sourcePort } from "./ports.ts";
import { fileOf, type Project, relativeTo } from "./project.ts";
import { type Chosen, ownServer, serverOf, STANDARD_ASGI } from "./servers.ts";
import type { AppObject, Served, SourceFacts } from "./source_facts.ts";
import type { Start } from "./start.ts";
import { shellWord } from "../../shell_word.ts";

/** Files applications are made in, the usual first. */
const USUAL = [
  "wsgi.py",
  "asgi.py",
  "main.py",
  "app.py",
  "application.py",
  "server.py",
  "api.py",
  "run.py",
  "index.py",
  "__init__.py",
];

interface Place {
  facts: SourceFacts;
  app: AppObject;
}

/** Shallow before deep, usual names before others. */
export function rankOfFile(
  project: Project,
  path: string,
  usual: readonly string[] = USUAL,
): number {
  const relative = relativeTo(project, path);
  const known = usual.indexOf(basenameOf(path));
  return (relative.split("/").length - 1) * usual.length +
    (known < 0 ? usual.length : known);
}

function places(project: Project, fits: (app: AppObject) => boolean): Place[] {
  return project.sources
    .flatMap((facts) => facts.apps.filter(fits).map((app) => ({ facts, app })))
    .toSorted((a, b) =>
      rankOfFile(project, a.facts.path) - rankOfFile(project, b.facts.path)
    );
}

function depthOf({ facts }: Place): number {
  return facts.path.split("/").length;
}

/** The application object of a framework; else what a factory made; else the factory. */
function applicationOf(project: Project, framework: Framework): Place | null {
  const [own] = places(
    project,
    ({ framework: name }) => name === framework.name,
  );
  const [made] = places(
    project,
    ({ framework: name, isFactory }) => name === null && !isFactory,
  );
  // What a factory makes in a package mounts the applications of those below it.
  const isAbove = made !== undefined && own !== undefined &&
    made.facts.imports.has(framework.name) &&
    depthOf(made) < depthOf(own);
  if (own !== undefined && !isAbove) return own;
  if (made !== undefined) return made;
  const [factory] = places(project, ({ isFactory }) => isFactory);
  return factory ?? null;
}

function isAsynchronous(framework: Framework, place: Place | null): boolean {
  if (framework.served === "asgi") return true;
  return framework.asyncModule !== undefined &&
    place?.facts.imports.has(framework.asyncModule) === true;
}

function isOutward(host: string | null): boolean {
  return host !== null && !/^["'](?:127\.|localhost|::1)/.test(host);
}

/** Calls that serve an application of these frameworks. */
const SERVES = /(?:^|\.)(?:run|serve|run_simple|run_server|Config)$/;

/** A script of the project that serves by itself, to where others reach it; `__main__.py` is there for nothing else. */
function selfServing(
  project: Project,
): { facts: SourceFacts; served: Served } | null {
  const scripts = project.sources
    .filter(({ guard, path }) =>
      guard !== null || basenameOf(path) === "__main__.py"
    )
    .toSorted((a, b) =>
      rankOfFile(project, a.path) - rankOfFile(project, b.path)
    );
  for (const facts of scripts) {
    const served = facts.served.find(({ callee, host }) =>
      SERVES.test(callee) &&
      (isOutward(host) || basenameOf(facts.path) === "__main__.py")
    );
    if (served !== undefined) return { facts, served };
  }
  return null;
}

function portFor(
  project: Project,
  facts: SourceFacts,
  framework: Framework,
  server: string,
): Port | null {
  const said = configuredPort(project, server) ?? sourcePort(project, facts) ??
    // `app.run(port=...)` in the script that is not started says what was meant.
    sourcePort(
      project,
      project.sources.find(({ served }) =>
        served.some(({ port, callee }) => port !== null && SERVES.test(callee))
      ) ?? null,
    );
  if (said !== null) return said;
  // A server in front listens where it does, not where the framework would.
  const value = server === framework.name || server === "uvicorn"
    ? framework.port
    : 8000;
  return value === null ? null : {
    value,
    source: "framework",
    evidence: { file: facts.path, line: null },
  };
}

/** A script by its path; one within a package as a module, so that the package is found. */
function runModule(project: Project, facts: SourceFacts): string {
  const path = relativeTo(project, facts.path);
  const isWithin = path.includes("/") &&
    project.reading.tree.has(`${directoryOf(facts.path)}/__init__.py`);
  const { name, from } = moduleOf(project, facts);
  return isWithin && from === null
    ? `python -m ${shellWord(name)}`
    : `python ${shellWord(path)}`;
}

/** How a script is run; a package with `__main__.py` by its name. */
export function runScript(project: Project, facts: SourceFacts): string {
  const path = relativeTo(project, facts.path);
  if (basenameOf(facts.path) !== "__main__.py") {
    return runModule(project, facts);
  }
  const folders = path.split("/").slice(0, -1);
  if (folders.length === 0) return "python .";
  const { name, from } = moduleOf(project, facts);
  if (from === null) {
    return `python -m ${shellWord(name.replace(/\.__main__$/, ""))}`;
  }
  if (from === "src") {
    return `cd src && python -m ${shellWord(folders.slice(1).join("."))}`;
  }
  // What lies beside it is found when its directory is run. `-m` takes any name.
  return importsBeside(project, facts)
    ? `python ${shellWord(folders.join("/"))}`
    : `python -m ${shellWord(folders.join("."))}`;
}

function serve(
  project: Project,
  { framework, dependency }: Used,
  place: Place,
  server: Chosen,
): Start {
  const { facts, app } = place;
  const { name, from } = moduleOf(project, facts);
  const port = portFor(project, facts, framework, server.name);
  const isConfigured = configuredPort(project, server.name) !== null;
  // Dash keeps the application that servers run in `server`.
  const object = framework.name === "dash" ? "server" : app.name;
  const needed = server.dependency ?? dependency;
  return {
    command: server.command({
      object: `${name}:${object}`,
      isFactory: app.isFactory,
      isAsync: isAsynchronous(framework, place),
      from,
      port: isConfigured ? null : port?.value ?? null,
    }),
    source: "framework",
    evidence: [
      { file: facts.path, line: app.line },
      ...needed === null ? [] : [needed.evidence],
    ],
    port,
  };
}

/** Flask's own server. */
function flaskRun(project: Project, { framework }: Used, place: Place): Start {
  const { facts, app } = place;
  const configured = fileOf(project, ".flaskenv");
  const { name, from } = moduleOf(project, facts);
  const port = portFor(project, facts, framework, "flask");
  const isNamed = configured !== null &&
    project.reading.match(configured, /^(?:export[ \t]+)?FLASK_APP[ \t]*=/) !==
      null;
  const module = from === null ? name : `${from}/${name}`;
  // `app` and factories are found by themselves.
  const object =
    app.isFactory || app.name === "app" || app.name === "application"
      ? module
      : `${module}:${app.name}`;
  return {
    command: `flask ${
      isNamed ? "" : `--app ${shellWord(object)} `
    }run --host 0.0.0.0 --port ${port?.value ?? 5000}`,
    source: "framework",
    evidence: [{ file: facts.path, line: app.line }],
    port,
  };
}

/** An application object (or a script that serves one) of a framework that a server runs. */
export function startApplication(project: Project): Start | null {
  for (const used of project.frameworks) {
    const { framework } = used;
    if (
      framework.name === "django" ||
      framework.served !== "wsgi" && framework.served !== "asgi"
    ) continue;
    const place = applicationOf(project, framework);
    const isAsync = isAsynchronous(framework, place);
    const server = serverOf(project, isAsync);
    const self = selfServing(project);
    const isFront = server !== null && server.name !== "uvicorn" &&
      server.name !== "waitress";
    if (self !== null && !isFront) {
      return {
        command: runScript(project, self.facts),
        source: "source",
        evidence: [{ file: self.facts.path, line: self.served.line }],
        port: portFor(project, self.facts, framework, framework.name),
      };
    }
    if (place === null) continue;
    if (server !== null) return serve(project, used, place, server);
    if (framework.start !== undefined) {
      return serve(
        project,
        used,
        place,
        ownServer(framework.name, framework.start),
      );
    }
    if (isAsync) return serve(project, used, place, STANDARD_ASGI);
    if (framework.name === "flask") return flaskRun(project, used, place);
    if (place.facts.guard === null && framework.name !== "dash") continue;
    return {
      command: runScript(project, place.facts),
      source: "source",
      evidence: [{ file: place.facts.path, line: place.app.line }],
      port: portFor(project, place.facts, framework, framework.name),
    };
  }
  return null;
}

/** Names of the file a tool is given, the usual first. */
const TOOL_FILES = [
  "streamlit_app.py",
  "app.py",
  "main.py",
  "Home.py",
  "home.py",
  "dashboard.py",
  "index.py",
  "run.py",
];

/** Tools that run a file: the best named of those that import them. */
export function startTool(project: Project): Start | null {
  for (const { framework, dependency } of project.frameworks) {
    if (framework.served !== "tool" || framework.start === undefined) continue;
    const module = framework.name;
    const [facts] = project.sources
      .filter(({ imports, path }) =>
        imports.has(module) &&
        !/(?:^|\/)pages\//.test(relativeTo(project, path))
      )
      .toSorted((a, b) =>
        rankOfFile(project, a.path, TOOL_FILES) -
        rankOfFile(project, b.path, TOOL_FILES)
      );
    if (facts === undefined) continue;
    const line = facts.imports.get(module) ?? null;
    const configured = configuredPort(project, module);
    const port: Port | null = configured ??
      (framework.port === null ? null : {
        value: framework.port,
        source: "framework",
        evidence: dependency?.evidence ?? { file: facts.path, line },
      });
    return {
      command: framework.start.replace("PORT", String(port?.value ?? ""))
        .replace("FILE", () => shellWord(relativeTo(project, facts.path))),
      source: "framework",
      evidence: [
        { file: facts.path, line },
        ...dependency === null ? [] : [dependency.evidence],
      ],
      port,
    };
  }
  return null;
}
