/**
 * Which environment variables a source reads: `os.environ`, `os.getenv`,
 * python-decouple, environs, django-environ, dj-database-url, and the fields of
 * pydantic's settings classes (`settings_class.ts`).
 *
 * A variable is required unless a default stands beside it, or the code goes on
 * without it (`if os.getenv("X")`).
 *
 * @module
 */
import type { Line } from "../../reading.ts";
import {
  type Call,
  callAt,
  literalOf,
  splitArguments,
  stringOf,
} from "./expression.ts";
import { isOfMachine } from "../shared/machine_names.ts";
import { settingsOf } from "./settings_class.ts";

export interface Variable {
  name: string;
  required: boolean;
  default: string | null;
  line: number;
}

/** Set by a desktop or Python's tools, beside what every language takes for the machine's. */
const OF_THE_MACHINE = new Set([
  "LOGNAME",
  "TZ",
  "DISPLAY",
  "COLUMNS",
  "VIRTUAL_ENV",
  "CONDA_PREFIX",
  "PYTHONPATH",
  "PYTHONHOME",
  "PYTHONUNBUFFERED",
  "PYTHONHASHSEED",
  "DJANGO_SETTINGS_MODULE",
  "WERKZEUG_RUN_MAIN",
  "RUN_MAIN",
  "CUDA_VISIBLE_DEVICES",
  "OMP_NUM_THREADS",
  "TOKENIZERS_PARALLELISM",
  // What torchrun tells each of its processes.
  "LOCAL_RANK",
  "RANK",
  "WORLD_SIZE",
  "MASTER_ADDR",
  "MASTER_PORT",
]);
const OF_TOOLS = /^PYTEST_/;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const MAX_CALLS = 500;
/** Of one file; what reads more is no program that somebody configures. */
const MAX_VARIABLES = 1_000;

