/**
 * How a PHP application is started.
 *
 * PHP's own server is named where the repository brings no other: it needs
 * nothing but PHP, and one command tells what is served. Laravel's `artisan
 * serve` is that server with its router. Octane, FrankenPHP (a Caddyfile that
 * says so), Hyperf and Workerman bring their own.
 *
 * @module
 */
import type { Evidence } from "../../../../roles/model/analysis.ts";
import type { Source } from "../../claims.ts";
import { itemsOf, textOf } from "../../formats/node.ts";
import { fileEvidence } from "../../reading.ts";
import { shellWord } from "../../shell_word.ts";
import { relativeTo } from "../shared/owners.ts";
import { fileOf, hasDirectory, uses } from "../shared/project.ts";
import { DOCUMENT_ROOTS } from "./frameworks.ts";
import { FRONTS, type Project, said, saidText, scriptOf } from "./project.ts";

export interface Start {
  command: string;
  source: Source;
  evidence: Evidence;
  port: number | null;
  /** Where the port is written, if it is not only what one takes. */
  portSource?: Source;
}

/** What one takes for PHP's own server, and what Laravel's takes by itself. */
const PORT = 8000;

const BUILT_IN = /\bphp\s{1,4}-S\s{1,4}([\w.[\]:]{1,60}):(\d{2,5})\b/;

/** `scripts.start` or `scripts.serve`; PHP's own server is told directly, reachable from outside. */
function script(project: Project): Start | null {
  for (const name of ["start", "serve"]) {
    const found = scriptOf(project, name);
    if (found === null) continue;
    const text = found.command.slice(0, 1_000);
    const server = BUILT_IN.exec(text);
    if (server !== null) {
      return {
        command: text.slice(server.index).replace(
          BUILT_IN,
          "php -S 0.0.0.0:$2",
        ),
        source: "manifest",
        evidence: found.evidence,
        port: Number(server[2]),
        portSource: "manifest",
      };
    }
    // What starts containers is how it is run elsewhere.
    if (/\bdocker\b|\bsail\b|\bartisan serve\b/.test(text)) continue;
    return {
      command: name === "start" ? "composer start" : `composer ${name}`,
      source: "manifest",
      evidence: found.evidence,
      port: null,
    };
  }
  return null;
}

function laravel(project: Project): Start | null {
  const artisan = fileOf(project, "artisan");
  if (artisan === null || project.frameworks.includes("hyperf")) return null;
  const octane = uses(project, "laravel/octane");
  if (octane !== null) {
    return {
      command: `php artisan octane:start --host=0.0.0.0 --port=${PORT}`,
      source: "framework",
      evidence: octane,
      port: PORT,
    };
  }
  if (!project.frameworks.includes("laravel") && project.manifest !== null) {
    return null;
  }
  return {
    command: `php artisan serve --host=0.0.0.0 --port=${PORT}`,
    source: "framework",
    evidence: fileEvidence(artisan),
    port: PORT,
  };
}

function frankenphp(project: Project): Start | null {
  const file = fileOf(project, "Caddyfile", "frankenphp/Caddyfile");
  const found = file === null
    ? null
    : project.reading.match(file, /^\s{0,40}(?:frankenphp|php_server)\b/);
  if (file === null || found === null) return null;
  return {
    command: `frankenphp run --config ${relativeTo(project.place.path, file)}`,
    source: "config",
    evidence: found.evidence,
    port: null,
  };
}

/** Servers that are a program of the project. */
const PROGRAMS:
  readonly (readonly [string, readonly string[], string, number])[] = [
    ["hyperf/framework", ["bin/hyperf.php"], "php bin/hyperf.php start", 9501],
    ["spiral/framework", [".rr.yaml"], "rr serve", 8080],
  ];

