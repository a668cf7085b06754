/**
 * What one Python source says: what it imports, which application objects it
 * makes, what it serves and which variables it reads. One pass over its lines.
 *
 * Owns the patterns of applications and servers; those of variables are in
 * `variables.ts`. Runs nothing and resolves no import.
 *
 * @module
 */
import type { Line } from "../../reading.ts";
import { codeLines } from "./code_lines.ts";
import {
  type Call,
  callAt,
  literalOf,
  portOf,
  stringOf,
} from "./expression.ts";
import { APP_CLASSES } from "./frameworks.ts";
import { MAX_LINE } from "./requirement.ts";
import { type Variable, variablesOf } from "./variables.ts";

/** `app = FastAPI()`, `app = create_app()`, `def create_app():`. */
export interface AppObject {
  name: string;
  /** PyPI name of the framework whose class it is; null where a function made it. */
  framework: string | null;
  isFactory: boolean;
  line: number;
}

/** Something that listens: `app.run(...)`, `uvicorn.run(...)`. */
export interface Served {
  /** What is called, without its object: `run`, `run_app`, `serve`. */
  callee: string;
  /** As written; null where none is. */
  host: string | null;
  port: number | null;
  /** `PORT` of `port=settings.port`: a field that is somewhere else. */
  portField: string | null;
  /** `main:app`. */
  target: string | null;
  line: number;
}

export interface SourceFacts {
  path: string;
  /** Modules with the line of their first import: `aiohttp.web` beside `aiohttp`. */
  imports: ReadonlyMap<string, number>;
  apps: readonly AppObject[];
  served: readonly Served[];
  variables: readonly Variable[];
  /** Line of `if __name__ == "__main__"`. */
  guard: number | null;
  /** Line of a function that a platform calls with an event: run, the file does nothing. */
  handler: number | null;
}

