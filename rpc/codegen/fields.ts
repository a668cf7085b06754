/**
 * Code for one field: its types, and the expressions that read and write it.
 *
 * In a decoder `r` is the reader, `s` the segment, `v` its view, `d` and `n`
 * the data section and its bytes, `p` and `q` the pointer section and its
 * pointers; in an encoder `w` is the writer, `x` the value, `at` the data
 * section, `p` the pointer section.
 *
 * @module
 */
import type { Names } from "./names.ts";
import type { Field, FieldType, Primitive, StructNode } from "./schema.ts";

interface Integer {
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

const INTEGERS: Partial<Record<Primitive, Integer>> = {
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

export function outputType(field: Field, names: Names): string {
  if (field.group !== undefined) return names.of(field.group);
  const { type } = field.slot!;
  const text = valueType(type, names, false);
  return type.kind === "struct" ? `${text} | undefined` : text;
}

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

function isData(type: FieldType): boolean {
  return !["text", "data", "list", "struct", "interface"].includes(type.kind);
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

/** A statement that writes the field when it is given. */
export function fieldEncoder(
  node: StructNode,
  field: Field,
  names: Names,
): string {
  const value = `x.${field.name}`;
  if (field.group !== undefined) {
    return `if (${value} !== undefined) ${
      names.of(field.group, "encode")
    }(w, ${value}, at);`;
  }
  const { type, offset, default: base } = field.slot!;
  if (type.kind === "void") return `void ${value};`;
  const label = `"${node.name}.${field.name}"`;
  if (isData(type)) {
    return dataEncoder(type, {
      value,
      label,
      offset,
      base: base as bigint,
      names,
    });
  }
  const write = pointerEncoder(type, {
    value,
    at: `p + ${offset * 8}`,
    names,
    label,
  });
  const given = type.kind === "struct" || type.kind === "interface"
    ? `${value} !== undefined`
    // Null reads the same, and takes no room.
    : `${value} !== undefined && ${value}.length !== 0`;
  return `if (${given}) ${write};`;
}

function dataEncoder(
  type: FieldType,
  slot: {
    value: string;
    label: string;
    offset: number;
    base: bigint;
    names: Names;
  },
): string {
  const { value, label, offset, base, names } = slot;
  if (type.kind === "bool") {
    const byte = offset >> 3;
    return `if (${value} === ${
      base === 0n
    }) w.view.setUint8(at + ${byte}, w.view.getUint8(at + ${byte}) | ${
      1 << (offset & 7)
    });`;
  }
  const given = `if (${value} !== undefined)`;
  if (type.kind === "enum") {
    const number = `enumNumber(${value}, ${
      names.of(type.id)
    }Numbers, ${label})`;
    const xor = base === 0n ? "" : ` ^ ${base}`;
    return `${given} w.view.setUint16(at + ${
      offset * 2
    }, ${number}${xor}, true);`;
  }
  const small = INTEGERS[type.kind as Primitive];
  if (small !== undefined) {
    const number = checked(small, value, label);
    const xor = base === 0n ? "" : ` ^ ${BigInt.asIntN(32, base)}`;
    return `${given} w.view.${small.set}(at + ${
      offset * small.bytes
    }, ${number}${xor}${small.order});`;
  }
  if (type.kind === "float32") {
    return `${given} w.view.setFloat32(at + ${offset * 4}, ${value}, true);`;
  }
  const at = `at + ${offset * 8}`;
  const set = type.kind === "float64"
    ? `w.view.setFloat64(${at}, ${value}, true)`
    : `set${
      type.kind === "int64" ? "Int64" : "Uint64"
    }(w.view, ${at}, ${value}, ${label})`;
  if (base === 0n) return `${given} ${set};`;
  const low = Number(base & 0xffff_ffffn);
  const high = Number(base >> 32n);
  return `${given} { ${set}; flip64(w.view, ${at}, ${low}, ${high}); }`;
}

function checked(small: Integer, value: string, label: string): string {
  return `checkInteger(${value}, ${small.min}, ${small.max}, ${label})`;
}

function pointerEncoder(
  type: FieldType,
  place: { value: string; at: string; names: Names; label: string },
): string {
  const { value, at, names, label } = place;
  switch (type.kind) {
    case "text":
      return `w.text(${at}, ${value})`;
    case "data":
      return `w.data(${at}, ${value})`;
    case "struct": {
      const { dataWords, pointerWords } = names.struct(type.id);
      return `${
        names.of(type.id, "encode")
      }(w, ${value}, w.struct(${at}, ${dataWords}, ${pointerWords}))`;
    }
    case "interface":
      return `putClient(w, ${at}, ${value})`;
    case "list":
      return listEncoder(type.element, { value, at, names, label });
    default:
      throw new Error(`${type.kind} is no pointer`);
  }
}

function listEncoder(
  element: FieldType,
  place: { value: string; at: string; names: Names; label: string },
): string {
  const { value, at, names, label } = place;
  switch (element.kind) {
    case "void":
      return `w.list(${at}, 0, ${value}.length, 0)`;
    case "bool":
      return `w.bools(${at}, ${value})`;
    case "struct": {
      const { dataWords, pointerWords } = names.struct(element.id);
      return `w.structs(${at}, ${value}, { dataWords: ${dataWords}, pointerWords: ${pointerWords}, write: ${
        names.of(element.id, "encode")
      } })`;
    }
    case "text":
    case "data":
    case "interface":
    case "list": {
      const write = pointerEncoder(element, {
        value: "x",
        at: "at",
        names,
        label,
      });
      return `w.pointers(${at}, ${value}, (w, at, x) => ${write})`;
    }
    case "enum":
      return numbers(
        place,
        3,
        2,
        `w.view.setUint16(at, enumNumber(x, ${
          names.of(element.id)
        }Numbers, ${label}), true)`,
      );
    case "int64":
      return numbers(place, 5, 8, `setInt64(w.view, at, x, ${label})`);
    case "uint64":
      return numbers(place, 5, 8, `setUint64(w.view, at, x, ${label})`);
    case "float32":
      return numbers(place, 4, 4, "w.view.setFloat32(at, x, true)");
    case "float64":
      return numbers(place, 5, 8, "w.view.setFloat64(at, x, true)");
    default: {
      const small = INTEGERS[element.kind]!;
      return numbers(
        place,
        small.element,
        small.bytes,
        `w.view.${small.set}(at, ${checked(small, "x", label)}${small.order})`,
      );
    }
  }
}

function numbers(
  place: { value: string; at: string },
  element: number,
  size: number,
  write: string,
): string {
  return `w.numbers(${place.at}, ${place.value}, { element: ${element}, size: ${size}, write: (w, at, x) => ${write} })`;
}
