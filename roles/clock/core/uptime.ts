/**
 * The text of `/proc/uptime`.
 *
 * @module
 */

/**
 * Whole milliseconds since boot. The kernel writes seconds with two decimals, and
 * most of those times 1000 are no whole number in binary: what is counted and sent
 * as milliseconds must be one.
 */
export function parseUptimeMs(text: string): number {
  return Math.round(Number.parseFloat(text) * 1000);
}
