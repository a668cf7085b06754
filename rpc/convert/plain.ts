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

/** A plain object under construction. Filled key by key: spreads cost a third of a publish. */
export type Plain = Record<string, unknown>;

/** Sets the key unless the value is what the wire has for "not given". */
export function setGiven(
  plain: Plain,
  key: string,
  value: string | number,
): void {
  if (value !== "" && value !== 0) plain[key] = value;
}

export function toPairs(
  map: Readonly<Record<string, string>>,
): { key: string; value: string }[] {
  return Object.entries(map).map(([key, value]) => ({ key, value }));
}

/** The pairs as an object. */
export function fromPairs(
  pairs: readonly { key: string; value: string }[],
  what: () => string,
): Record<string, string> {
  const map: Record<string, string> = {};
  for (const { key, value } of pairs) {
    // Setting __proto__ would set no key.
    if (key === "__proto__" || Object.hasOwn(map, key)) {
      throw new AppError(
        "invalid",
        `Cannot read ${what()}: the key "${key}" is there twice or reserved`,
      );
    }
    map[key] = value;
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
