/**
 * How long to wait before the master is tried again. Pure.
 *
 * @module
 */

/** A master that restarts is back within a second. */
const FIRST_MS = 200;
/** Below a lease: one try always falls into it. */
const MAX_MS = 3000;

/** The wait after `failures` in a row, spread by `draw` (0 to 1) so that workers do not come back all at once. */
export function backOffMs(failures: number, draw: number): number {
  const doublings = Math.min(Math.max(failures - 1, 0), 10);
  const longest = Math.min(MAX_MS, FIRST_MS * 2 ** doublings);
  return Math.round(longest * (0.5 + draw / 2));
}
