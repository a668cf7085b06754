/**
 * Durations as people write them: `90`, `30s`, `5m`, `1h`, `2d`. Pure.
 *
 * @module
 */

const UNIT_MS: Readonly<Record<string, number>> = {
  "": 1000,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Milliseconds; null for what is no duration. Seconds when there is no unit. */
export function durationMsOf(text: string): number | null {
  const [, count, unit = ""] = /^([0-9]{1,9})([smhd]?)$/.exec(text) ?? [];
  const unitMs = UNIT_MS[unit];
  return count === undefined || unitMs === undefined
    ? null
    : Number(count) * unitMs;
}
