/**
 * A compiled schema (CodeGeneratorRequest) as plain values: the part of it
 * that the generator supports. Reads through capnp-es, once.
 *
 * @module
 */
import * as capnp from "capnp-es";
import * as wire from "capnp-es/capnp/schema";

export type FieldType =
  | { kind: Primitive }
  | { kind: "text" | "data" }
  | { kind: "list"; element: FieldType }
  | { kind: "enum" | "struct" | "interface"; id: bigint };

export type Primitive =
  | "void"
  | "bool"
  | "int8"
  | "int16"
  | "int32"
  | "int64"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "float32"
  | "float64";

export interface Field {
  name: string;
  /** Value of the union's tag; undefined outside the union. */
  tag: number | undefined;
  slot?: {
    type: FieldType;
    offset: number;
    /** Bits for numbers and enums, the text for texts. */
    default: bigint | string;
  };
  /** Id of the group's node. */
  group?: bigint;
}

export interface StructNode {
  kind: "struct";
  id: bigint;
  name: string;
  file: string;
  dataWords: number;
  pointerWords: number;
  isGroup: boolean;
  discriminantCount: number;
  /** In units of 16 bits. */
  discriminantOffset: number;
  fields: Field[];
}

export interface EnumNode {
  kind: "enum";
  id: bigint;
  name: string;
  file: string;
  enumerants: string[];
}

export interface InterfaceNode {
  kind: "interface";
  id: bigint;
  name: string;
  file: string;
  methods: { name: string; params: bigint; results: bigint }[];
  superclasses: bigint[];
}

export type SchemaNode = StructNode | EnumNode | InterfaceNode;

export interface Schema {
  nodes: Map<bigint, SchemaNode>;
  /** Requested files: id to path. */
  files: Map<bigint, string>;
}

const PRIMITIVES: Readonly<Record<number, Primitive>> = {
  [wire.Type_Which.VOID]: "void",
  [wire.Type_Which.BOOL]: "bool",
  [wire.Type_Which.INT8]: "int8",
  [wire.Type_Which.INT16]: "int16",
  [wire.Type_Which.INT32]: "int32",
  [wire.Type_Which.INT64]: "int64",
  [wire.Type_Which.UINT8]: "uint8",
  [wire.Type_Which.UINT16]: "uint16",
  [wire.Type_Which.UINT32]: "uint32",
  [wire.Type_Which.UINT64]: "uint64",
  [wire.Type_Which.FLOAT32]: "float32",
  [wire.Type_Which.FLOAT64]: "float64",
};

/** Reads what `capnp compile -o-` prints. */
export function readSchema(bytes: Uint8Array): Schema {
  const message = new capnp.Message(bytes, false);
  message._capnp.traversalLimit = Number.MAX_SAFE_INTEGER;
  const request = message.getRoot(wire.CodeGeneratorRequest);
  const files = new Map<bigint, string>();
  for (const file of [...request.requestedFiles]) {
    files.set(file.id, file.filename);
  }
  const nodes = new Map<bigint, SchemaNode>();
  for (const node of [...request.nodes]) {
    const read = readNode(node);
    if (read !== undefined) nodes.set(read.id, read);
  }
  return { nodes, files };
}

function readNode(node: wire.Node): SchemaNode | undefined {
  if (node.isGeneric) throw unsupported(node.displayName, "generics");
  const common = { id: node.id, ...nameOf(node) };
  if (node._isStruct) return { ...common, ...readStruct(node) };
  if (node._isEnum) {
    const enumerants = [...node.enum.enumerants].map((each) => each.name);
    return { ...common, kind: "enum", enumerants };
  }
  if (!node._isInterface) return undefined;
  return {
    ...common,
    kind: "interface",
    methods: [...node.interface.methods].map((method) => ({
      name: method.name,
      params: method.paramStructType,
      results: method.resultStructType,
    })),
    superclasses: [...node.interface.superclasses].map((each) => each.id),
  };
}

/** `HealthCheckKind` of `common.capnp:HealthCheck.Kind`, `GateLoginParams` of a method's parameters. */
function nameOf(node: wire.Node): { name: string; file: string } {
  const colon = node.displayName.indexOf(":");
  const file = node.displayName.slice(0, colon);
  const name = node.displayName.slice(colon + 1)
    .split(/[.$]/)
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join("");
  return { name, file };
}

function readStruct(
  node: wire.Node,
): Omit<StructNode, "id" | "name" | "file"> {
  const { struct } = node;
  return {
    kind: "struct",
    dataWords: struct.dataWordCount,
    pointerWords: struct.pointerCount,
    isGroup: struct.isGroup,
    discriminantCount: struct.discriminantCount,
    discriminantOffset: struct.discriminantOffset,
    fields: [...struct.fields].map((field) => readField(node, field)),
  };
}

function readField(node: wire.Node, field: wire.Field): Field {
  const where = `${node.displayName}.${field.name}`;
  const tag = field.discriminantValue === 0xffff
    ? undefined
    : field.discriminantValue;
  if (field._isGroup) {
    return { name: field.name, tag, group: field.group.typeId };
  }
  const type = readType(field.slot.type, where);
  return {
    name: field.name,
    tag,
    slot: {
      type,
      offset: field.slot.offset,
      default: readDefault(field.slot, where),
    },
  };
}

function readType(type: wire.Type, where: string): FieldType {
  const primitive = PRIMITIVES[type.which()];
  if (primitive !== undefined) return { kind: primitive };
  if (type._isText) return { kind: "text" };
  if (type._isData) return { kind: "data" };
  if (type._isList) {
    return { kind: "list", element: readType(type.list.elementType, where) };
  }
  if (type._isEnum) return { kind: "enum", id: type.enum.typeId };
  if (type._isStruct) return { kind: "struct", id: type.struct.typeId };
  if (type._isInterface) {
    return { kind: "interface", id: type.interface.typeId };
  }
  throw unsupported(where, "AnyPointer");
}

const SCRATCH = new DataView(new ArrayBuffer(8));

function readDefault(slot: wire.Field_Slot, where: string): bigint | string {
  const value = slot.defaultValue;
  if (value._isText) return value.text;
  if (!slot.hadExplicitDefault) return 0n;
  SCRATCH.setBigUint64(0, 0n, true);
  if (value._isBool) return value.bool ? 1n : 0n;
  if (value._isInt8) SCRATCH.setInt8(0, value.int8);
  else if (value._isInt16) SCRATCH.setInt16(0, value.int16, true);
  else if (value._isInt32) SCRATCH.setInt32(0, value.int32, true);
  else if (value._isInt64) SCRATCH.setBigInt64(0, value.int64, true);
  else if (value._isUint8) SCRATCH.setUint8(0, value.uint8);
  else if (value._isUint16) SCRATCH.setUint16(0, value.uint16, true);
  else if (value._isUint32) SCRATCH.setUint32(0, value.uint32, true);
  else if (value._isUint64) SCRATCH.setBigUint64(0, value.uint64, true);
  else if (value._isFloat64) SCRATCH.setFloat64(0, value.float64, true);
  else if (value._isEnum) SCRATCH.setUint16(0, value.enum, true);
  else if (value._isFloat32) SCRATCH.setFloat32(0, value.float32, true);
  else if (!value._isVoid) {
    throw unsupported(where, "defaults of lists, data and structs");
  }
  return SCRATCH.getBigUint64(0, true);
}

function unsupported(where: string, what: string): Error {
  return new Error(`Cannot generate code for ${where}: no support for ${what}`);
}
