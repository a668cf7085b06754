/**
 * Which line of a runtime stands in for the version a repository asks for.
 *
 * ```
 * a line that fits what is asked -> the release's own if it fits, else the newest
 * none                           -> the next above, else the newest there is
 * ```
 *
 * Reads pins and ranges as npm, PEP 440, Composer and Cargo write them, as far
 * as whole lines can tell them apart. Never fails: what it cannot read asks for
 * nothing.
 *
 * @module
 */
import type { RuntimeFamily, RuntimeLine } from "./nixpkgs_release.ts";

export interface RuntimeChoice {
  line: RuntimeLine;
  /** What the flake says of it where it is not what was asked for. */
  note: string | null;
}

/** Longer is no version. */
const MAX_TEXT = 100;

/** Names of Node.js's long-term lines. */
const CODE_NAMES = new Map([
  ["argon", "4"],
  ["boron", "6"],
  ["carbon", "8"],
  ["dubnium", "10"],
  ["erbium", "12"],
  ["fermium", "14"],
  ["gallium", "16"],
  ["hydrogen", "18"],
  ["iron", "20"],
  ["jod", "22"],
  ["krypton", "24"],
]);

type Parts = readonly number[];

function partsOf(version: string): Parts {
  return version.split(".").slice(0, 3).map((part) =>
    /^\d{1,9}/.test(part) ? Number.parseInt(part, 10) : 0
  );
}

function compare(a: Parts, b: Parts, depth: number): number {
  for (let at = 0; at < depth; at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** One condition: an operator and the parts that were written. */
interface Comparator {
  operator: string;
  parts: Parts;
}

const COMPARATOR = /(>=|<=|===|==|~>|~=|!=|[><=^~])?\s*v?(\d[\d.*xX]{0,40})/g;

/** The conditions of one alternative. */
function comparatorsOf(text: string): Comparator[] {
  // "18 - 20" is from 18 to 20.
  const ranged = text.replace(
    /(\d[\d.]{0,40}) - v?(\d[\d.]{0,40})/,
    ">=$1 <=$2",
  );
  return [...ranged.matchAll(COMPARATOR)].map(([, operator = "", version]) => ({
    operator,
    parts: partsOf(
      (version ?? "").replace(/\.?[*xX].*$/, "").replace(/\.$/, ""),
    ),
  }));
}

/** Whether a line, which stands for all of its fixes, has a version that this allows. */
function allows(line: Parts, precision: number, one: Comparator): boolean {
  const depth = Math.min(precision, one.parts.length);
  const order = compare(line, one.parts, depth);
  switch (one.operator) {
    case ">":
    case ">=":
      return order >= 0;
    case "<": {
      // `<4` and `<4.0` leave out all of 4; `<3.12.5` still has 3.12.0.
      const isCut = one.parts.slice(precision).some((part) => part > 0);
      return isCut ? order <= 0 : compare(line, one.parts, precision) < 0;
    }
    case "<=":
      return order <= 0;
    case "!=":
      return one.parts.length > precision || order !== 0;
    case "^":
      // Of a zero version the second part is the one that breaks.
      return compare(line, one.parts, one.parts[0] === 0 ? depth : 1) === 0 &&
        order >= 0;
    case "~=":
    case "~>": {
      const fixed = Math.max(1, one.parts.length - 1);
      return compare(line, one.parts, Math.min(fixed, depth)) === 0 &&
        order >= 0;
    }
    default:
      return order === 0;
  }
}

function alternativesOf(asked: string): Comparator[][] {
  const named = /^lts\/([a-z]{3,20})$/i.exec(asked)?.[1]?.toLowerCase();
  const plain = named === undefined ? asked : CODE_NAMES.get(named) ?? "";
  return plain.split(/\|\|?/).map(comparatorsOf)
    .filter((comparators) => comparators.length > 0);
}

/** Java's 8 is written 1.8 too. */
function normalized(asked: string, family: RuntimeFamily): string {
  const text = asked.trim().slice(0, MAX_TEXT);
  return family.title === "Java" ? text.replace(/^1\.(?=\d)/, "") : text;
}

/** True when the line has just what was asked for, as far as that was said. */
function isExact(line: RuntimeLine, alternatives: Comparator[][]): boolean {
  const [only] = alternatives;
  const [first] = only ?? [];
  if (alternatives.length !== 1 || only?.length !== 1 || first === undefined) {
    return true;
  }
  if (!["", "=", "==", "==="].includes(first.operator)) return true;
  const has = partsOf(line.version);
  return first.parts.every((part, at) => part === has[at]);
}

/** Null only for a family without lines. */
export function chooseLine(
  family: RuntimeFamily,
  asked: string | null,
): RuntimeChoice | null {
  const { lines, precision } = family;
  const standard =
    lines.find(({ attribute }) => attribute === family.standard) ??
      lines.at(-1);
  if (standard === undefined) return null;
  const text = asked === null ? "" : normalized(asked, family);
  const alternatives = alternativesOf(text);
  if (alternatives.length === 0) return { line: standard, note: null };

  const fits = (line: RuntimeLine) =>
    alternatives.some((comparators) =>
      comparators.every((one) => allows(partsOf(line.version), precision, one))
    );
  const fitting = fits(standard) ? standard : lines.findLast(fits);
  if (fitting !== undefined) {
    const note = isExact(fitting, alternatives)
      ? null
      : `asked for ${asked}, nixpkgs has ${family.title} ${fitting.version}`;
    return { line: fitting, note };
  }
  const least = alternatives[0]?.[0]?.parts ?? [];
  const depth = Math.min(precision, least.length);
  const next =
    lines.find((line) => compare(partsOf(line.version), least, depth) > 0) ??
      lines.at(-1) ?? standard;
  return {
    line: next,
    note:
      `asked for ${asked}, which nixpkgs does not have: ${family.title} ${next.version} is the nearest`,
  };
}
