/**
 * Versions and ranges of them: what the operator `version` compares. Like
 * semver, but as many parts as Linux distributions and kernels use. Pure text;
 * knows nothing of workers.
 *
 * A version is `[v]1[.2[.3[.4]]][-pre][+build]`; parts that are missing are 0,
 * build is ignored. A pre-release is below its release and otherwise compared
 * as semver has it: `2.0.0-rc.1` is below `2.0.0`, so `< 2` holds for it; write
 * `< 2-0` to keep it out, for `-0` is the lowest pre-release there is.
 *
 * A range is a list such as `>= 1.2, < 2`: all of it must hold.
 *
 * @module
 */

interface Version {
  parts: number[];
  /** Empty: a release. */
  pre: string[];
}

type Comparison = "=" | "!=" | ">" | ">=" | "<" | "<=";

export interface Bound {
  comparison: Comparison;
  version: Version;
}

/** Fifteen digits are JS-safe; build stamps such as 20261123120000 have fourteen. */
const VERSION =
  /^v?(\d{1,15}(?:\.\d{1,15}){0,3})(?:-([0-9A-Za-z-]{1,64}(?:\.[0-9A-Za-z-]{1,64}){0,7}))?(?:\+[0-9A-Za-z.-]{0,64})?$/;
const BOUND = /^(=|!=|>=|<=|>|<)?\s{0,8}(\S{1,256})$/;
/** Bounds in one range: two make an interval, a few more cut versions out. */
const MAX_BOUNDS = 16;
/** Longest text that is looked at; longer ones are no versions. */
const MAX_TEXT = 512;

/** Parses a version; null when it is none. */
export function parseVersion(text: string): Version | null {
  if (text.length > MAX_TEXT) return null;
  const found = VERSION.exec(text.trim());
  if (found === null) return null;
  const [, numbers = "", pre] = found;
  return {
    parts: numbers.split(".").map(Number),
    pre: pre === undefined ? [] : pre.split("."),
  };
}

/** Numbers are below words, and among themselves by value. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumberA, isNumberB] = [/^\d{1,15}$/.test(a), /^\d{1,15}$/.test(b)];
  if (isNumberA && isNumberB) return Math.sign(Number(a) - Number(b));
  if (isNumberA !== isNumberB) return isNumberA ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Below 0: `a` is older. */
export function compareVersions(a: Version, b: Version): number {
  for (let i = 0; i < Math.max(a.parts.length, b.parts.length); i++) {
    const difference = (a.parts[i] ?? 0) - (b.parts[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  if (a.pre.length === 0 || b.pre.length === 0) {
    return Math.sign(b.pre.length - a.pre.length);
  }
  for (let i = 0; i < Math.max(a.pre.length, b.pre.length); i++) {
    const [left, right] = [a.pre[i], b.pre[i]];
    if (left === undefined) return -1;
    if (right === undefined) return 1;
    const order = compareIdentifiers(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

/** Parses a range, or says what is wrong with it. */
export function parseRange(text: string): Bound[] | { problem: string } {
  if (text.length > MAX_TEXT) {
    return { problem: `is longer than ${MAX_TEXT} characters` };
  }
  const items = text.split(",").map((item) => item.trim());
  if (items.length > MAX_BOUNDS) {
    return { problem: `has more than ${MAX_BOUNDS} comparisons` };
  }
  const bounds: Bound[] = [];
  for (const item of items) {
    const [, sign = "=", rest = ""] = BOUND.exec(item) ?? [];
    const version = parseVersion(rest);
    if (version === null) {
      return {
        problem:
          `has "${item}", which is no comparison: write for example >= 1.2, < 2`,
      };
    }
    bounds.push({ comparison: sign as Comparison, version });
  }
  return bounds;
}

/** True when a version is within all bounds. */
export function isWithin(version: Version, bounds: readonly Bound[]): boolean {
  return bounds.every((bound) => {
    const order = compareVersions(version, bound.version);
    switch (bound.comparison) {
      case "=":
        return order === 0;
      case "!=":
        return order !== 0;
      case ">":
        return order > 0;
      case ">=":
        return order >= 0;
      case "<":
        return order < 0;
      case "<=":
        return order <= 0;
    }
  });
}
