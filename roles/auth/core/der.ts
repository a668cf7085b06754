/**
 * The few DER encodings (X.690) that a certificate needs. Encodes only: what
 * others made is read by node:crypto.
 *
 * @module
 */

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Concatenates. */
export function joinBytes(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) {
    bytes.unshift(rest % 256);
  }
  return [0x80 | bytes.length, ...bytes];
}

/** Tag, length, contents. */
export function der(tag: number, ...contents: Uint8Array[]): Uint8Array {
  const content = joinBytes(contents);
  return joinBytes([
    Uint8Array.of(tag, ...lengthBytes(content.length)),
    content,
  ]);
}

export const sequence = (...parts: Uint8Array[]) => der(TAG.sequence, ...parts);
export const set = (...parts: Uint8Array[]) => der(TAG.set, ...parts);
export const octetString = (bytes: Uint8Array) => der(TAG.octetString, bytes);
export const boolean = (value: boolean) =>
  der(TAG.boolean, Uint8Array.of(value ? 0xff : 0));
export const utf8 = (text: string) =>
  der(TAG.utf8, new TextEncoder().encode(text));
/** `[n]` around a whole encoding. */
export const explicit = (n: number, content: Uint8Array) =>
  der(0xa0 | n, content);
/** `[n]` in place of a primitive type's own tag. */
export const implicit = (n: number, bytes: Uint8Array) => der(0x80 | n, bytes);

/** A positive integer, big-endian. */
export function integer(bytes: Uint8Array): Uint8Array {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start++;
  const digits = bytes.subarray(start);
  const first = digits[0] ?? 0;
  return first >= 0x80
    ? der(TAG.integer, Uint8Array.of(0), digits)
    : der(TAG.integer, digits);
}

/** Bits, of which the last byte leaves `unused` out. */
export function bitString(bytes: Uint8Array, unused = 0): Uint8Array {
  return der(TAG.bitString, Uint8Array.of(unused), bytes);
}

/** An object identifier from `1.2.840`. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split(".").map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc % 128];
    for (
      let left = Math.floor(arc / 128);
      left > 0;
      left = Math.floor(left / 128)
    ) {
      digits.unshift(0x80 | (left % 128));
    }
    bytes.push(...digits);
  }
  return der(TAG.oid, Uint8Array.from(bytes));
}

/** RFC 5280: UTCTime through 2049, GeneralizedTime from 2050. Milliseconds since the epoch. */
export function time(atMs: number): Uint8Array {
  const digits = new Date(atMs).toISOString().replace(/\.\d+Z$/, "Z").replace(
    /[-:T]/g,
    "",
  );
  const early = digits < "2050";
  return der(
    early ? TAG.utcTime : TAG.generalizedTime,
    new TextEncoder().encode(early ? digits.slice(2) : digits),
  );
}
