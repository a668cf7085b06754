/**
 * Frameworks of Python by their PyPI name: how each is served, on which port,
 * and which others it brings along.
 *
 * A dependency that only testing needs makes none. What a framework carries
 * (`pip freeze` lists it too) is one of its own only where sources import it.
 *
 * @module
 */
import { claim, type Dependency, type Draft } from "../../draft.ts";
import type { SourceFacts } from "./source_facts.ts";

export interface Framework {
  name: string;
  /**
   * - `wsgi`, `asgi`: a server runs its application object.
   * - `tool`: a command of its own runs a file.
   * - `script`: its sources start it.
   * - `other`: nothing to start.
   */
  served: "wsgi" | "asgi" | "tool" | "script" | "other";
  /** What it listens on unless told otherwise. */
  port: number | null;
  /** Constructors of its application object. */
  classes?: readonly string[];
  /** Of one that is both: the module whose application is asynchronous. */
  asyncModule?: string;
  /** The module that says that it serves, where importing the package alone does not. */
  module?: string;
  /**
   * Its own command: FILE is the file, OBJECT the application, PORT the port.
   * Of an asynchronous one without it, uvicorn's.
   */
  start?: string;
  carries?: readonly string[];
}

/** The first that is there and has an application is what is started. */
export const FRAMEWORKS: readonly Framework[] = [
  { name: "django", served: "wsgi", port: 8000 },
  {
    name: "fastapi",
    served: "asgi",
    port: 8000,
    classes: ["FastAPI"],
    carries: ["starlette"],
  },
  {
    name: "litestar",
    served: "asgi",
    port: 8000,
    classes: ["Litestar"],
    start: "litestar --app OBJECT run --host 0.0.0.0 --port PORT",
  },
  { name: "starlette", served: "asgi", port: 8000, classes: ["Starlette"] },
  {
    name: "sanic",
    served: "asgi",
    port: 8000,
    classes: ["Sanic"],
    start: "sanic OBJECT --host 0.0.0.0 --port PORT",
  },
  {
    name: "quart",
    served: "asgi",
    port: 5000,
    classes: ["Quart"],
    start: "quart --app OBJECT run --host 0.0.0.0 --port PORT",
    carries: ["flask"],
  },
  {
    name: "blacksheep",
    served: "asgi",
    port: 8000,
    classes: ["blacksheep.Application"],
  },
  { name: "flask", served: "wsgi", port: 5000, classes: ["Flask", "APIFlask"] },
  {
    name: "falcon",
    served: "wsgi",
    port: 8000,
    classes: ["falcon.App", "falcon.API"],
    asyncModule: "falcon.asgi",
  },
  { name: "bottle", served: "wsgi", port: 8080, classes: ["bottle.Bottle"] },
  { name: "pyramid", served: "script", port: 6543 },
  { name: "cherrypy", served: "script", port: 8080 },
  { name: "robyn", served: "script", port: 8080, classes: ["Robyn"] },
  { name: "aiohttp", served: "script", port: 8080, module: "aiohttp.web" },
  { name: "tornado", served: "script", port: null, module: "tornado.web" },
  {
    name: "streamlit",
    served: "tool",
    port: 8501,
    start: "streamlit run FILE",
    carries: ["tornado"],
  },
  {
    name: "chainlit",
    served: "tool",
    port: 8000,
    start: "chainlit run FILE --host 0.0.0.0 --port PORT",
    carries: ["fastapi", "starlette"],
  },
  {
    name: "gradio",
    served: "script",
    port: 7860,
    carries: ["fastapi", "starlette"],
  },
  {
    name: "dash",
    served: "wsgi",
    port: 8050,
    classes: ["Dash"],
    carries: ["flask"],
  },
  {
    name: "nicegui",
    served: "script",
    port: 8080,
    carries: ["fastapi", "starlette"],
  },
  {
    name: "panel",
    served: "tool",
    port: 5006,
    start: "panel serve FILE --address 0.0.0.0 --port PORT",
    carries: ["tornado"],
  },
  {
    name: "reflex",
    served: "other",
    port: 3000,
    carries: ["fastapi", "starlette"],
  },
  { name: "celery", served: "other", port: null, classes: ["Celery"] },
  { name: "scrapy", served: "other", port: null },
  {
    name: "jupyterlab",
    served: "other",
    port: 8888,
    carries: ["tornado", "notebook"],
  },
  {
    name: "notebook",
    served: "other",
    port: 8888,
    carries: ["tornado", "jupyterlab"],
  },
  {
    name: "jupyter",
    served: "other",
    port: 8888,
    carries: ["tornado", "notebook", "jupyterlab"],
  },
];

/** The framework of a class that makes an application. */
export const APP_CLASSES: ReadonlyMap<string, string> = new Map(
  FRAMEWORKS.flatMap(({ name, classes }) =>
    (classes ?? []).map((one) => [one, name] as const)
  ),
);

/** Distributions whose module has another name. */
const MODULES: ReadonlyMap<string, string> = new Map([
  ["jupyter", "jupyter_core"],
]);

/** A framework that is used, with the places that say so. */
export interface Used {
  framework: Framework;
  dependency: Dependency | null;
  imported: { path: string; line: number } | null;
}

function importOf(framework: Framework, sources: readonly SourceFacts[]) {
  const module = framework.module ?? MODULES.get(framework.name) ??
    framework.name.replaceAll("-", "_");
  for (const { path, imports } of sources) {
    const line = imports.get(module);
    if (line !== undefined) return { path, line };
  }
  return null;
}

/**
 * Frameworks of a project, in the order of the table. What is one of its `own`
 * modules it does not use but is.
 */
export function frameworksUsed(
  dependencies: readonly Dependency[],
  sources: readonly SourceFacts[],
  own: ReadonlySet<string>,
): Used[] {
  const runtime = new Map(
    dependencies.filter(({ isDev }) => !isDev).map((one) => [one.name, one]),
  );
  const dev = new Set(
    dependencies.filter(({ isDev }) => isDev).map(({ name }) => name),
  );
  const used: Used[] = [];
  for (const framework of FRAMEWORKS) {
    const { name, module } = framework;
    const dependency = runtime.get(name) ?? null;
    const imported = own.has(name) ? null : importOf(framework, sources);
    if (dependency === null && imported === null) continue;
    // Tests and tasks import what only they need; aiohttp is a client too.
    if (dependency === null && dev.has(name)) continue;
    if (module !== undefined && imported === null) continue;
    used.push({ framework, dependency, imported });
  }
  const carried = new Set(
    used.filter(({ dependency }) => dependency !== null)
      .flatMap(({ framework }) => framework.carries ?? []),
  );
  return used.filter(({ framework, imported, dependency }) =>
    !carried.has(framework.name) ||
    imported !== null && dependency !== null
  );
}

/** Claims each framework. */
export function claimFrameworks(draft: Draft, used: readonly Used[]): void {
  for (const { framework, dependency, imported } of used) {
    claim(
      draft,
      "framework",
      framework.name,
      "manifest",
      dependency?.evidence ?? null,
    );
    claim(
      draft,
      "framework",
      framework.name,
      "source",
      imported === null ? null : { file: imported.path, line: imported.line },
    );
  }
}
