/**
 * How long until something, in words. Pure.
 *
 * @module
 */

const UNITS: readonly [number, string][] = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
];

/** `in 3 hours`; `soon` for less than a minute and for what is due. */
export function untilText(ms: number): string {
  for (const [unit, name] of UNITS) {
    const count = Math.floor(ms / unit);
    if (count >= 1) return `in ${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return "soon";
}
