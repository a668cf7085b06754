/**
 * The statement that writes one field.
 *
 * In an encoder `w` is the writer, `x` the value, `at` the data section, `p`
 * the pointer section.
 *
 * @module
 */
import { type Integer, INTEGERS, isData } from "./field_types.ts";
import type { Names } from "./names.ts";
import type { Field, FieldType, Primitive, StructNode } from "./schema.ts";

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
