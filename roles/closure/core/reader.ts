/**
 * Follows the frames of a closure and lets nothing through that is out of
 * order: every path as the head announced it, with as many bytes as its narinfo
 * says, and an end that counts them. Pure.
 *
 * ```text
 *   start ─head▶ between ─path▶ inside ─(data…)▶ between ─end▶ whole
 *                   └────────────┴──────error──────────────▶ failed
 * ```
 *
 * @module
 */
import { type NarInfo, parseNarInfo } from "../../nar/core/narinfo.ts";
import { AppError } from "../../model/errors.ts";
import { FrameReader } from "./frames.ts";
import {
  type ClosureEntry,
  type ClosureError,
  type ClosureHead,
  parseEnd,
  parseError,
  parseHead,
} from "./messages.ts";

/** What came of a response so far, one after the other. */
export type ClosureEvent =
  | { kind: "head"; head: ClosureHead }
  | { kind: "path"; info: NarInfo }
  /** Of the file of the last path, packed. */
  | { kind: "data"; bytes: Uint8Array }
  /** All of its bytes came; whether they are the right ones is not said. */
  | { kind: "pathEnd" }
  | { kind: "error"; error: ClosureError }
  | { kind: "end" };

type State =
  | { at: "start" }
  | { at: "between"; head: ClosureHead; next: number }
  | { at: "inside"; head: ClosureHead; next: number; left: number }
  | { at: "whole" }
  | { at: "failed" };

function broken(why: string): AppError {
  return new AppError("failed", `Cannot read the closure: ${why}`);
}

export class ClosureReader {
  readonly #frames = new FrameReader();
  readonly #storeDir: string;
  #state: State = { at: "start" };

  readonly #headOnly: boolean;

  /** @param options.headOnly no path was asked for. */
  constructor(options: { storeDir?: string; headOnly?: boolean } = {}) {
    this.#storeDir = options.storeDir ?? "/nix/store";
    this.#headOnly = options.headOnly ?? false;
  }

  /** @throws {AppError} when it is no such stream; nothing of it is to be trusted from there on. */
  *push(chunk: Uint8Array): Generator<ClosureEvent> {
    for (const { kind, bytes } of this.#frames.push(chunk)) {
      switch (kind) {
        case "head":
          yield this.#takeHead(bytes);
          break;
        case "path":
          yield this.#takePath(bytes);
          break;
        case "data":
          yield* this.#takeData(bytes);
          break;
        case "end":
          yield this.#takeEnd(bytes);
          break;
        case "error":
          yield this.#takeError(bytes);
          break;
      }
    }
  }

  /** The response has ended. @throws {AppError} `unavailable` unless it was whole, or said why not. */
  close(): void {
    const { at } = this.#state;
    if ((at === "whole" || at === "failed") && this.#frames.atBoundary) return;
    throw new AppError(
      "unavailable",
      "Cannot receive the whole closure: the connection ended in the middle",
    );
  }

  #takeHead(bytes: Uint8Array): ClosureEvent {
    if (this.#state.at !== "start") throw broken("a second head came");
    const head = parseHead(bytes);
    this.#state = { at: "between", head, next: 0 };
    return { kind: "head", head };
  }

  #takePath(bytes: Uint8Array): ClosureEvent {
    const state = this.#state;
    if (state.at !== "between") throw broken(`a path came ${where(state)}`);
    const entry = state.head.paths[state.next];
    if (entry === undefined) throw broken("more paths came than announced");
    const info = readInfo(bytes, entry, this.#storeDir);
    const { head, next } = state;
    this.#state = { at: "inside", head, next, left: info.fileSize };
    return { kind: "path", info };
  }

  *#takeData(bytes: Uint8Array): Generator<ClosureEvent> {
    const state = this.#state;
    if (state.at !== "inside") throw broken(`data came ${where(state)}`);
    if (bytes.length > state.left) throw broken("a file is longer than stated");
    state.left -= bytes.length;
    yield { kind: "data", bytes };
    if (state.left > 0) return;
    const { head, next } = state;
    this.#state = { at: "between", head, next: next + 1 };
    yield { kind: "pathEnd" };
  }

  #takeEnd(bytes: Uint8Array): ClosureEvent {
    const state = this.#state;
    if (state.at !== "between") throw broken(`the end came ${where(state)}`);
    const { paths } = parseEnd(bytes);
    const announced = this.#headOnly ? 0 : state.head.paths.length;
    if (state.next !== paths || paths !== announced) {
      throw broken(`it ends after ${state.next} of ${announced} paths`);
    }
    this.#state = { at: "whole" };
    return { kind: "end" };
  }

  #takeError(bytes: Uint8Array): ClosureEvent {
    const { at } = this.#state;
    if (at !== "between" && at !== "inside") {
      throw broken("an error came out of order");
    }
    this.#state = { at: "failed" };
    return { kind: "error", error: parseError(bytes) };
  }
}

function where(state: State): string {
  return state.at === "inside" ? "in the middle of a file" : "out of order";
}

function readInfo(
  bytes: Uint8Array,
  [base, narSize, fileSize]: ClosureEntry,
  storeDir: string,
): NarInfo {
  const text = new TextDecoder().decode(bytes);
  const info = parseNarInfo(text, { hash: base.slice(0, 32), storeDir });
  const isAnnounced = info.base === base && info.narSize === narSize &&
    info.fileSize === fileSize && fileSize > 0;
  if (!isAnnounced) throw broken(`${base} is not as it was announced`);
  return info;
}
