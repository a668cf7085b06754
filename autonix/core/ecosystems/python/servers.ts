/**
 * Programs that serve an application object, and how each is called. Which of
 * them is in the dependencies decides.
 *
 * @module
 */
import type { Dependency } from "../../draft.ts";
import { type Project, runtimeDependency } from "./project.ts";
import { shellWord } from "../../shell_word.ts";

/** What is served. */
export interface Target {
  /** `shop.main:app`; of a factory its name. */
  object: string;
  isFactory: boolean;
  isAsync: boolean;
  /** Where it is imported from; null: here. */
  from: string | null;
  /** Null where the server's own configuration says it. */
  port: number | null;
}

interface Server {
  name: string;
  serves: "wsgi" | "asgi" | "both";
  command(target: Target): string;
}

/** Joins what there is. */
function words(...parts: readonly (string | null)[]): string {
  return parts.filter((part) => part !== null && part !== "").join(" ");
}

function bind(flag: string, { port }: Target): string | null {
  return port === null ? null : `${flag}0.0.0.0:${port}`;
}

/** `(` means something to a shell. */
function called({ object, isFactory }: Target): string {
  return shellWord(isFactory ? `${object}()` : object);
}

function option(name: string, value: string | null): string | null {
  return value === null ? null : `${name} ${shellWord(value)}`;
}

/** Of a server without an option for it. */
function within({ from }: Target, command: string): string {
  return from === null ? command : `cd ${shellWord(from)} && ${command}`;
}

const UVICORN: Server = {
  name: "uvicorn",
  serves: "asgi",
  command: (target) =>
    words(
      "uvicorn",
      shellWord(target.object),
      target.isFactory ? "--factory" : null,
      option("--app-dir", target.from),
      target.port === null ? null : `--host 0.0.0.0 --port ${target.port}`,
    ),
};

/** The first in the dependencies that fits is taken. */
const SERVERS: readonly Server[] = [
  {
    name: "gunicorn",
    serves: "wsgi",
    command: (target) =>
      words(
        "gunicorn",
        called(target),
        option("--chdir", target.from),
        bind("--bind ", target),
      ),
  },
  UVICORN,
  {
    name: "hypercorn",
    serves: "both",
    command: (target) =>
      within(
        target,
        words("hypercorn", called(target), bind("--bind ", target)),
      ),
  },
  {
    name: "granian",
    serves: "both",
    command: (target) =>
      within(
        target,
        words(
          "granian",
          `--interface ${target.isAsync ? "asgi" : "wsgi"}`,
          shellWord(target.object),
          target.isFactory ? "--factory" : null,
          target.port === null ? null : `--host 0.0.0.0 --port ${target.port}`,
        ),
      ),
  },
  {
    name: "daphne",
    serves: "asgi",
    command: (target) =>
      within(
        target,
        words(
          "daphne",
          target.port === null ? null : `-b 0.0.0.0 -p ${target.port}`,
          shellWord(target.object),
        ),
      ),
  },
  {
    name: "waitress",
    serves: "wsgi",
    command: (target) =>
      within(
        target,
        words(
          "waitress-serve",
          bind("--listen=", target),
          target.isFactory ? "--call" : null,
          shellWord(target.object),
        ),
      ),
  },
  {
    name: "uwsgi",
    serves: "wsgi",
    command: (target) =>
      within(
        target,
        words("uwsgi", bind("--http ", target), "--module", called(target)),
      ),
  },
];

export interface Chosen {
  /** PyPI name. */
  name: string;
  dependency: Dependency | null;
  command(target: Target): string;
}

/** Gunicorn runs asynchronous applications by a worker of uvicorn's. */
function gunicornAsync(dependency: Dependency): Chosen {
  return {
    name: "gunicorn",
    dependency,
    command: (target) =>
      words(
        "gunicorn",
        called(target),
        "--worker-class uvicorn.workers.UvicornWorker",
        option("--chdir", target.from),
        bind("--bind ", target),
      ),
  };
}

/** The server of the dependencies that runs it; null when none does. */
export function serverOf(project: Project, isAsync: boolean): Chosen | null {
  const gunicorn = runtimeDependency(project, "gunicorn");
  if (
    isAsync && gunicorn !== null &&
    runtimeDependency(project, "uvicorn", "uvicorn-worker") !== null
  ) {
    return gunicornAsync(gunicorn);
  }
  for (const { name, serves, command } of SERVERS) {
    const dependency = runtimeDependency(project, name);
    if (dependency === null) continue;
    if (serves === "both" || (serves === "asgi") === isAsync) {
      return { name, dependency, command };
    }
  }
  return null;
}

/** Asynchronous frameworks do not serve themselves; uvicorn is what their documentation takes. */
export const STANDARD_ASGI: Chosen = {
  name: "uvicorn",
  dependency: null,
  command: UVICORN.command,
};

/** A framework's own command, of a template in which OBJECT and PORT stand. */
export function ownServer(name: string, template: string): Chosen {
  return {
    name,
    dependency: null,
    command: (target) =>
      within(
        target,
        template.replace("OBJECT", () => shellWord(target.object))
          .replace("PORT", String(target.port ?? "")),
      ),
  };
}