const INDEXED =
  /\benviron[ \t]*\[[ \t]*["']([A-Za-z_][A-Za-z0-9_]*)["'][ \t]*\]/g;
const CALLED = /\b(?:environ\.(?:get|pop|setdefault)|getenv)\(/g;
const MEMBER =
  /["']([A-Za-z_][A-Za-z0-9_]*)["'][ \t]+(?:not[ \t]+)?in[ \t]+(?:os\.)?environ\b/g;
/** Of decouple, starlette, environs, django-environ. */
const CONFIGURED =
  /(?:^|[^\w.])(?:(?:decouple\.)?(?:config|auto_config)|env(?:\.(\w+))?)\(/g;
const URL_CONFIG = /\bdj_database_url\.(?:config|parse)\(|\benviron\.Env\(/g;
/** What a call of django-environ without a name reads. */
const UNNAMED: ReadonlyMap<string, string> = new Map([
  ["db", "DATABASE_URL"],
  ["db_url", "DATABASE_URL"],
  ["cache", "CACHE_URL"],
  ["cache_url", "CACHE_URL"],
  ["email", "EMAIL_URL"],
  ["email_url", "EMAIL_URL"],
  ["search_url", "SEARCH_URL"],
]);
/** Methods of environs and django-environ that read a variable. */
const READS = new Set([
  ...UNNAMED.keys(),
  "bool",
  "bytes",
  "date",
  "datetime",
  "decimal",
  "dict",
  "dj_cache_url",
  "dj_db_url",
  "dj_email_url",
  "enum",
  "float",
  "int",
  "json",
  "list",
  "log_level",
  "path",
  "str",
  "timedelta",
  "time",
  "tuple",
  "unicode",
  "url",
  "uuid",
]);
/** Other objects are called `env` and `config` too. */
const CONSTANT_NAME = /^[A-Z_][A-Z0-9_]*$/;
const READERS = ["decouple", "environs", "environ", "starlette.config"];

/** True for what a person gives to the program. */
function isTold(name: string): boolean {
  return NAME.test(name) && !OF_THE_MACHINE.has(name) &&
    !OF_TOOLS.test(name) && !isOfMachine(name);
}

/** What a read without a default of its own makes of the variable, by the code around it. */
function around(
  before: string,
  rest: string,
): Pick<Variable, "required" | "default"> {
  const or = /^[)\s]*or[ \t]+(.+)$/.exec(rest.slice(0, 300))?.[1];
  if (or !== undefined) {
    const value = literalOf(splitArguments(or).parts[0]);
    return { required: false, default: value };
  }
  const isOptional = /^[ \t]*(?:==|!=|is\b|in\b|and\b|if\b|not\b)/.test(rest) ||
    /(?:\b(?:if|elif|not|while|and|or)|\bbool\()[ \t(]*(?:os\.)?$/.test(before);
  return { required: !isOptional, default: null };
}

function ofCall(
  call: Call,
  before: string,
  standard: string | undefined,
): Pick<Variable, "required" | "default"> {
  if (standard === undefined) return around(before, call.rest);
  return { required: false, default: literalOf(standard) };
}

interface Scan {
  lines: readonly Line[];
  found: Variable[];
  /** Names in `"X" in os.environ` and `if os.getenv("X")`. */
  sought: string[];
  /** True after `from os import environ`. */
  hasEnviron: boolean;
  calls: number;
}

function add(
  scan: Scan,
  line: number,
  name: string | null,
  how: Pick<Variable, "required" | "default">,
): void {
  if (name === null || !isTold(name)) return;
  if (scan.found.length < MAX_VARIABLES) {
    scan.found.push({ name, line, ...how });
  }
}

/** The process's, not the `environ` that a request carries. */
function isOfProcess(text: string, at: number, scan: Scan): boolean {
  return scan.hasEnviron || text.slice(Math.max(0, at - 3), at) === "os.";
}

function readEnviron(index: number, scan: Scan): void {
  const { text, number } = scan.lines[index] ?? { text: "", number: 0 };
  for (const found of text.matchAll(INDEXED)) {
    if (!isOfProcess(text, found.index, scan)) continue;
    const rest = text.slice(found.index + found[0].length);
    // `os.environ["X"] = ...` sets it.
    if (
      /^[ \t]*(?:=(?!=)|\+=)/.test(rest) ||
      /\bdel[ \t]+(?:os\.)?$/.test(
        text.slice(Math.max(0, found.index - 12), found.index),
      )
    ) continue;
    add(scan, number, found[1] ?? null, { required: true, default: null });
  }
  for (const found of text.matchAll(CALLED)) {
    const isGetenv = found[0].startsWith("getenv");
    if (!isGetenv && !isOfProcess(text, found.index, scan)) continue;
    if (++scan.calls > MAX_CALLS) return;
    const call = callAt(scan.lines, index, found.index + found[0].length);
    const before = text.slice(Math.max(0, found.index - 40), found.index);
    const standard = call.named.get("default") ?? call.positional[1];
    const name = stringOf(call.positional[0] ?? call.named.get("key"));
    add(scan, number, name, ofCall(call, before, standard));
    if (name !== null && /\b(?:el)?if[ \t(]{1,4}(?:os\.)?$/.test(before)) {
      scan.sought.push(name);
    }
  }
  for (const found of text.matchAll(MEMBER)) {
    const at = found.index + found[0].length - "environ".length;
    if (!isOfProcess(text, at, scan)) continue;
    add(scan, number, found[1] ?? null, { required: false, default: null });
    scan.sought.push(found[1] ?? "");
  }
}

function readConfigured(index: number, scan: Scan): void {
  const { text, number } = scan.lines[index] ?? { text: "", number: 0 };
  for (const found of text.matchAll(CONFIGURED)) {
    if (found[1] !== undefined && !READS.has(found[1])) continue;
    if (++scan.calls > MAX_CALLS) return;
    const call = callAt(scan.lines, index, found.index + found[0].length);
    const name = call.positional.length === 0
      ? UNNAMED.get(found[1] ?? "") ?? null
      : stringOf(call.positional[0]);
    // The second of `env("X", bool)` is a type.
    const second = literalOf(call.positional[1]) === null
      ? undefined
      : call.positional[1];
    const standard = call.named.get("default") ?? second;
    if (name !== null && CONSTANT_NAME.test(name)) {
      add(scan, number, name, ofCall(call, "", standard));
    }
  }
}

/** `dj_database_url.config(default=...)` and `environ.Env(DEBUG=(bool, False))`. */
function readSchemes(index: number, scan: Scan): void {
  const { text, number } = scan.lines[index] ?? { text: "", number: 0 };
  for (const found of text.matchAll(URL_CONFIG)) {
    if (++scan.calls > MAX_CALLS) return;
    const call = callAt(scan.lines, index, found.index + found[0].length);
    if (found[0].endsWith(".config(")) {
      const name = stringOf(call.named.get("env") ?? call.positional[0]) ??
        "DATABASE_URL";
      add(scan, number, name, ofCall(call, "", call.named.get("default")));
    } else if (found[0].startsWith("environ")) {
      for (const [name, value] of call.named) {
        const pair = /^\([ \t]*\w+[ \t]*,(.*)\)$/.exec(value);
        add(scan, number, name, ofCall(call, "", pair?.[1]));
        // Whoever reads it gets that default, be it a list or a call.
        if (pair !== null) scan.sought.push(name);
      }
    }
  }
}

/** Every read, in the order of the lines. */
export function variablesOf(
  lines: readonly Line[],
  imports: ReadonlyMap<string, number>,
): Variable[] {
  const hasEnviron = imports.has("os.environ");
  const scan: Scan = { lines, found: [], sought: [], hasEnviron, calls: 0 };
  // A reader may come from a module of the project: `from .base import *`.
  const hasReader = READERS.some((name) => imports.has(name)) ||
    [...imports.keys()].some((name) => name.endsWith(".env")) ||
    lines.some(({ text }) => text.endsWith(" import *"));
  for (const [index, { text }] of lines.entries()) {
    if (text.includes("environ") || text.includes("getenv")) {
      readEnviron(index, scan);
    }
    if (hasReader && /\b(?:config|env)\b/.test(text)) {
      readConfigured(index, scan);
    }
    if (text.includes("dj_database_url.") || text.includes("environ.Env(")) {
      readSchemes(index, scan);
    }
  }
  for (const setting of settingsOf(lines, imports)) {
    if (isTold(setting.name)) scan.found.push(setting);
  }
  // What is looked for before it is read is not needed.
  const sought = new Set(scan.sought);
  return scan.found.map((one) =>
    sought.has(one.name) ? { ...one, required: false } : one
  );
}