/** A source without one of these words says nothing but its imports. */
const WORDS = new RegExp([
  "environ|getenv|\\benv[.(]|config\\(|Settings|__main__",
  "(?:create|make|build|get|init)_(?:app|server|api)|app_factory|application_factory",
  "run\\(|run_|serve|launch\\(|listen\\(|Server\\(|_port\\(|bind\\(|uvicorn|--port|handler\\(",
  // Of `falcon.App` the module: its class alone is too usual a word.
  ...[...APP_CLASSES.keys()].map((name) => name.split(".")[0] ?? name),
].join("|"));
/** A line without one of these serves nothing. */
const SERVING =
  /run|serve|launch\(|listen\(|Server\(|_port\(|bind\(|Config\(|--port|define\(/;
/** Calls that are looked into; a program has a few dozen. */
const MAX_CALLS = 500;
/** Objects and imports of one file; one that has more was made to have them. */
const MAX_APPS = 100;
const MAX_IMPORTS = 2_000;

const IMPORT =
  /^[ \t]*(?:from[ \t]+([A-Za-z_][\w.]*)[ \t]+import[ \t]+\(?[ \t]*([\w, \t]*)|import[ \t]+([A-Za-z_][\w., \t]*))/;
const ASSIGNED =
  /^([A-Za-z_]\w*)[ \t]*(?::[^=]{1,80})?=[ \t]*([A-Za-z_][\w.]{0,100})\(/;
const FACTORY =
  /^(?:async[ \t]+)?def[ \t]+((?:create|make|build|get|init)_(?:app|application|server|api)|app_factory|application_factory)\(/;
const MADE =
  /^(?:create|make|build|get|init)_(?:app|application|server|api)$|^app_factory$/;
const HANDLER =
  /^(?:async[ \t]+)?def[ \t]+(?:lambda_)?(?:handler|main_handler)\([ \t]*_?event\b/;
const GUARD = /^if[ \t]+__name__[ \t]*==[ \t]*["']__main__["']/;
/** Calls that listen, or say where something will. */
const SERVES =
  /(^|[^\w.])((?:[A-Za-z_]\w*\.){0,3})(run|run_app|run_server|run_simple|serve|launch|listen|bind|make_server|start_server|create_server|add_insecure_port|Config|HTTPServer|ThreadingHTTPServer|TCPServer|ThreadingTCPServer|WSGIServer|add_argument|option|define)\(/g;
/** `run` and `listen` of these are none of a server. */
const NOT_SERVERS =
  /^(?:subprocess|debugpy|ptvsd|pydevd|asyncio|cmd|trio|anyio|sp|unittest|pytest|conn|cursor|session|runner|pipeline|loop|curio|model|sess|tf|nox|invoke|c|ctx|fire|typer|bot|client|scheduler|worker|job|task|chromium|firefox|webkit|browser_type|event)\.$/;
/** Of those that are no servers themselves, what makes one. */
const MAKERS = new Set(["start_server", "create_server"]);
/** Calls that count only with a port: others have methods of that name. */
const WITH_PORT = new Set([
  "bind",
  "Config",
  "add_argument",
  "option",
  "define",
]);
/** Calls that declare an option of the program's own command. */
const OPTIONS = new Set(["add_argument", "option", "define"]);
const CONSTANT = /^([A-Z][A-Z0-9_]*)[ \t]*(?::[ \t]*\w+[ \t]*)?=[ \t]*(.+)$/;
/** `8000`, or the last number of `int(os.environ.get("PORT", 8000))`. */
const DEFAULT_PORT =
  /["'][A-Z_]{0,60}PORT["'][ \t]*\)?[ \t]*(?:,[ \t]*(?:default[ \t]*=[ \t]*)?|or[ \t]+)["']?([0-9]{2,5})\b/;

interface Scan {
  lines: readonly Line[];
  constants: Map<string, string>;
  calls: number;
}

/** The port an expression comes to, as far as it is written there or in a constant. */
function portIn(expression: string | undefined, scan: Scan): number | null {
  if (expression === undefined) return null;
  const literal = portOf(literalOf(expression));
  if (literal !== null) return literal;
  const standard = portOf(DEFAULT_PORT.exec(expression)?.[1]);
  if (standard !== null) return standard;
  const name = /^(?:int\([ \t]*)?([A-Z][A-Z0-9_]*)[ \t]*\)?$/.exec(expression)
    ?.[1];
  const constant = name === undefined ? undefined : scan.constants.get(name);
  if (constant === undefined) return null;
  return portOf(literalOf(constant)) ??
    portOf(DEFAULT_PORT.exec(constant)?.[1]);
}

/** `"0.0.0.0:8000"`. */
function addressOf(
  expression: string,
): { host: string | null; port: number | null } {
  const found = /^(.*):([0-9]{2,5})$/.exec(stringOf(expression) ?? "");
  return found === null
    ? { host: null, port: null }
    : { host: `"${found[1] ?? ""}"`, port: portOf(found[2]) };
}

/** `("", 8000)`, `"0.0.0.0:8000"`, `"[::]:50051"`, `8000` among the arguments. */
function placeOf(
  call: Call,
  scan: Scan,
): { host: string | null; port: number | null } {
  const host = call.named.get("host") ?? call.named.get("server_name") ??
    call.named.get("address") ?? call.named.get("hostname") ?? null;
  const named = call.named.get("port") ?? call.named.get("server_port");
  if (named !== undefined) return { host, port: portIn(named, scan) };
  const address = call.named.get("listen") ?? call.named.get("bind");
  if (address !== undefined) return addressOf(address);
  for (const part of call.positional) {
    const pair = /^\([ \t]*([^,]*),[ \t]*([^)]*)\)$/.exec(part);
    if (pair !== null) {
      return { host: pair[1] ?? null, port: portIn(pair[2], scan) };
    }
    const joined = addressOf(part);
    if (joined.port !== null) return joined;
    const port = portIn(part, scan);
    // The length of a queue is a number too.
    if (port !== null && (port > 1023 || port === 80 || port === 443)) {
      const first = call.positional[call.positional.indexOf(part) - 1];
      return {
        host: host ?? (stringOf(first) === null ? null : first ?? null),
        port,
      };
    }
  }
  return { host, port: null };
}

/** `API_PORT` of `settings.api_port`. */
function fieldOf(expression: string | undefined): string | null {
  const name = /^(?:int\()?[A-Za-z_][\w.]{0,100}\.(\w{1,60})\)?$/
    .exec(expression ?? "")?.[1];
  return name?.toUpperCase() ?? null;
}

/** The default of `--port`, or of tornado's `define("port")`. */
function optionPort(call: Call, scan: Scan): number | null {
  const isPort = call.positional.some((part) =>
    stringOf(part) === "--port" || stringOf(part) === "port"
  );
  return isPort ? portIn(call.named.get("default"), scan) : null;
}

function servedAt(index: number, scan: Scan): Served[] {
  const line = scan.lines[index];
  if (line === undefined || !SERVING.test(line.text)) return [];
  const served: Served[] = [];
  for (const found of line.text.matchAll(SERVES)) {
    const [all, , object = "", callee = ""] = found;
    if (NOT_SERVERS.test(object) && !MAKERS.has(callee)) continue;
    if (callee === "Config" && object !== "uvicorn.") continue;
    if (/^[ \t]*(?:async[ \t]+)?def[ \t]|^class[ \t]/.test(line.text)) continue;
    if (++scan.calls > MAX_CALLS) break;
    const call = callAt(scan.lines, index, found.index + all.length);
    const { host, port } = OPTIONS.has(callee)
      ? { host: null, port: optionPort(call, scan) }
      : placeOf(call, scan);
    if (port === null && WITH_PORT.has(callee)) continue;
    const first = stringOf(call.positional[0]);
    served.push({
      callee: `${object}${callee}`,
      host,
      port,
      portField: fieldOf(call.named.get("port")),
      target: first !== null && /^[\w.]+:[\w.]+$/.test(first) &&
          port !== Number(first.split(":")[1])
        ? first
        : null,
      line: line.number,
    });
  }
  return served;
}

/** The framework of a constructor: by its class, or where the class says little, by its module too. */
function frameworkOf(
  made: string,
  imports: ReadonlyMap<string, number>,
): string | null {
  const parts = made.split(".");
  const [last = ""] = parts.slice(-1);
  // `falcon.asgi.App` is falcon's as `falcon.App` is.
  const known = APP_CLASSES.get(last) ??
    (parts.length > 1 ? APP_CLASSES.get(`${parts[0]}.${last}`) : undefined);
  if (known !== undefined) return known;
  for (const [name, framework] of APP_CLASSES) {
    if (name.endsWith(`.${made}`) && imports.has(name)) return framework;
  }
  return null;
}

function appOf(
  line: Line,
  imports: ReadonlyMap<string, number>,
): AppObject | null {
  // At the top of a module: what is further in is no object to serve.
  if (/^[ \t]/.test(line.text) || !line.text.includes("(")) return null;
  const factory = FACTORY.exec(line.text)?.[1];
  if (factory !== undefined) {
    return {
      name: factory,
      framework: null,
      isFactory: true,
      line: line.number,
    };
  }
  const [, name, made] = ASSIGNED.exec(line.text) ?? [];
  if (name === undefined || made === undefined) return null;
  const framework = frameworkOf(made, imports);
  if (framework === null && !MADE.test(made.split(".").at(-1) ?? "")) {
    return null;
  }
  return { name, framework, isFactory: false, line: line.number };
}

/** Of these, what is imported from them says more: `from aiohttp import web` is `aiohttp.web`. */
const TOLD_APART = new Set([
  "aiohttp",
  "blacksheep",
  "falcon",
  "os",
  "starlette",
  "tornado",
]);

function addImport(imports: Map<string, number>, line: Line): void {
  const found = IMPORT.exec(line.text);
  if (found === null) return;
  const [, from, names = "", plain = ""] = found;
  const add = (module: string) => {
    if (module === "" || module.endsWith(".")) return;
    if (!imports.has(module)) imports.set(module, line.number);
    const dot = module.indexOf(".");
    const top = dot < 0 ? module : module.slice(0, dot);
    if (!imports.has(top)) imports.set(top, line.number);
  };
  if (from === undefined) {
    for (const part of plain.split(",")) add(part.trim().split(/\s/)[0] ?? "");
    return;
  }
  add(from);
  if (!TOLD_APART.has(from)) return;
  for (const part of names.split(",")) {
    add(`${from}.${part.trim().split(/\s/)[0] ?? ""}`);
  }
}

/** The imports of a source that says nothing else: only the lines with the word are looked at. */
function importsOf(source: string): Map<string, number> {
  const imports = new Map<string, number>();
  let number = 1;
  let counted = 0;
  for (let at = source.indexOf("import"); at >= 0;) {
    const start = source.lastIndexOf("\n", at) + 1;
    for (; counted < start; number++) {
      counted = source.indexOf("\n", counted) + 1;
    }
    const text = source.slice(
      start,
      Math.min(start + MAX_LINE, lineEnd(source, at)),
    );
    // What is further in may stand in a docstring.
    if (/^[fi]/.test(text) && imports.size < MAX_IMPORTS) {
      addImport(imports, { number, text });
    }
    at = source.indexOf("import", lineEnd(source, at));
  }
  return imports;
}

function lineEnd(source: string, at: number): number {
  const end = source.indexOf("\n", at);
  return end < 0 ? source.length : end;
}

/** All a source says. */
export function readSource(path: string, source: string): SourceFacts {
  if (!WORDS.test(source)) {
    const imports = importsOf(source);
    return {
      path,
      imports,
      apps: [],
      served: [],
      variables: [],
      guard: null,
      handler: null,
    };
  }
  const imports = new Map<string, number>();
  const lines = codeLines(source);
  const scan: Scan = { lines, constants: new Map(), calls: 0 };
  const apps: AppObject[] = [];
  const served: Served[] = [];
  let guard: number | null = null;
  let handler: number | null = null;
  for (const [index, line] of lines.entries()) {
    if (line.text.includes("import") && imports.size < MAX_IMPORTS) {
      addImport(imports, line);
    }
    const [, constant, value] = CONSTANT.exec(line.text) ?? [];
    if (constant !== undefined && value !== undefined) {
      scan.constants.set(constant, value);
    }
    if (guard === null && GUARD.test(line.text)) guard = line.number;
    if (handler === null && HANDLER.test(line.text)) handler = line.number;
    const app = appOf(line, imports);
    if (app !== null && apps.length < MAX_APPS) apps.push(app);
    served.push(...servedAt(index, scan));
  }
  const variables = variablesOf(lines, imports);
  return { path, imports, apps, served, variables, guard, handler };
}
