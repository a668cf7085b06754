/**
 * Which things that are kept for later are given up: by age, and, oldest
 * first, when the disk they lie on gets full. Pure.
 *
 * ```text
 *      free ≥ min: nothing   free < min: the oldest go until free ≥ max
 *   0 ───────────────┴ min ──────────────────┴ max ──────────────▶ free
 * ```
 *
 * @module
 */

/** Something that nobody needs now and somebody may want again. */
export interface Spare {
  id: string;
  lastUsedMs: number;
}

/** How long and at what price spare things are kept. */
export interface RoomRules {
  keepDays: number;
  /** Below it spare things go, and nothing large begins. Absent: by the disk's size. */
  minFreeMib?: number | undefined;
  /** They go until so much is free. Absent: twice `minFreeMib`. */
  maxFreeMib?: number | undefined;
}

const MIB = 1024 * 1024;
const DAY_MS = 86_400_000;
/** A GiB is room for the volumes of running guests to grow while a person looks. */
const DEFAULT_MIN_FREE = 1024 * MIB;
/** On small disks a GiB would be most of it. */
const DEFAULT_MIN_SHARE = 0.05;

/** The bounds in bytes, for a disk of `totalBytes`. */
export function roomBounds(
  rules: Pick<RoomRules, "minFreeMib" | "maxFreeMib">,
  totalBytes: number,
): { minFree: number; maxFree: number } {
  const minFree = rules.minFreeMib === undefined
    ? Math.min(DEFAULT_MIN_FREE, Math.floor(totalBytes * DEFAULT_MIN_SHARE))
    : rules.minFreeMib * MIB;
  const maxFree = rules.maxFreeMib === undefined
    ? 2 * minFree
    : rules.maxFreeMib * MIB;
  return { minFree, maxFree: Math.max(minFree, maxFree) };
}

/** Those that are too old to be kept on any disk. Times that lie ahead, after a clock was set back, are no age. */
export function expired<S extends Spare>(
  spares: readonly S[],
  { keepDays }: Pick<RoomRules, "keepDays">,
  nowMs: number,
): S[] {
  return spares.filter(({ lastUsedMs }) =>
    nowMs - lastUsedMs >= keepDays * DAY_MS
  );
}

/** In the order they are given up. */
export function oldestFirst<S extends Spare>(spares: readonly S[]): S[] {
  return spares.toSorted((a, b) =>
    a.lastUsedMs - b.lastUsedMs || (a.id < b.id ? -1 : 1)
  );
}

/** Bytes as people read them: 0.3, 4, 210 MiB. */
export function mib(bytes: number): string {
  const value = bytes / MIB;
  return String(value < 10 ? Number(value.toFixed(1)) : Math.round(value));
}