function program(project: Project): Start | null {
  for (const [name, files, command, port] of PROGRAMS) {
    const file = fileOf(project, ...files);
    if (file === null || uses(project, name) === null) continue;
    return { command, source: "framework", evidence: fileEvidence(file), port };
  }
  const loop = uses(
    project,
    "workerman/workerman",
    "react/http",
    "amphp/http-server",
    "openswoole/core",
    "ext-swoole",
    "ext-openswoole",
  );
  const entry = fileOf(
    project,
    "server.php",
    "start.php",
    "bin/server.php",
    "main.php",
    "app.php",
    "public/index.php",
    "index.php",
  );
  if (loop === null || entry === null) return null;
  const isWorkerman = uses(project, "workerman/workerman") !== null;
  return {
    command: `php ${relativeTo(project.place.path, entry)}${
      isWorkerman ? " start" : ""
    }`,
    source: "convention",
    evidence: fileEvidence(entry),
    port: null,
  };
}

function served(root: string): string {
  const option = root === "" ? "" : ` -t ${root}`;
  return `php -S 0.0.0.0:${PORT}${option}`;
}

/** What its front controller or its framework says is served. */
function frontController(project: Project): Start | null {
  const framework = project.frameworks.find((name) => DOCUMENT_ROOTS.has(name));
  const root = framework === undefined
    ? undefined
    : DOCUMENT_ROOTS.get(framework);
  const front = fileOf(
    project,
    ...root === undefined ? [] : [`${root}/index.php`],
    ...FRONTS,
  );
  if (front !== null) {
    const path = relativeTo(project.place.path, front);
    return {
      command: served(path.slice(0, Math.max(0, path.lastIndexOf("/")))),
      source: framework === undefined ? "convention" : "framework",
      evidence: fileEvidence(front),
      port: PORT,
    };
  }
  const page = fileOf(project, "index.html");
  if (page !== null && project.manifest === null) {
    return {
      command: served(""),
      source: "guess",
      evidence: fileEvidence(page),
      port: PORT,
    };
  }
  // Composer puts the pages of these there.
  const isInstalled = framework === "drupal" || framework === "wordpress" &&
      hasDirectory(project, "web");
  if (!isInstalled || root === undefined || project.manifest === null) {
    return null;
  }
  return {
    command: served(root),
    source: "framework",
    evidence: fileEvidence(project.manifest),
    port: PORT,
  };
}

const ENTRIES = [
  "main.php",
  "app.php",
  "bot.php",
  "server.php",
  "run.php",
  "cli.php",
  "start.php",
  "worker.php",
  "src/main.php",
];

/** `"bin": "bin/tool"` of a project that is a program. */
function declaredProgram(project: Project): Start | null {
  const bin = said(project, "bin");
  const path = textOf(bin?.node) ?? textOf(itemsOf(bin?.node)[0]);
  if (bin === null || path === null) return null;
  const isTyped = saidText(project, "type")?.value === "project";
  return !isTyped ? null : {
    command: `php ${shellWord(path)}`,
    source: "manifest",
    evidence: bin.evidence,
    port: null,
  };
}

function entryFile(project: Project): Start | null {
  const entry = fileOf(project, ...ENTRIES);
  if (entry === null) return null;
  return {
    command: `php ${relativeTo(project.place.path, entry)}`,
    source: "convention",
    evidence: fileEvidence(entry),
    port: null,
  };
}

/** What composer.json calls a package that others install. */
const LIBRARIES: ReadonlySet<string> = new Set([
  "library",
  "wordpress-plugin",
  "wordpress-theme",
  "symfony-bundle",
  "composer-plugin",
  "drupal-module",
  "drupal-theme",
  "metapackage",
]);

export function isLibrary(project: Project): boolean {
  // A theme or a plugin is taken by a WordPress that lies elsewhere.
  if (project.wordpress?.isOne === true) return true;
  return LIBRARIES.has(saidText(project, "type")?.value ?? "");
}

export function startOf(project: Project): Start | null {
  if (isLibrary(project) || project.wordpress !== null) return null;
  return frankenphp(project) ?? laravel(project) ?? program(project) ??
    script(project) ?? frontController(project) ?? declaredProgram(project) ??
    entryFile(project);
}
