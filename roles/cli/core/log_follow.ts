/**
 * Following a VM's log over its boots and from worker to worker: what to ask
 * next, and what an answer means. Pure; asks nobody.
 *
 * ```text
 *   first ──▶ reading ──▶ ended ──▶ (looks for a newer boot) ──▶ reading
 * ```
 *
 * @module
 */
import type { LogPiece, LogRequest } from "../vm_client.ts";

/** Which log is wanted. */
export interface Wanted {
  vm: string;
  /** 0: any. */
  generation: number;
  /** 0: the newest. */
  boot: number;
}

/** Where in which boot the reader is. */
export type FollowState =
  | { readonly kind: "first" }
  | ({ readonly kind: "reading" | "ended" } & Place);

interface Place {
  readonly incarnation: number;
  readonly boot: number;
  readonly generation: number;
  readonly offset: number;
}

/** One piece: a screen at once, and a long log in a few dozen. */
const PIECE_BYTES = 256 * 1024;
/** As long as a poll is held; Ctrl-C need not wait for it. */
const WAIT_MS = 20_000;

/**
 * What to ask next, waiting for more or not. A look for a newer boot reads no
 * more than it must, from where the last one ended: so it also tells whether
 * that one goes on after all.
 */
export function nextRequest(
  state: FollowState,
  wanted: Wanted,
  { waits }: { waits: boolean },
): LogRequest {
  const { vm, generation } = wanted;
  const base = { vm, generation, maxBytes: PIECE_BYTES };
  if (state.kind === "first") {
    const { boot } = wanted;
    return { ...base, incarnation: 0, boot, offset: 0, waitMs: 0 };
  }
  if (state.kind === "ended") {
    return {
      ...base,
      incarnation: 0,
      boot: 0,
      offset: state.offset,
      maxBytes: 1,
      waitMs: 0,
    };
  }
  const { incarnation, boot, offset } = state;
  const waitMs = waits ? WAIT_MS : 0;
  return { ...base, generation: 0, incarnation, boot, offset, waitMs };
}

/** What an answer came to. */
export interface Followed {
  state: FollowState;
  /** New bytes of the boot in `state`. */
  bytes: Uint8Array;
  /** So many were lost before them. */
  dropped: number;
  /** For people, before the bytes: another boot begins. */
  note: string | null;
  /** Nothing has changed: ask again after a while. */
  isIdle: boolean;
  /** All that was written so far is read. */
  isCaughtUp: boolean;
}

const NONE = new Uint8Array();

function isSameBoot(a: Place, b: LogPiece): boolean {
  return a.incarnation === b.incarnation && a.boot === b.boot;
}

/** Boots are counted by copy: the same number on another copy is another boot. */
function bootNote(before: Place, next: LogPiece): string {
  return `--- boot ${next.boot}, generation ${next.generation}${
    whyNoted(before, next)
  } ---`;
}

function whyNoted(before: Place, next: LogPiece): string {
  if (before.incarnation !== next.incarnation) return ", another copy of it";
  if (isSameBoot(before, next)) return ", its log begins anew";
  return next.boot > before.boot + 1
    ? ` (boots ${before.boot + 1} to ${next.boot - 1} are not shown)`
    : "";
}

/** Another boot, to be read from its beginning; none of its bytes are taken yet. */
function begun(before: Place, piece: LogPiece): Followed {
  const { incarnation, boot, generation } = piece;
  return {
    state: { kind: "reading", incarnation, boot, generation, offset: 0 },
    bytes: NONE,
    dropped: 0,
    note: bootNote(before, piece),
    isIdle: false,
    isCaughtUp: false,
  };
}

/** What an answer means to who asked for it in `state`. */
export function followed(state: FollowState, piece: LogPiece): Followed {
  const { incarnation, boot, generation, offset } = piece;
  const before = state.kind === "first" ? 0 : state.offset;
  if (state.kind !== "first") {
    // A log only grows: a shorter one is another, of a host or a VM that began
    // to count its boots anew.
    const isOther = !isSameBoot(state, piece) || offset < before;
    if (isOther) return begun(state, piece);
  }
  if (state.kind === "ended") {
    const goesOn = !piece.ended || piece.data.length > 0;
    return {
      state: goesOn ? { ...state, kind: "reading" } : state,
      bytes: NONE,
      dropped: 0,
      note: null,
      isIdle: !goesOn,
      isCaughtUp: !goesOn,
    };
  }
  const isOver = piece.ended && piece.data.length === 0;
  return {
    state: {
      kind: isOver ? "ended" : "reading",
      incarnation,
      boot,
      generation,
      offset,
    },
    bytes: piece.data,
    dropped: Math.max(0, offset - before - piece.data.length),
    note: null,
    isIdle: false,
    isCaughtUp: piece.data.length === 0,
  };
}

/** The copy that was followed is gone: whatever runs now is looked for. */
export function lostCopy(state: FollowState): FollowState {
  return state.kind === "first" ? state : { ...state, kind: "ended" };
}

/** The last `max` bytes of what was collected, and how many came before them. */
export function tailOf(
  pieces: readonly Uint8Array[],
  max: number,
): { bytes: Uint8Array; before: number } {
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const bytes = new Uint8Array(Math.min(total, max));
  let end = bytes.length;
  for (const piece of pieces.toReversed()) {
    if (end === 0) break;
    const part = piece.subarray(Math.max(0, piece.length - end));
    end -= part.length;
    bytes.set(part, end);
  }
  return { bytes, before: total - bytes.length };
}
