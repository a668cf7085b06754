/**
 * Fields of pydantic's settings classes: each is a variable, in upper case,
 * behind the class's prefix.
 *
 * @module
 */
import type { Line } from "../../reading.ts";
import { literalOf, splitArguments, stringOf } from "./expression.ts";
import type { Variable } from "./variables.ts";

const CLASS = /^class[ \t]+\w+\(([^)]*)\)[ \t]*:/;
const FIELD = /^([ \t]+)([A-Za-z]\w*)[ \t]*:[ \t]*(.*)$/;
const PREFIX = /\benv_prefix[ \t]*=[ \t]*["']([^"']*)["']/;
const COMPUTED =
  /^[ \t]+model_config[ \t]*(?::[^=]{1,80})?=[ \t]*(?=[^ \t])(?!(?:\w+\.)?(?:SettingsConfigDict|ConfigDict|dict)\(|\{)/;
const NO_FIELDS = new Set(["model_config", "Config"]);

/** `str = "x"` in type and value; `=` within brackets belongs to the type. */
function valueOf(text: string): string | null {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] ?? "";
    if ("([{".includes(character)) depth += 1;
    else if (")]}".includes(character)) depth -= 1;
    else if (character === "=" && depth === 0) return text.slice(at + 1).trim();
  }
  return null;
}

/** What `Field(...)` says of a field. */
function ofField(
  value: string,
): { standard: string | undefined; alias: string | null; isOptional: boolean } {
  const { parts } = splitArguments(value.slice(value.indexOf("(") + 1));
  const named = new Map(parts.map((part) => {
    const at = /^\w+[ \t]*=(?!=)/.exec(part)?.[0] ?? "";
    return [at.slice(0, -1).trimEnd(), part.slice(at.length).trim()];
  }));
  const alias = stringOf(named.get("validation_alias")) ??
    stringOf(named.get("alias")) ?? stringOf(named.get("env"));
  const standard = named.get("default") ?? named.get("");
  return {
    standard: standard === "..." ? undefined : standard,
    alias,
    isOptional: named.has("default_factory"),
  };
}

function variableOf(
  name: string,
  typed: string,
  prefix: string,
  line: number,
): Variable {
  const value = valueOf(typed);
  const own = `${prefix}${name}`.toUpperCase();
  if (value === null || value === "...") {
    return { name: own, required: true, default: null, line };
  }
  if (!/^(?:\w+\.)?Field\(/.test(value)) {
    return { name: own, required: false, default: literalOf(value), line };
  }
  const { standard, alias, isOptional } = ofField(value);
  return {
    name: alias === null ? own : alias.toUpperCase(),
    required: standard === undefined && !isOptional,
    default: literalOf(standard),
    line,
  };
}

/** The lines of a class body that begins at `index`. */
function bodyOf(lines: readonly Line[], index: number): Line[] {
  const body: Line[] = [];
  for (let at = index; at < lines.length; at++) {
    const line = lines[at];
    if (line === undefined || !/^[ \t]|^[)\]}]/.test(line.text)) break;
    body.push(line);
  }
  return body;
}

export function settingsOf(
  lines: readonly Line[],
  imports: ReadonlyMap<string, number>,
): Variable[] {
  if (!imports.has("pydantic_settings") && !imports.has("pydantic")) return [];
  const found: Variable[] = [];
  for (const [index, { text }] of lines.entries()) {
    const bases = CLASS.exec(text)?.[1];
    // Or of settings that are: `class App(LogSettings)`.
    if (bases === undefined || !/Settings\b/.test(bases)) continue;
    const body = bodyOf(lines, index + 1);
    const indent = /^[ \t]*/.exec(body[0]?.text ?? "")?.[0] ?? "";
    // Made by a function of the project: nobody knows behind which prefix.
    if (body.some((line) => COMPUTED.test(line.text))) continue;
    const prefix = body.map((line) => PREFIX.exec(line.text)?.[1])
      .find((one) => one !== undefined) ?? "";
    for (const [at, line] of body.entries()) {
      const [, own, name, typed] = FIELD.exec(line.text) ?? [];
      if (own !== indent || name === undefined || typed === undefined) continue;
      if (NO_FIELDS.has(name) || typed.startsWith("ClassVar")) continue;
      // A call over several lines is read with those that follow it.
      const following = typed.endsWith("(")
        ? body.slice(at + 1, at + 12).map((next) => next.text.trim()).join(" ")
        : "";
      found.push(variableOf(name, typed + following, prefix, line.number));
    }
  }
  return found;
}
