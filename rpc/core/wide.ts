/**
 * Reading 64-bit fields: numbers as far as they are exact, bigints beyond.
 *
 * @module
 */

/** An unsigned 64-bit value: a number up to 2^53-1, a bigint above. */
export function getUint64(view: DataView, at: number): number | bigint {
  const value = view.getUint32(at + 4, true) * 0x1_0000_0000 +
    view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : view.getBigUint64(at, true);
}

/** A signed 64-bit value: a number within ±(2^53-1), a bigint beyond. */
export function getInt64(view: DataView, at: number): number | bigint {
  const value = view.getInt32(at + 4, true) * 0x1_0000_0000 +
    view.getUint32(at, true);
  return Number.isSafeInteger(value) ? value : view.getBigInt64(at, true);
}

/** `getUint64` with the bits of a default flipped. */
export function getUint64Default(
  view: DataView | undefined,
  at: number,
  low: number,
  high: number,
): number | bigint {
  const scratch = flipped(view, at, low, high);
  return getUint64(scratch, 0);
}

/** `getInt64` with the bits of a default flipped. */
export function getInt64Default(
  view: DataView | undefined,
  at: number,
  low: number,
  high: number,
): number | bigint {
  return getInt64(flipped(view, at, low, high), 0);
}

/** `getFloat64` with the bits of a default flipped. */
export function getFloat64Default(
  view: DataView | undefined,
  at: number,
  low: number,
  high: number,
): number {
  return flipped(view, at, low, high).getFloat64(0, true);
}

const SCRATCH_VIEW = new DataView(new ArrayBuffer(8));

function flipped(
  view: DataView | undefined,
  at: number,
  low: number,
  high: number,
): DataView {
  const there = view !== undefined;
  SCRATCH_VIEW.setUint32(0, (there ? view.getUint32(at, true) : 0) ^ low, true);
  SCRATCH_VIEW.setUint32(
    4,
    (there ? view.getUint32(at + 4, true) : 0) ^ high,
    true,
  );
  return SCRATCH_VIEW;
}
