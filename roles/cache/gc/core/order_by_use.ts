/**
 * Paths by their last use, the latest first, in steps that others can run
 * between: a sort of a million with a comparison takes a second at a stretch.
 *
 * @module
 */

const DIGIT_BITS = 16;
const DIGITS = 1 << DIGIT_BITS;

/** A radix sort; yields between its passes and some times within them. */
export function* orderByUse(
  usedSecond: Uint32Array,
  sliceSteps: number,
): Generator<void, Uint32Array> {
  let order: Uint32Array = new Uint32Array(usedSecond.length);
  for (let at = 0; at < order.length; at++) order[at] = at;
  for (let shift = 0; shift < 32; shift += DIGIT_BITS) {
    const starts = new Uint32Array(DIGITS);
    const digitOf = (path: number) =>
      DIGITS - 1 - (((usedSecond[path] ?? 0) >>> shift) & (DIGITS - 1));
    for (let at = 0; at < order.length; at++) {
      const digit = digitOf(at);
      starts[digit] = (starts[digit] ?? 0) + 1;
      if (at % sliceSteps === 0) yield;
    }
    let before = 0;
    for (let digit = 0; digit < DIGITS; digit++) {
      const size = starts[digit] ?? 0;
      starts[digit] = before;
      before += size;
    }
    const sorted = new Uint32Array(order.length);
    for (let at = 0; at < order.length; at++) {
      const path = order[at] ?? 0;
      const digit = digitOf(path);
      const place = starts[digit] ?? 0;
      sorted[place] = path;
      starts[digit] = place + 1;
      if (at % sliceSteps === 0) yield;
    }
    order = sorted;
  }
  return order;
}
