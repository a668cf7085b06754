/**
 * A start command as a VM runs it: without the manager that would look for a
 * virtual environment or the network, and with the programs that Nix built.
 *
 * @module
 */
import type { AnalysedApplication } from "../../../roles/model/analysis.ts";
import { withoutEndSlashes } from "../file_tree.ts";
import { commandText, withoutWrappers } from "./command_text.ts";

export interface StartCommand {
  command: string;
  /** Attributes of `pkgs` that it needs. */
  tools: readonly string[];
  /** PyPI names that it runs. */
  servers: readonly string[];
  /** Why it is not what the repository says; null where it is. */
  note: string | null;
}

/** What `python -m pip install` would have put into a virtual environment. */
const PYTHON_PROGRAMS: ReadonlyMap<string, string> = new Map([
  ["gunicorn", "gunicorn"],
  ["uvicorn", "uvicorn"],
  ["hypercorn", "hypercorn"],
  ["daphne", "daphne"],
  ["waitress-serve", "waitress"],
  ["flask", "flask"],
  ["fastapi", "fastapi-cli"],
  ["streamlit", "streamlit"],
  ["celery", "celery"],
  ["django-admin", "django"],
  ["uwsgi", "uwsgi"],
  ["sanic", "sanic"],
  ["scrapy", "scrapy"],
  ["jupyter", "jupyter"],
  ["chainlit", "chainlit"],
]);

const RUNNERS = /^(?:poetry|uv|pdm|pipenv) run (?:--\S{1,40} )?/;
/** `npx serve -s -l 8080 dist`, `npx --yes http-server public -p 8080`. */
const SERVE =
  /^(?:npx(?: -y| --yes)?|pnpm dlx|bunx|yarn dlx) (?:serve|http-server)(?:@\S{1,40})?(?: |$)(.*)$/;
/** Options whose next word is theirs. */
const SERVE_OPTIONS = new Set(["-l", "--listen", "-p", "--port", "-a", "-c"]);
/** The port of an address, or of the variable that has it. */
const SERVE_PORT = /(?:^|:)(\d{2,5}|\$PORT|\$\{PORT(?::-\d{2,5})?\})$/;
/** `./target/release/shop`, of a workspace too. */
const BUILT_BY_CARGO = /(^|\s)(?:\.{1,2}\/){0,9}target\/release\//g;
const STATIC_PORT = 3000;

function withoutRunner(command: string): string | null {
  const rest = command.replace(RUNNERS, "");
  if (rest === command) return null;
  const [program = ""] = rest.split(" ");
  if (program === "python" || PYTHON_PROGRAMS.has(program)) return rest;
  return /^[\w./-]{1,200}\.py$/.test(program) ? `python ${rest}` : null;
}

function servedStatically(
  rest: string,
  ports: AnalysedApplication["ports"],
): string {
  const words = rest.split(" ").filter((word) => word !== "");
  let port = String(ports[0]?.value ?? STATIC_PORT);
  let directory = ".";
  let isSingle = false;
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "-s" || word === "--single") isSingle = true;
    else if (SERVE_OPTIONS.has(word)) {
      port = SERVE_PORT.exec(words[++at] ?? "")?.[1] ?? port;
    } else if (!word.startsWith("-")) directory = word;
  }
  const fallback = isSingle ? ` --page-fallback ${directory}/index.html` : "";
  return `static-web-server --host 0.0.0.0 --port ${port} --root ${directory}${fallback}`;
}

/** Heroku's servers of PHP, and the directory they serve. */
const OF_HEROKU =
  /(?:vendor\/bin\/)?heroku-(?:php-)?(?:apache2|nginx)(?:\s{1,4}-\w\s{1,4}\S{1,200})*(?:\s{1,4}([\w./-]{1,200}))?\s*$/;
/** Where nothing says which. */
const PHP_PORT = 8000;

/** `heroku-php-apache2 web/` serves what `php -S` does with it. */
function servedByPhp(
  command: string,
  ports: AnalysedApplication["ports"],
): string | null {
  const found = OF_HEROKU.exec(command);
  if (found === null) return null;
  const root = withoutEndSlashes((found[1] ?? "").replace(/^\.\//, ""));
  const port = ports[0]?.value ?? PHP_PORT;
  const served = `php -S 0.0.0.0:${port}${root === "" ? "" : ` -t ${root}`}`;
  return command.slice(0, found.index) + served;
}

/** Servers that a Python command names: `gunicorn app:app`, `python -m uvicorn main:app`. */
function serversOf(command: string): string[] {
  const words = command.split(/\s+/).slice(0, 40);
  return [...PYTHON_PROGRAMS].filter(([program]) => words.includes(program))
    .map(([, name]) => name);
}

export function startCommand(
  application: AnalysedApplication,
): StartCommand | null {
  const fact = application.commands.start;
  if (fact === null) return null;
  const command = withoutWrappers(commandText(fact.value));
  const same = { command, tools: [], servers: [], note: null };
  const isPython = application.language.value === "python";

  const served = SERVE.exec(command)?.[1];
  if (served !== undefined) {
    return {
      ...same,
      command: servedStatically(served, application.ports),
      tools: ["static-web-server"],
      note: "that would fetch its server; nixpkgs has one",
    };
  }
  const php = servedByPhp(command, application.ports);
  if (php !== null) {
    return {
      ...same,
      command: php,
      note: "only Heroku has that server; PHP has one of its own",
    };
  }
  if (isPython) {
    const rest = withoutRunner(command);
    const run = rest ?? command;
    return {
      ...same,
      command: run,
      servers: serversOf(run),
      note: rest === null
        ? null
        : "without the manager's runner: there is no virtual environment",
    };
  }
  if (application.packageManager?.value === "cargo") {
    const built = command.replace(BUILT_BY_CARGO, "$1");
    if (built !== command) {
      return { ...same, command: built, note: "Nix installs it to bin/" };
    }
  }
  return same;
}
