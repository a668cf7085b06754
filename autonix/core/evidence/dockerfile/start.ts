/**
 * The start command of an application, from what its image starts.
 *
 * In an image programs lie elsewhere than in a repository: what a build has put
 * somewhere is told by its ecosystem, and only the arguments are taken.
 *
 * @module
 */
import { claimsOf, type Source } from "../../claims.ts";
import type { Draft, Ecosystem } from "../../draft.ts";
import { joinPath } from "../../file_tree.ts";
import type { Reading } from "../../reading.ts";
import { isDevelopment } from "../../ecosystems/javascript/scripts.ts";
import { scriptBehind } from "./origin.ts";
import { type Command, relativeTo, textOf } from "./command.ts";

const COMPILED: ReadonlySet<Ecosystem> = new Set<Ecosystem>([
  "go",
  "rust",
  "c",
  "zig",
  "haskell",
  "ocaml",
  "swift",
  "crystal",
  "dart",
  "jvm",
  "dotnet",
  "elixir",
]);
/** Those whose build is one program, which an image puts on its PATH. */
const SELF_CONTAINED: ReadonlySet<Ecosystem> = new Set<Ecosystem>([
  "go",
  "rust",
  "c",
]);
/** What is no application: it serves others, or keeps a container alive. */
const NOT_ONE = new Set([
  "nginx",
  "nginx-debug",
  "httpd",
  "caddy",
  "apache2-foreground",
  "apachectl",
  "php-fpm",
  "supervisord",
  // They start several at once, of a list that comes with the image.
  "forego",
  "foreman",
  "goreman",
  "hivemind",
  "overmind",
  "multirun",
  "runsvdir",
  "unitd",
  "/init",
  "s6-svscan",
  "sleep",
  "tail",
  "true",
  "bash",
  "sh",
  "ash",
  "cat",
  "crond",
  "cron",
]);
/** Of these in a script's end: what the script prepares is served by others. */
const SERVERS =
  /^(?:nginx|httpd|caddy|apache2-foreground|apachectl|php-fpm\S{0,10}|supervisord)$/;

/** True for a command that starts a server of files or processes that come with an image. */
export function isServerOfImage({ words: [program = ""] }: Command): boolean {
  return SERVERS.test(program.slice(program.lastIndexOf("/") + 1, 300));
}

/** What the script of an image understands, and no shell does: `CMD ["server"]`. */
const FOR_SCRIPTS = new Set([
  "all",
  "api",
  "app",
  "backend",
  "default",
  "prod",
  "production",
  "run",
  "server",
  "start",
  "web",
  "worker",
]);
/** Directories of programs that an installation has put there. */
const BINARIES =
  /^(?:.*\/)?(?:\.?venv|env|node_modules\/\.bin|usr\/local|usr|root\/\.local|opt\/[\w-]{1,40})(?:\/bin)?\/([\w.-]+)$/;
/** How one works on an application, not how it is run. */
const DEVELOPMENT =
  /(?:run|yarn|pnpm|bun|npm) (?:run )?(?:dev|watch|start:dev)\b|--reload\b|--debug\b|nodemon|\bair\b|runserver\b.*--nostatic|webpack-dev-server|--watch\b|--env[= ]dev\b/;

/** An image of tests is not how what they test is run. */
const OF_TESTS =
  /^(?:(?:go|cargo|dotnet|mix|swift|sbt|lein|gradle|\.\/gradlew|mvn|\.\/mvnw|npm|yarn|pnpm|bun|deno|composer|make|task|just|rake) (?:run )?(?:test|verify|check|e2e)\b|(?:npx |bundle exec |(?:python3?|coverage run) -m |(?:poetry|uv|pipenv|pdm) run |\.?\/?(?:vendor|node_modules\/\.)\/?bin\/)?(?:pytest|tox|nox|jest|vitest|mocha|cypress|playwright|phpunit|pest|rspec|behave|newman)\b)/;

export interface Start {
  text: string;
  source: Source;
}

export interface StartContext {
  reading: Reading;
  draft: Draft;
  workdir: string;
  /** What the image itself puts in front: `node` of a distroless one. */
  launcher: string | null;
}

