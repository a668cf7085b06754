/**
 * The expression that reads one field.
 *
 * In a decoder `r` is the reader, `s` the segment, `v` its view, `d` and `n`
 * the data section and its bytes, `p` and `q` the pointer section and its
 * pointers.
 *
 * @module
 */
import { INTEGERS, isData } from "./field_types.ts";
import type { Names } from "./names.ts";
import type { Field, FieldType, Primitive } from "./schema.ts";

/** An expression that gives the field's value. */
export function fieldDecoder(field: Field, names: Names): string {
  if (field.group !== undefined) {
    return `${names.of(field.group, "decode")}(r, s, d, n, p, q)`;
  }
  const { type, offset, default: base } = field.slot!;
  if (typeof base === "string") {
    if (base !== "") {
      throw new Error(`${field.name}: no support for defaults of texts`);
    }
  } else if (isData(type)) return dataDecoder(type, offset, base, names);
  const at = `p + ${offset * 8}`;
  const [read, none] = pointerDecoder(type, at, names);
  return `q > ${offset} ? ${read} : ${none}`;
}

function dataDecoder(
  type: FieldType,
  offset: number,
  base: bigint,
  names: Names,
): string {
  if (type.kind === "void") return "undefined";
  if (type.kind === "bool") {
    const byte = offset >> 3;
    const mask = 1 << (offset & 7);
    return base === 0n
      ? `n > ${byte} && (v.getUint8(d + ${byte}) & ${mask}) !== 0`
      : `n <= ${byte} || (v.getUint8(d + ${byte}) & ${mask}) === 0`;
  }
  const small =
    INTEGERS[type.kind === "enum" ? "uint16" : type.kind as Primitive];
  if (small !== undefined) {
    const at = offset * small.bytes;
    const raw = `n >= ${
      at + small.bytes
    } ? v.${small.get}(d + ${at}${small.order}) : 0`;
    const number = base === 0n
      ? raw
      : small.wrap(`(${raw}) ^ ${BigInt.asIntN(32, base)}`);
    return type.kind === "enum"
      ? `${names.of(type.id, "decode")}(${number})`
      : number;
  }
  const wide = { int64: "Int64", uint64: "Uint64", float64: "Float64" }[
    type.kind as string
  ];
  if (wide !== undefined) {
    const at = offset * 8;
    const low = Number(base & 0xffff_ffffn);
    const high = Number(base >> 32n);
    if (base !== 0n) {
      return `get${wide}Default(n >= ${
        at + 8
      } ? v : undefined, d + ${at}, ${low}, ${high})`;
    }
    const get = wide === "Float64"
      ? `v.getFloat64(d + ${at}, true)`
      : `get${wide}(v, d + ${at})`;
    return `n >= ${at + 8} ? ${get} : 0`;
  }
  if (type.kind !== "float32" || base !== 0n) {
    throw new Error(`no support for a default of ${type.kind}`);
  }
  const at = offset * 4;
  return `n >= ${at + 4} ? v.getFloat32(d + ${at}, true) : 0`;
}

/** Code that reads the pointer, and what stands for a pointer that is not there. */
function pointerDecoder(
  type: FieldType,
  at: string,
  names: Names,
): [string, string] {
  switch (type.kind) {
    case "text":
      return [`r.text(s, ${at})`, '""'];
    case "data":
      return [`r.dataOf(s, ${at})`, "new Uint8Array(0)"];
    case "struct":
      return [
        `r.struct(s, ${at}, ${names.of(type.id, "decode")})`,
        "undefined",
      ];
    case "interface": {
      const name = names.of(type.id);
      return [
        `takeClient(r, s, ${at}, ${name})`,
        `takeClient(r, s, -1, ${name})`,
      ];
    }
    case "list":
      return [listDecoder(type.element, at, names), "[]"];
    default:
      throw new Error(`${type.kind} is no pointer`);
  }
}

function listDecoder(element: FieldType, at: string, names: Names): string {
  switch (element.kind) {
    case "void":
      return `r.voids(s, ${at})`;
    case "bool":
      return `r.bools(s, ${at})`;
    case "struct":
      return `r.structs(s, ${at}, ${names.of(element.id, "decode")})`;
    case "text":
    case "data":
    case "interface":
    case "list": {
      const [read] = pointerDecoder(element, "at", names);
      return `r.pointerList(s, ${at}, (r, s, at) => ${read})`;
    }
    case "enum":
      return `r.numbers(s, ${at}, 2, (v, at) => ${
        names.of(element.id, "decode")
      }(v.getUint16(at, true)))`;
    case "int64":
      return `r.numbers(s, ${at}, 8, getInt64)`;
    case "uint64":
      return `r.numbers(s, ${at}, 8, getUint64)`;
    case "float32":
      return `r.numbers(s, ${at}, 4, (v, at) => v.getFloat32(at, true))`;
    case "float64":
      return `r.numbers(s, ${at}, 8, (v, at) => v.getFloat64(at, true))`;
    default: {
      const { bytes, get, order } = INTEGERS[element.kind]!;
      return `r.numbers(s, ${at}, ${bytes}, (v, at) => v.${get}(at${order}))`;
    }
  }
}
