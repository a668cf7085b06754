/**
 * From the project's OpenAPI file to the few facts of it that the driver and
 * the stand-in rest on: endpoints, fields, types, what is required.
 *
 * Reads the part of YAML that the file is written in: maps and lists by their
 * indentation, scalars, lists in one line, folded texts.
 *
 * @module
 */

/** A field's type, by name: `integer`, `string`, `ref DiskConfig`, `array of ref DiskConfig`. */
export type FieldType = string;

/** What a schema says. */
export interface SchemaFacts {
  required: string[];
  /** Of an object. */
  fields?: Record<string, FieldType>;
  /** Of a choice. */
  values?: string[];
}

/** What an endpoint says. */
export interface EndpointFacts {
  method: string;
  /** The schema of its body; null: it takes none. */
  body: string | null;
  answer: string | null;
}

/** What is kept of the file. */
export interface Digest {
  endpoints: Record<string, EndpointFacts>;
  schemas: Record<string, SchemaFacts>;
}

type Yaml = string | Yaml[] | { [key: string]: Yaml };

interface Line {
  indent: number;
  text: string;
}

function linesOf(text: string): Line[] {
  return text.split("\n")
    .filter((line) => line.trim() !== "" && !line.trim().startsWith("#"))
    .map((line) => ({
      indent: line.length - line.trimStart().length,
      text: line.trim(),
    }));
}

function scalar(text: string): Yaml {
  const list = /^\[(.*)\]$/.exec(text)?.[1];
  if (list !== undefined) {
    return list.split(",").map((item) => scalar(item.trim()) as string);
  }
  return text.replace(/^["'](.*)["']$/, "$1");
}

const FOLDED = /^[>|]-?$/;
const KEY = /^("[^"]*"|'[^']*'|[^\s:]+):(?:\s+(.*))?$/;

/** Reads what is indented by at least `indent` from `lines`, which it uses up. */
function block(lines: Line[], indent: number): Yaml {
  const first = lines[0];
  if (first === undefined || first.indent < indent) return "";
  if (first.text.startsWith("- ")) return list(lines, first.indent);
  return KEY.test(first.text)
    ? map(lines, first.indent)
    : text(lines, indent - 1, "");
}

function list(lines: Line[], indent: number): Yaml[] {
  const items: Yaml[] = [];
  for (;;) {
    const line = lines[0];
    if (line?.indent !== indent || !line.text.startsWith("- ")) return items;
    const rest = line.text.slice(2).trim();
    if (KEY.test(rest)) {
      lines[0] = { indent: indent + 2, text: rest };
      items.push(block(lines, indent + 2));
    } else {
      lines.shift();
      items.push(scalar(rest));
    }
  }
}

function map(lines: Line[], indent: number): { [key: string]: Yaml } {
  const entries: { [key: string]: Yaml } = {};
  for (;;) {
    const line = lines[0];
    if (line?.indent !== indent) return entries;
    const [, key, value] = KEY.exec(line.text) ?? [];
    if (key === undefined) throw new Error(`Cannot read "${line.text}"`);
    lines.shift();
    entries[String(scalar(key))] = value === undefined
      ? block(lines, indent + 1)
      : text(lines, indent, value);
  }
}

/** A value on its key's line, and what is folded below it. */
function text(lines: Line[], indent: number, value: string): Yaml {
  let more = FOLDED.test(value) ? "" : value;
  while (lines[0] !== undefined && lines[0].indent > indent) {
    more += ` ${lines.shift()?.text}`;
  }
  return scalar(more.trim());
}

function at(yaml: Yaml | undefined, ...path: string[]): Yaml | undefined {
  let value = yaml;
  for (const key of path) {
    if (value === undefined || typeof value === "string") return undefined;
    value = (value as { [key: string]: Yaml })[key];
  }
  return value;
}

function refOf(yaml: Yaml | undefined): string | null {
  const ref = at(yaml, "$ref");
  return typeof ref === "string" ? ref.split("/").at(-1) ?? null : null;
}

function typeOf(yaml: Yaml): FieldType {
  const ref = refOf(yaml);
  if (ref !== null) return `ref ${ref}`;
  const type = String(at(yaml, "type") ?? "object");
  const items = at(yaml, "items");
  return type === "array" && items !== undefined
    ? `array of ${typeOf(items)}`
    : type;
}

function schemaFacts(yaml: Yaml): SchemaFacts {
  const required = at(yaml, "required");
  const fields = at(yaml, "properties");
  const values = at(yaml, "enum");
  return {
    required: Array.isArray(required) ? required.map(String).sort() : [],
    ...(fields === undefined ? {} : {
      fields: Object.fromEntries(
        Object.entries(fields).map(([name, field]) => [name, typeOf(field)]),
      ),
    }),
    ...(Array.isArray(values) ? { values: values.map(String) } : {}),
  };
}

function jsonRef(yaml: Yaml | undefined): string | null {
  return refOf(at(yaml, "content", "application/json", "schema"));
}

function endpointFacts(yaml: Yaml): EndpointFacts {
  const [method] = Object.keys(yaml);
  const operation = at(yaml, method ?? "");
  return {
    method: (method ?? "").toUpperCase(),
    body: jsonRef(at(operation, "requestBody")),
    answer: jsonRef(at(operation, "responses", "200")),
  };
}

/** The facts about these endpoints and schemas. @throws when the file has one of them not. */
export function digestOf(
  openapi: string,
  wanted: { endpoints: readonly string[]; schemas: readonly string[] },
): Digest {
  const yaml = block(linesOf(openapi), 0);
  const factsOf = <T>(
    names: readonly string[],
    find: (name: string) => Yaml | undefined,
    facts: (yaml: Yaml) => T,
  ): Record<string, T> =>
    Object.fromEntries(
      names.toSorted().map((name) => {
        const found = find(name);
        if (found === undefined) throw new Error(`It has no ${name}`);
        return [name, facts(found)];
      }),
    );
  return {
    endpoints: factsOf(
      wanted.endpoints,
      (name) => at(yaml, "paths", `/${name}`),
      endpointFacts,
    ),
    schemas: factsOf(
      wanted.schemas,
      (name) => at(yaml, "components", "schemas", name),
      schemaFacts,
    ),
  };
}
