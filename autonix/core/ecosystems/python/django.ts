/**
 * Django: where manage.py lies, which module serves, and the commands.
 *
 * @module
 */
import { basenameOf, directoryOf } from "../../file_tree.ts";
import { fileEvidence, type Found } from "../../reading.ts";
import { configuredPort, type Port } from "./ports.ts";
import { type Project, relativeTo, runtimeDependency } from "./project.ts";
import { serverOf } from "./servers.ts";
import type { Start } from "./start.ts";
import { shellWord } from "../../shell_word.ts";

const SETTINGS =
  /["']DJANGO_SETTINGS_MODULE["'][ \t]*,[ \t]*["']([\w.]{1,200})["']/;
const WSGI = /^WSGI_APPLICATION[ \t]*=[ \t]*["']([\w.]{1,200})["']/;
const ASGI = /^ASGI_APPLICATION[ \t]*=[ \t]*["']([\w.]{1,200})["']/;
const STATIC_ROOT = /^(STATIC_ROOT)[ \t]*=/;
/** Deeper ones are examples within packages. */
const MAX_DEPTH = 3;

/** The manage.py of a project: its own, else the shallowest below it. */
export function managePy(project: Project): string | null {
  if (
    !project.frameworks.some(({ framework }) => framework.name === "django")
  ) return null;
  const all = project.sources.map(({ path }) => path).filter((path) =>
    basenameOf(path) === "manage.py" &&
    relativeTo(project, path).split("/").length <= MAX_DEPTH
  );
  const [first] = all.toSorted((a, b) =>
    a.split("/").length - b.split("/").length
  );
  return first ?? null;
}

/** Settings below a directory, the shallowest first. */
function settingsFiles(project: Project, directory: string): string[] {
  return project.sources.map(({ path }) => path).filter((path) =>
    (directory === "." || path.startsWith(`${directory}/`)) &&
    /(?:^|\/)(?:settings[^/]*\.py|settings\/[^/]+\.py|config\/[^/]+\.py)$/.test(
      path,
    )
  );
}

function inSettings(
  project: Project,
  directory: string,
  pattern: RegExp,
): Found | null {
  for (const file of settingsFiles(project, directory)) {
    const found = project.reading.match(file, pattern);
    if (found !== null) return found;
  }
  return null;
}

/** `shop.wsgi` of wsgi.py (or asgi.py) beside the settings. */
function besideSettings(
  project: Project,
  directory: string,
  name: string,
): Found | null {
  const manage = directory === "." ? "manage.py" : `${directory}/manage.py`;
  const settings = project.reading.match(manage, SETTINGS)?.value.split(".") ??
    [];
  const files = project.sources.map(({ path }) => path).filter((path) =>
    basenameOf(path) === name &&
    (directory === "." || path.startsWith(`${directory}/`))
  );
  const prefix = directory === "." ? "" : `${directory}/`;
  const file =
    files.find((path) => path.startsWith(`${prefix}${settings[0] ?? "\0"}/`)) ??
      files[0];
  if (file === undefined) return null;
  const module = file.slice(prefix.length).replace(/\.py$/, "").replaceAll(
    "/",
    ".",
  );
  return { value: module, evidence: fileEvidence(file) };
}

function applicationModule(
  project: Project,
  directory: string,
  isAsync: boolean,
): Found | null {
  const told = inSettings(project, directory, isAsync ? ASGI : WSGI);
  if (told !== null) {
    return { value: told.value.replace(/\.\w+$/, ""), evidence: told.evidence };
  }
  return besideSettings(project, directory, isAsync ? "asgi.py" : "wsgi.py");
}

export function startDjango(project: Project): Start | null {
  const manage = managePy(project);
  if (manage === null) return null;
  const directory = directoryOf(manage);
  const from = directory === project.path
    ? null
    : relativeTo(project, directory);
  const evidence = fileEvidence(manage);
  const standard: Port = { value: 8000, source: "framework", evidence };
  // Channels needs what only an asynchronous server gives.
  const wantsAsync = runtimeDependency(project, "channels") !== null;
  for (const isAsync of wantsAsync ? [true, false] : [false, true]) {
    const server = serverOf(project, isAsync);
    const module = applicationModule(project, directory, isAsync);
    if (server === null || module === null) continue;
    const configured = configuredPort(project, server.name);
    const isWritten = server.name === "gunicorn" || server.name === "uwsgi";
    return {
      command: server.command({
        // Gunicorn looks for `application` by itself.
        object: isWritten && !isAsync && server.name === "gunicorn"
          ? module.value
          : `${module.value}:application`,
        isFactory: false,
        isAsync,
        from,
        port: configured === null ? standard.value : null,
      }),
      source: "framework",
      evidence: [
        module.evidence,
        ...server.dependency === null ? [] : [server.dependency.evidence],
      ],
      port: configured ?? standard,
    };
  }
  return {
    command: `python ${
      shellWord(relativeTo(project, manage))
    } runserver 0.0.0.0:8000`,
    source: "framework",
    evidence: [evidence],
    port: standard,
  };
}

/** Gathers the static files where the settings say to which place. */
export function buildDjango(
  project: Project,
): { command: string; found: Found } | null {
  const manage = managePy(project);
  if (manage === null) return null;
  const found = inSettings(project, directoryOf(manage), STATIC_ROOT);
  return found === null ? null : {
    command: `python ${
      shellWord(relativeTo(project, manage))
    } collectstatic --noinput`,
    found,
  };
}
