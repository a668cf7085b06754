/**
 * The figure that stands for several runs.
 *
 * @module
 */

/** The one in the middle: a run that the machine's other load met does not count. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
