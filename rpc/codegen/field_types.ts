/**
 * The TypeScript type of a field, as read and as written, and what is known of
 * the wire's integers.
 *
 * @module
 */
import type { Names } from "./names.ts";
import type { Field, FieldType, Primitive } from "./schema.ts";

/** How one of the wire's integers is read, written and checked. */
export interface Integer {
  bytes: number;
  /** The argument for little-endian order, where there is an order. */
  order: string;
  get: string;
  set: string;
  min: number;
  max: number;
  /** Brings the xor with a default back into range. */
  wrap: (expression: string) => string;
  element: number;
}

/** Those that fit a number. */
export const INTEGERS: Partial<Record<Primitive, Integer>> = {
  uint8: integer(1, false),
  uint16: integer(2, false),
  uint32: integer(4, false),
  int8: integer(1, true),
  int16: integer(2, true),
  int32: integer(4, true),
};

function integer(bytes: 1 | 2 | 4, signed: boolean): Integer {
  const bits = bytes * 8;
  const kind = `${signed ? "Int" : "Uint"}${bits}`;
  const shift = 32 - bits;
  return {
    bytes,
    order: bytes === 1 ? "" : ", true",
    get: `get${kind}`,
    set: `set${kind}`,
    min: signed ? -(2 ** (bits - 1)) : 0,
    max: signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1,
    wrap: (expression) =>
      signed
        ? (shift === 0 ? expression : `(${expression}) << ${shift} >> ${shift}`)
        : `(${expression}) >>> 0`,
    element: { 1: 2, 2: 3, 4: 4 }[bytes],
  };
}

/** The type of what is read. */
export function outputType(field: Field, names: Names): string {
  if (field.group !== undefined) return names.of(field.group);
  const { type } = field.slot!;
  const text = valueType(type, names, false);
  return type.kind === "struct" ? `${text} | undefined` : text;
}

/** The type of what may be given to be written. */
export function inputType(field: Field, names: Names): string {
  if (field.group !== undefined) return `${names.of(field.group)}Input`;
  return valueType(field.slot!.type, names, true);
}

function valueType(type: FieldType, names: Names, input: boolean): string {
  switch (type.kind) {
    case "void":
      return "undefined";
    case "bool":
      return "boolean";
    case "text":
      return "string";
    case "data":
      return "Uint8Array";
    case "int64":
    case "uint64":
      return "number | bigint";
    case "enum":
      return names.of(type.id);
    case "struct":
      return names.of(type.id) + (input ? "Input" : "");
    case "interface":
      return `${names.of(type.id)}Client`;
    case "list": {
      const element = valueType(type.element, names, input);
      return `${input ? "readonly " : ""}(${element})[]`;
    }
    default:
      return "number";
  }
}

/** True for what lies in the data section, false for pointers. */
export function isData(type: FieldType): boolean {
  return !["text", "data", "list", "struct", "interface"].includes(type.kind);
}
