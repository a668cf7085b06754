/**
 * The serial logs of a copy, one per boot: what their files are called, which
 * one is asked for, which part of it is kept. Pure.
 *
 * ```text
 * serial-2-17-64.log   boot 2, of generation 17, begins 64 MiB into its file
 *
 * 0 ......... origin ......... kept from ............ end of the file
 *   a hole      dropped, a hole   at most keptBytes
 * ```
 *
 * Bytes stay where they were written: dropping makes a hole, so that offsets
 * stay true and the VMM, which holds the file, notices nothing. The origin lies
 * beyond every disk of the VM: the kernel bounds the size of files per process,
 * not per file, and the log must meet that bound before it fills the disk.
 *
 * @module
 */

/** Boots kept, the newest included: a crash loop must not pile logs up. */
export const KEPT_BOOTS = 4;

const MIB = 1024 * 1024;

/** How large logs may be. */
export interface LogBounds {
  /** Kept of the newest boot. */
  readonly keptBytes: number;
  /** Kept of each boot before. */
  readonly keptOldBytes: number;
  /** Dropped at once, at least. */
  readonly dropBytes: number;
  /** How much further a log may grow while nobody looks, however long that is; more than kept and dropped together. */
  readonly unwatchedBytes: number;
}

/**
 * 4 MiB are some 50 000 lines, more than a boot that goes wrong writes; a boot
 * before needs its last words. Each drop costs two short-lived processes, and a
 * serial port gives some 300 KiB/s: one each 3 s for a guest that floods it.
 */
export const LOG_BOUNDS: LogBounds = {
  keptBytes: 4 * MIB,
  keptOldBytes: MIB,
  dropBytes: MIB,
  unwatchedBytes: 8 * MIB,
};

const BLOCK_BYTES = 4096;
/** The log of versions that kept one. */
const FORMER_NAME = "serial.log";
const NAME = /^serial-(\d{1,9})-(\d{1,16})-(\d{1,9})\.log$/;

/** One boot's log. */
export interface BootLog {
  /** Counts a copy's boots from 1. */
  readonly boot: number;
  /** What it was ordered as; 0: nobody said. */
  readonly generation: number;
  /** Where in its file it begins. */
  readonly originMib: number;
}

/** The name of a boot's file. */
export function bootLogName({ boot, generation, originMib }: BootLog): string {
  return boot === 0
    ? FORMER_NAME
    : `serial-${boot}-${generation}-${originMib}.log`;
}

/** The boot that a file is the log of; null when it is none. */
export function parseBootLogName(name: string): BootLog | null {
  if (name === FORMER_NAME) return { boot: 0, generation: 0, originMib: 0 };
  const [, boot, generation, originMib] = NAME.exec(name) ?? [];
  if (boot === undefined) return null;
  return {
    boot: Number(boot),
    generation: Number(generation),
    originMib: Number(originMib),
  };
}

/** Where bytes of a log are in its file. */
export function originOf({ originMib }: BootLog): number {
  return originMib * MIB;
}

/** The first whole MiB behind the largest file that the VMM writes. */
export function originBehind(largestFileBytes: number): number {
  return Math.ceil(largestFileBytes / MIB);
}

/** The boot asked for; null when it is not kept. */
export function chooseBoot(
  logs: readonly BootLog[],
  { generation, boot }: { generation: number; boot: number },
): BootLog | null {
  let chosen: BootLog | null = null;
  for (const log of logs) {
    if (generation !== 0 && log.generation !== generation) continue;
    if (boot !== 0 && log.boot !== boot) continue;
    if (chosen === null || log.boot > chosen.boot) chosen = log;
  }
  return chosen;
}

/** The boots that are one too many when another begins. */
export function tooOld(logs: readonly BootLog[]): BootLog[] {
  return logs.toSorted((a, b) => b.boot - a.boot).slice(KEPT_BOOTS - 1);
}

/** A part of a log, in bytes from its beginning. */
export interface Span {
  from: number;
  to: number;
}

/** What may be read of a log of which `length` bytes were written. */
export function keptOf(length: number, keptBytes: number): Span {
  return { from: Math.max(0, length - keptBytes), to: length };
}

/** The part to read for who has seen everything before `offset`. */
export function spanToRead(
  kept: Span,
  asked: { offset: number; maxBytes: number },
): Span {
  const from = Math.min(Math.max(asked.offset, kept.from), kept.to);
  return { from, to: Math.min(from + asked.maxBytes, kept.to) };
}

/** Bytes at the beginning of the file that become a hole; 0: not worth it yet. */
export function holeBytes(
  file: { size: number; heldBytes: number },
  { keptBytes, dropBytes }: Pick<LogBounds, "keptBytes" | "dropBytes">,
): number {
  if (file.heldBytes < keptBytes + dropBytes) return 0;
  const end = Math.max(0, file.size - keptBytes);
  return end - end % BLOCK_BYTES;
}