function isThere({ reading, draft }: StartContext, word: string): boolean {
  // Of the image's own root, whatever is called like it here.
  if (word.startsWith("/")) return false;
  const path = joinPath(draft.path, word);
  return path !== null && path !== "." && reading.tree.has(path);
}

/** Words as they are in the application's directory. */
function localWords(command: Command, context: StartContext): string[] {
  const { draft, workdir } = context;
  const inRepository = draft.path === "." ? "" : `${draft.path}/`;
  return command.words.map((word) => {
    const relative = relativeTo(word, workdir);
    const local = inRepository !== "" && relative.startsWith(inRepository)
      ? relative.slice(inRepository.length)
      : relative;
    return local.length > 0 ? local : word;
  });
}

function sourceOf(text: string): Source {
  return DEVELOPMENT.test(text.slice(0, 500)) ? "guess" : "container";
}

const USAGE: ReadonlySet<string> = new Set([
  "--help",
  "-h",
  "help",
  "--version",
  "-v",
  "version",
]);

/** `/config/settings.yml` of an image that copies `config` to its root. */
function localPath({ reading, draft }: StartContext, word: string): string {
  if (!/^\/[^/]/.test(word)) return word;
  const path = joinPath(draft.path, word.slice(1));
  return path !== null && reading.tree.has(path) ? word.slice(1) : word;
}

/** The built program of the ecosystem with the image's arguments. */
function builtWith(draft: Draft, words: readonly string[]): string | null {
  const own = claimsOf(draft.claims, "start")[0]?.value;
  if (own === undefined || words.length === 0 || own.includes(" ")) return null;
  // An image of a tool shows how it is used.
  if (words.every((word) => USAGE.has(word))) return null;
  return textOf({ words: [own, ...words], shell: null, line: 0 }, "/");
}

/** `CMD ["run"]` of an Erlang shipment, whose script has another path in the image. */
function ofShipment(words: readonly string[], draft: Draft): Start | null {
  const own = claimsOf(draft.claims, "start")[0]?.value;
  if (own === undefined || !own.endsWith(" run")) return null;
  const args = textOf({ words: [...words], shell: null, line: 0 }, "/");
  return { text: `${own} ${args}`.trim(), source: "container" };
}

/** A script in front of a built program calls it where the image has it. */
function startsInstalled(program: string, { draft }: StartContext): boolean {
  return SELF_CONTAINED.has(draft.ecosystem) && /entrypoint/.test(program);
}

/** The start command a Dockerfile tells; null when it is none to be used outside. */
export function startOf(command: Command, context: StartContext): Start | null {
  const start = localStart(command, context);
  if (start === null || OF_TESTS.test(start.text.slice(0, 500))) return null;
  const script = scriptBehind(command.words, context);
  return script !== null && isDevelopment(script)
    ? { ...start, source: "guess" }
    : start;
}

/** A shell's text without the way to the image's own directory. */
function localText(text: string, workdir: string): string {
  if (workdir === "/") return text;
  return text.replaceAll(` --chdir=${workdir}`, "")
    .replaceAll(` --chdir ${workdir}`, "")
    .replaceAll(` ${workdir}/`, " ");
}

/** Programs that an image installs for itself, where a package would have them run by npx. */
const INSTALLED = new Set(["serve", "http-server", "sirv"]);

/** What is special of packages; undefined where nothing is. */
function startOfNode(
  words: readonly string[],
  context: StartContext,
): Start | null | undefined {
  const [program = ""] = words;
  if (INSTALLED.has(program)) {
    const text = textOf({ words: [...words], shell: null, line: 0 }, "/");
    return { text: `npx ${text}`, source: "container" };
  }
  // One word alone is the image's own script, or what that script understands.
  const isScript = words.length === 1 && /^[\w-]{1,60}(?:\.sh)?$/.test(program);
  return isScript && !isThere(context, program) && program !== "yarn"
    ? null
    : undefined;
}

