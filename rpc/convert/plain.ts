/**
 * Small pieces that the conversions share.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";

/** A 64-bit value as a number. One above 2^53-1 is refused: rounded, it would be another value. */
export function counter(value: number | bigint, field: string): number {
  if (typeof value === "number") return value;
  throw new AppError(
    "invalid",
    `Cannot read ${field}: ${value} is more than 2^53-1`,
    { hint: "use numbers up to 9007199254740991" },
  );
}

/** `{ [key]: value }` for a text that was given, nothing for an empty one. */
export function given<K extends string>(
  key: K,
  value: string | number | undefined,
): { [key in K]?: string | number } {
  return value === "" || value === 0 || value === undefined
    ? {}
    : { [key]: value } as { [key in K]: string | number };
}

export function toPairs(
  map: Readonly<Record<string, string>>,
): { key: string; value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

/** The pairs as an object. */
export function fromPairs(
  pairs: readonly { key: string; value: string }[],
  field: string,
): Record<string, string> {
  const map = Object.fromEntries(pairs.map(({ key, value }) => [key, value]));
  if (Object.keys(map).length !== pairs.length) {
    throw new AppError("invalid", `Cannot read ${field}: a key is there twice`);
  }
  return map;
}

/** The inverse of a table of names. */
export function invert<A extends string, B extends string>(
  table: Readonly<Record<A, B>>,
): Readonly<Record<B, A>> {
  return Object.fromEntries(
    Object.entries(table).map(([a, b]) => [b, a]),
  ) as Record<B, A>;
}

/** The name's counterpart; what is unknown stays, for zod to refuse. */
export function mapped(
  table: Readonly<Record<string, string>>,
  name: string | number,
): string | number {
  return typeof name === "string" && Object.hasOwn(table, name)
    ? table[name]!
    : name;
}
