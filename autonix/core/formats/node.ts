/**
 * A parsed file, whatever its format: values that know their line.
 *
 * Maps are Maps: no name in a repository reaches a prototype. An alias of YAML
 * is the same node twice, never a copy, so that a bomb stays as small as its
 * text.
 *
 * @module
 */

export type Scalar = string | number | boolean | null;

export interface Node {
  /** From 1: where the value begins; of a map's entry, where its key stands. */
  readonly line: number;
  readonly value: Scalar | readonly Node[] | ReadonlyMap<string, Node>;
}

/** A file that is no such format; the line is null when its parser names none. */
export class FormatError extends Error {
  override readonly name = "FormatError";
  readonly line: number | null;

  constructor(message: string, line: number | null = null) {
    super(message);
    this.line = line;
  }
}

/** A manifest has thousands at most; what has more was made to be slow. */
export const MAX_NODES = 200_000;
/** Parsers call themselves for each level. */
export const MAX_DEPTH = 200;

/**
 * Ends a file before its parser takes seconds to find out the same: `marks` are
 * characters that come once for each value at most. Those within texts count
 * too, which no manifest comes near.
 */
export function refuseMany(text: string, marks: string): void {
  const codes = new Set([...marks].map((mark) => mark.charCodeAt(0)));
  let left = MAX_NODES;
  for (let at = 0; at < text.length; at++) {
    if (codes.has(text.charCodeAt(at)) && --left < 0) {
      throw new FormatError(`holds more than ${MAX_NODES} values`);
    }
  }
}

/** What a parser's error says of itself; a parser that ran out of stack says nothing useful. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (message.startsWith("Maximum call stack")) {
    return "nested too deep, or too long a text";
  }
  return message.split("\n", 1)[0] ?? "";
}

/** What lies at `keys`, by name in maps and by number in lists. */
export function at(
  node: Node | null | undefined,
  ...keys: readonly (string | number)[]
): Node | null {
  let here: Node | null | undefined = node;
  for (const key of keys) {
    const value: unknown = here?.value;
    if (value instanceof Map) here = value.get(String(key));
    else if (Array.isArray(value) && typeof key === "number") here = value[key];
    else return null;
  }
  return here ?? null;
}

/** The text of a node; null for anything that is none. */
export function textOf(node: Node | null | undefined): string | null {
  return typeof node?.value === "string" ? node.value : null;
}

/** Text, or a number or truth value as it would be written; null for the rest. */
export function scalarText(node: Node | null | undefined): string | null {
  const value = node?.value;
  return value === null || value === undefined || typeof value === "object"
    ? null
    : String(value);
}

/** Entries of a map, in the order of the file; none for anything else. */
export function entriesOf(
  node: Node | null | undefined,
): readonly (readonly [string, Node])[] {
  return node?.value instanceof Map ? [...node.value.entries()] : [];
}

function isList(value: Node["value"]): value is readonly Node[] {
  return Array.isArray(value);
}

/** Items of a list; none for anything else. */
export function itemsOf(node: Node | null | undefined): readonly Node[] {
  return node !== null && node !== undefined && isList(node.value)
    ? node.value
    : [];
}

/** Line of an offset, from 1, in O(log n): made once for a text. */
export function lineFinder(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) {
    starts.push(at + 1);
  }
  return (offset) => {
    let low = 0;
    let high = starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

/** Counts what is made of a file, and ends it where it is too much. */
export class Budget {
  #left = MAX_NODES;

  spend(depth: number, line: number): void {
    if (depth > MAX_DEPTH) {
      throw new FormatError(`nested more than ${MAX_DEPTH} deep`, line);
    }
    this.#left -= 1;
    if (this.#left < 0) {
      throw new FormatError(`holds more than ${MAX_NODES} values`, line);
    }
  }
}
