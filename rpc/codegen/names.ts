/**
 * How nodes are named in a generated module, and what it must import.
 *
 * @module
 */
import type { Schema, StructNode } from "./schema.ts";

/** What generated code may use of the runtime, by module. */
const RUNTIME: readonly [string, readonly string[], readonly string[]][] = [
  ["../core/reader.ts", [], ["Reader", "Segment"]],
  ["../core/types.ts", [], ["InterfaceType", "StructType"]],
  ["../core/wide.ts", [
    "getFloat64Default",
    "getInt64",
    "getInt64Default",
    "getUint64",
    "getUint64Default",
  ], []],
  ["../core/writer.ts", [
    "checkInteger",
    "enumNumber",
    "flip64",
    "setInt64",
    "setUint64",
  ], ["Writer"]],
  ["../server.ts", [], ["CallContext"]],
  ["../stub.ts", ["putClient", "takeClient"], [
    "Call",
    "CallOptions",
    "Client",
  ]],
];

export interface PipelineEntry {
  field: string;
  index: number;
  type: string;
  thunk: string;
}

export class Names {
  readonly #schema: Schema;
  readonly #file: string;
  readonly #used = new Set<string>();

  constructor(schema: Schema, file: string) {
    this.#schema = schema;
    this.#file = file;
  }

  node(id: bigint) {
    const node = this.#schema.nodes.get(id);
    if (node === undefined) throw new Error(`No node @0x${id.toString(16)}`);
    return node;
  }

  struct(id: bigint): StructNode {
    const node = this.node(id);
    if (node.kind !== "struct") throw new Error(`${node.name} is no struct`);
    return node;
  }

  /** The node's name as this module writes it, with `before` put before the bare name: `common.decodeLabel`. */
  of(id: bigint, before = ""): string {
    const node = this.node(id);
    const bare = `${before}${node.name}`;
    if (node.file === this.#file) return bare;
    const module = moduleOf(node.file);
    this.#used.add(module);
    return `${module}.${bare}`;
  }

  /** Capabilities that can be reached from the struct, one step each. */
  pipeline(id: bigint, seen: readonly bigint[] = []): PipelineEntry[] {
    if (seen.includes(id)) return [];
    const entries: PipelineEntry[] = [];
    for (const field of this.struct(id).fields) {
      const { slot } = field;
      if (slot === undefined) continue;
      const { type, offset: index } = slot;
      if (type.kind === "interface") {
        const name = this.of(type.id);
        const thunk = `interface: () => ${name}`;
        entries.push({
          field: field.name,
          index,
          type: `${name}Client`,
          thunk,
        });
      } else if (type.kind === "struct") {
        if (this.pipeline(type.id, [...seen, id]).length === 0) continue;
        const name = this.of(type.id);
        const thunk = `struct: () => ${name}`;
        entries.push({
          field: field.name,
          index,
          type: `${name}Pipeline`,
          thunk,
        });
      }
    }
    return entries;
  }

  /** Import lines for a module with this body. */
  imports(body: string): string[] {
    const lines: string[] = [];
    const has = (name: string) => new RegExp(`\\b${name}\\b`).test(body);
    for (const [module, values, types] of RUNTIME) {
      const names = [
        ...values.filter(has),
        ...types.filter(has).map((name) => `type ${name}`),
      ];
      if (names.length > 0) {
        lines.push(`import { ${names.join(", ")} } from "${module}";`);
      }
    }
    for (const module of [...this.#used].sort()) {
      lines.push(`import * as ${module} from "./${module}.ts";`);
    }
    return lines;
  }
}

/** `common` of `rpc/schema/common.capnp`. */
export function moduleOf(file: string): string {
  return file.split("/").pop()!.replace(/\.capnp$/, "").replaceAll("-", "_");
}