function localStart(command: Command, context: StartContext): Start | null {
  const words = localWords(command, context);
  if (context.launcher !== null) words.unshift(context.launcher);
  const [program = "", argument = ""] = words;
  // A script that is read into the image's own shell.
  if (program === "." || program === "source") return null;
  if (program === "" || (command.shell ?? "").includes("\n")) return null;
  if (context.draft.ecosystem === "gleam" && program === "run") {
    return ofShipment(words.slice(1), context.draft);
  }
  if (words.length === 1 && FOR_SCRIPTS.has(program)) return null;
  if (context.draft.ecosystem === "javascript") {
    const ofNode = startOfNode(words, context);
    if (ofNode !== undefined) return ofNode;
  }
  const isShell = /^(?:\/bin\/)?(?:ba|a)?sh$/.test(program);
  if (isShell && isThere(context, argument)) {
    const text = textOf({ ...command, words, shell: null }, "/");
    return { text, source: sourceOf(text) };
  }
  const base = program.slice(program.lastIndexOf("/") + 1);
  if (
    NOT_ONE.has(program) || NOT_ONE.has(base) || base.startsWith("php-fpm")
  ) return null;
  if (isThere(context, program) && !startsInstalled(program, context)) {
    const [first = "", ...rest] = words;
    const called = /^\.?\//.test(first) ? first : `./${first}`;
    const text = textOf(
      { ...command, words: [called, ...rest], shell: null },
      "/",
    );
    return { text, source: sourceOf(text) };
  }
  if (COMPILED.has(context.draft.ecosystem)) {
    return ofCompiled(words, command, context);
  }
  const named = context.launcher ?? command.words[0] ?? "";
  const installed = BINARIES.exec(named.slice(0, 300))?.[1];
  // A script from elsewhere in the repository: what it ends in is told.
  if (installed?.endsWith(".sh") === true) return null;
  // A program that another stage has put beside the application.
  if (installed === undefined && named.startsWith("/")) return null;
  if (installed !== undefined) words[0] = installed;
  else if (program.includes("/")) return null;
  const { shell } = command;
  const isShells = shell !== null && context.launcher === null &&
    (installed === undefined || shell.startsWith(named));
  const text = isShells
    ? (installed ?? "") +
      shell.slice(installed === undefined ? 0 : named.length)
    : textOf({ ...command, words, shell: null }, "/");
  const local = localText(text, context.workdir);
  return { text: local, source: sourceOf(local) };
}

const OF_BUILD_TOOLS = new Set([
  "cargo",
  "go",
  "mix",
  "iex",
  "gradle",
  "./gradlew",
  "mvn",
  "./mvnw",
  "sbt",
  "lein",
  "clojure",
  "clj",
  "stack",
  "cabal",
  "make",
  "swift",
  "dart",
  "npm",
  "dune",
]);

/** `GOMAXPROCS=2` in front of a program. */
const ASSIGNED = /^[A-Za-z_]\w{0,60}=/;

function ofCompiled(
  words: readonly string[],
  command: Command,
  context: StartContext,
): Start | null {
  const { draft } = context;
  const first = words.findIndex((word) => !ASSIGNED.test(word));
  const assigned = words.slice(0, Math.max(0, first));
  const [program = "", ...rest] = words.slice(assigned.length);
  const isEntrypoint = /\.sh$|entrypoint[^/]{0,40}$/.test(program);
  // `["/entrypoint.sh", "/usr/local/bin/app", "serve"]`: the script ends in what follows it.
  if (isEntrypoint && rest[0]?.startsWith("/") === true) rest.shift();
  if (OF_BUILD_TOOLS.has(program)) {
    const text = textOf({ ...command, words: [...words] }, "/");
    return { text, source: sourceOf(text) };
  }
  // The jar or library has another name in the image than in the build.
  if (program === "java" || program === "dotnet") return null;
  if (draft.ecosystem === "jvm" || draft.ecosystem === "dotnet") return null;
  const built = builtWith(
    draft,
    rest.map((word) => localPath(context, word)),
  );
  if (built === null) return null;
  // Of `./app --threads $(nproc)` a shell makes something, of quotes around it not.
  const asWritten = rest.some((word) => /[$`(]/.test(word))
    ? command.shell?.split(program).slice(1).join(program)
    : undefined;
  const own = claimsOf(draft.claims, "start")[0]?.value ?? "";
  const text = asWritten === undefined ? built : own + asWritten;
  return {
    text: [...assigned, text].join(" "),
    source: "container",
  };
}
