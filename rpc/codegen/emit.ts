/**
 * Generated TypeScript from a schema: a module for each schema file, with
 * plain interfaces, codecs over DataView, and typed clients and servers.
 *
 * Owns the shapes: UInt64 and Int64 are numbers up to 2^53-1, bigints beyond;
 * enums are the enumerants' names, numbers where unknown; a union is a
 * `which` with its field; absent structs are undefined.
 *
 * @module
 */
import { Names } from "./names.ts";
import { fieldDecoder } from "./field_decoder.ts";
import { fieldEncoder } from "./field_encoder.ts";
import { inputType, outputType } from "./field_types.ts";
import type {
  EnumNode,
  Field,
  InterfaceNode,
  Schema,
  StructNode,
} from "./schema.ts";

/** Names that the runtime's stubs and calls have themselves. */
const RESERVED_METHODS = ["constructor", "dispose", "dup", "released", "then"];
const RESERVED_RESULTS = ["catch", "constructor", "finally", "pending", "then"];

/** The text of one module. */
export function emitFile(schema: Schema, file: string): string {
  const names = new Names(schema, file);
  const nodes = [...schema.nodes.values()].filter((node) => node.file === file)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const taken = new Set<string>();
  for (const node of nodes) {
    if (taken.has(node.name)) throw new Error(`Two nodes named ${node.name}`);
    taken.add(node.name);
  }
  const body: string[] = [];
  for (const node of nodes) if (node.kind === "enum") emitEnum(node, body);
  for (const node of nodes) {
    if (node.kind === "struct") emitStruct(node, names, body);
  }
  for (const node of nodes) {
    if (node.kind === "interface") emitInterface(node, names, body);
  }
  return [
    `// Generated from ${
      file.split("/").pop()
    } by \`deno task schema\`. Do not edit.`,
    ...names.imports(body.join("\n")),
    "",
    ...body,
  ].join("\n") + "\n";
}

function emitEnum(node: EnumNode, out: string[]): void {
  const { name, enumerants } = node;
  const literals = enumerants.map((each) => `"${each}"`);
  out.push(
    `/** A number stands for an enumerant that this schema does not know. */`,
    `export type ${name} = ${[...literals, "number"].join(" | ")};`,
    `const ${name}Names: readonly ${name}[] = [${literals.join(", ")}];`,
    `export const ${name}Numbers: Readonly<Record<string, number>> = { ${
      enumerants.map((each, index) => `${each}: ${index}`).join(", ")
    } };`,
    `export function decode${name}(value: number): ${name} {`,
    `  return ${name}Names[value] ?? value;`,
    `}`,
    "",
  );
}

function emitStruct(node: StructNode, names: Names, out: string[]): void {
  const { name } = node;
  emitTypes(node, names, out);
  emitDecoder(node, names, out);
  emitEncoder(node, names, out);
  if (node.isGroup) return;
  const pipeline = names.pipeline(node.id);
  if (pipeline.length > 0) {
    out.push(`export interface ${name}Pipeline {`);
    for (const { field, type } of pipeline) {
      if (RESERVED_RESULTS.includes(field)) {
        throw new Error(`${name}.${field}: this name is the runtime's`);
      }
      out.push(`  readonly ${field}: ${type};`);
    }
    out.push("}");
  }
  const fields = pipeline.map(({ field, index, thunk }) =>
    `${field}: { index: ${index}, ${thunk} }`
  );
  out.push(
    `export const ${name}: StructType<${name}, ${name}Input> = { name: "${name}", dataWords: ${node.dataWords}, pointerWords: ${node.pointerWords}, decode: decode${name}, encode: encode${name}${
      fields.length === 0 ? "" : `, pipeline: { ${fields.join(", ")} }`
    } };`,
    "",
  );
}

function emitTypes(node: StructNode, names: Names, out: string[]): void {
  const { name } = node;
  const plain = node.fields.filter((field) => field.tag === undefined);
  const union = node.fields.filter((field) => field.tag !== undefined);
  const fields = plain.map((field) =>
    `  ${field.name}: ${outputType(field, names)};`
  );
  const inputs = plain.map((field) =>
    `  ${field.name}?: ${inputType(field, names)} | undefined;`
  );
  if (union.length === 0) {
    out.push(`export interface ${name} {`, ...fields, "}");
    out.push(`export interface ${name}Input {`, ...inputs, "}");
    return;
  }
  const cases = union.map((field) =>
    isVoid(field)
      ? `{ which: "${field.name}" }`
      : `{ which: "${field.name}"; ${field.name}: ${outputType(field, names)} }`
  );
  const inputCases = union.map((field) =>
    isVoid(field)
      ? `{ which: "${field.name}" }`
      : `{ which: "${field.name}"; ${field.name}?: ${
        inputType(field, names)
      } | undefined }`
  );
  const both = (lines: string[]) =>
    lines.length === 0 ? "" : `{\n${lines.join("\n")}\n} & `;
  out.push(
    `/** A number in \`which\` stands for a member that this schema does not know. */`,
    `export type ${name} = ${both(fields)}(${
      [...cases, "{ which: number }"].join(" | ")
    });`,
    `export type ${name}Input = ${both(inputs)}(${
      [...inputCases, "{ which: number }"].join(" | ")
    });`,
  );
}

function isVoid(field: Field): boolean {
  return field.slot?.type.kind === "void";
}

function emitDecoder(node: StructNode, names: Names, out: string[]): void {
  const { name } = node;
  const plain = node.fields.filter((field) => field.tag === undefined);
  const union = node.fields.filter((field) => field.tag !== undefined);
  const lines = plain.map((field) =>
    `${field.name}: ${fieldDecoder(field, names)},`
  );
  const body: string[] = [];
  if (union.length === 0) {
    body.push("  return {", ...lines.map((line) => `    ${line}`), "  };");
  } else {
    const at = node.discriminantOffset * 2;
    body.push(
      `  const which = n >= ${at + 2} ? v.getUint16(d + ${at}, true) : 0;`,
      "  switch (which) {",
    );
    for (const field of union) {
      const value = isVoid(field)
        ? ""
        : ` ${field.name}: ${fieldDecoder(field, names)},`;
      body.push(
        `    case ${field.tag}:`,
        `      return { ${lines.join(" ")} which: "${field.name}",${value} };`,
      );
    }
    body.push(
      "    default:",
      `      return { ${lines.join(" ")} which };`,
      "  }",
    );
  }
  const text = body.join("\n");
  const uses = (letter: string) => new RegExp(`\\b${letter}\\b`).test(text);
  const args = node.isGroup
    ? "r: Reader, s: Segment, d: number, n: number, p: number, q: number"
    : "r: Reader";
  out.push(`export function decode${name}(${args}): ${name} {`);
  if (node.isGroup) {
    out.push(
      ...["r", "d", "n", "p", "q"].filter((each) => !uses(each)).map((each) =>
        `  void ${each};`
      ),
    );
    out.push(uses("v") ? "  const v = s.view;" : "  void s;");
  } else {
    if (uses("s") || uses("v")) out.push("  const s = r.segment;");
    if (uses("v")) out.push("  const v = s.view;");
    if (uses("d")) out.push("  const d = r.data;");
    if (uses("n")) out.push("  const n = r.dataBytes;");
    if (uses("p")) out.push("  const p = r.pointers;");
    if (uses("q")) out.push("  const q = r.pointerCount;");
    if (!/\b[rsvdnpq]\b/.test(text)) out.push("  void r;");
  }
  out.push(text, "}");
}

function emitEncoder(node: StructNode, names: Names, out: string[]): void {
  const { name } = node;
  const plain = node.fields.filter((field) => field.tag === undefined);
  const union = node.fields.filter((field) => field.tag !== undefined);
  const body = plain.map((field) => `  ${fieldEncoder(node, field, names)}`);
  if (union.length > 0) {
    const at = node.discriminantOffset * 2;
    body.push("  switch (x.which) {");
    for (const field of union) {
      body.push(
        `    case "${field.name}":`,
        `      w.view.setUint16(at + ${at}, ${field.tag}, true);`,
      );
      if (!isVoid(field)) {
        body.push(`      ${fieldEncoder(node, field, names)}`);
      }
      body.push("      break;");
    }
    body.push(
      "    default:",
      `      throw new RangeError(\`${name}.which must be one of ${
        union.map((field) => field.name).join(", ")
      }, not \${String(x.which)}\`);`,
      "  }",
    );
  }
  const text = body.join("\n");
  const prefix: string[] = [];
  if (/\bp\b/.test(text)) {
    prefix.push(`  const p = at + ${node.dataWords * 8};`);
  }
  for (const each of ["w", "x"]) {
    if (!new RegExp(`\\b${each}\\b`).test(text)) prefix.push(`  void ${each};`);
  }
  if (!/\bat\b/.test(prefix.join() + text)) prefix.push("  void at;");
  out.push(
    `export function encode${name}(w: Writer, x: ${name}Input, at: number): void {`,
    ...prefix,
    ...(text === "" ? [] : [text]),
    "}",
  );
}

function emitInterface(node: InterfaceNode, names: Names, out: string[]): void {
  const { name } = node;
  const supers = node.superclasses.map((id) => names.of(id));
  const low = Number(node.id & 0xffff_ffffn);
  const high = Number(node.id >> 32n);
  const client: string[] = [];
  const server: string[] = [];
  const methods: string[] = supers.map((each) => `...${each}.methods`);
  node.methods.forEach((method, ordinal) => {
    if (RESERVED_METHODS.includes(method.name)) {
      throw new Error(`${name}.${method.name}: this name is the runtime's`);
    }
    const params = names.struct(method.params);
    const results = names.struct(method.results);
    const p = names.of(method.params);
    const r = names.of(method.results);
    const optional = params.fields.length === 0 ? "?" : "";
    const pipeline = names.pipeline(method.results).length > 0
      ? `, ${r}Pipeline`
      : "";
    const empty = results.fields.length === 0 ? " | void" : "";
    client.push(
      `  ${method.name}(params${optional}: ${p}Input, options?: CallOptions): Call<${r}${pipeline}>;`,
    );
    server.push(
      `  ${method.name}(params: ${p}, context: CallContext): ${r}Input${empty} | PromiseLike<${r}Input${empty}>;`,
    );
    methods.push(
      `{ name: "${method.name}", ordinal: ${ordinal}, interfaceLow: ${low}, interfaceHigh: ${high}, params: ${p}, results: ${r} }`,
    );
  });
  const extended = (suffix: string) =>
    supers.map((each) => `${each}${suffix}`).join(", ");
  out.push(
    `export interface ${name}Client extends ${
      supers.length === 0 ? "Client" : extended("Client")
    } {`,
    ...client,
    "}",
    `export interface ${name}Server${
      supers.length === 0 ? "" : ` extends ${extended("Server")}`
    } {`,
    ...server,
    "}",
    `export const ${name}: InterfaceType<${name}Client, ${name}Server> = {`,
    `  name: "${name}",`,
    "  methods: [",
    ...methods.map((each) => `    ${each},`),
    "  ],",
    "};",
    "",
  );
}
