/**
 * Consoles: what a guest writes is read from its serial log, what is typed goes
 * to the VMM's socket. So an attached console has no buffer to overflow: one
 * that does not read falls behind in the log and is cut off there, and one that
 * only looks is nothing to the guest.
 *
 * The socket is opened with the first key and read for nothing, since a VMM
 * waits for whoever is connected; the consoles of a copy share it.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import type { GuestConnection, LogPiece } from "../vmm.ts";

/** What an attached console is shown of what was before: some screens. */
export const CONSOLE_TAIL_BYTES = 4096;
/** Between two looks for output: under what a typist notices. */
const POLL_MS = 40;
/** Output handed over at once. */
const PIECE_BYTES = 16 * 1024;
/** Of one copy: some people who look at one problem. */
export const MAX_ATTACHED = 8;

/** Where a copy's console is. */
export interface ConsoleSource {
  id: string;
  clock: Clock;
  /** Where the last `maxBytes` of the newest boot begin. */
  tail(maxBytes: number): Promise<{ boot: number; offset: number } | null>;
  read(
    at: { boot: number; offset: number; maxBytes: number },
  ): Promise<LogPiece>;
  openInput(): Promise<GuestConnection>;
}

/** All consoles of one copy. */
export class CopyConsole {
  readonly #source: ConsoleSource;
  #attached = new Set<() => void>();
  #input: Promise<GuestConnection> | null = null;

  constructor(source: ConsoleSource) {
    this.#source = source;
  }

  get isIdle(): boolean {
    return this.#attached.size === 0;
  }

  /** @throws {AppError} `overloaded`. */
  async attach(): Promise<GuestConnection> {
    const { id } = this.#source;
    if (this.#attached.size >= MAX_ATTACHED) {
      throw new AppError(
        "overloaded",
        `Cannot attach to the console of "${id}": ${MAX_ATTACHED} are attached`,
      );
    }
    const ending = new AbortController();
    const close = () => {
      ending.abort();
      this.#attached.delete(close);
      if (this.isIdle) this.#dropInput();
    };
    this.#attached.add(close);
    try {
      const readable = await this.#output(ending.signal, close);
      return {
        readable,
        close,
        write: (bytes) => this.#write(bytes, ending.signal),
      };
    } catch (error) {
      close();
      throw error;
    }
  }

  /** Ends all of them. */
  close(): void {
    for (const close of [...this.#attached]) close();
  }

  async #output(
    signal: AbortSignal,
    close: () => void,
  ): Promise<ReadableStream<Uint8Array>> {
    const { tail } = this.#source;
    const at = await tail(CONSOLE_TAIL_BYTES) ?? { boot: 0, offset: 0 };
    const reader = new Follower(this.#source, at, signal);
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          const bytes = await reader.next();
          if (bytes !== null) return controller.enqueue(bytes);
          controller.close();
        } catch (error) {
          controller.error(error);
        }
        close();
      },
      cancel: close,
    }, { highWaterMark: 0 });
  }

  async #write(bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    if (signal.aborted) {
      throw new AppError("unavailable", "The console was closed");
    }
    this.#input ??= this.#openInput();
    await (await this.#input).write(bytes);
  }

  async #openInput(): Promise<GuestConnection> {
    try {
      const input = await this.#source.openInput();
      void this.#drain(input);
      return input;
    } catch (error) {
      this.#input = null;
      throw error;
    }
  }

  /** The log has it already; not read, it would keep the guest waiting. */
  async #drain(input: GuestConnection): Promise<void> {
    try {
      for await (const _piece of input.readable);
    } catch {
      // Its end, whatever it is: the next key opens it again.
    }
    this.#dropInput();
  }

  #dropInput(): void {
    const input = this.#input;
    this.#input = null;
    void input?.then((open) => open.close(), () => undefined);
  }
}

/** Reads one boot's log as it grows. */
class Follower {
  readonly #source: ConsoleSource;
  readonly #signal: AbortSignal;
  #at: { boot: number; offset: number };
  #isFirst: boolean;

  constructor(
    source: ConsoleSource,
    at: { boot: number; offset: number },
    signal: AbortSignal,
  ) {
    this.#source = source;
    this.#at = at;
    this.#signal = signal;
    this.#isFirst = at.offset > 0;
  }

  /** What comes next; null at the end. @throws {AppError} `overloaded` when too much was missed. */
  async next(): Promise<Uint8Array | null> {
    const { read, clock, id } = this.#source;
    while (!this.#signal.aborted) {
      const piece = await read({ ...this.#at, maxBytes: PIECE_BYTES });
      const missed = piece.offset - piece.bytes.byteLength - this.#at.offset;
      if (missed > 0) {
        throw new AppError(
          "overloaded",
          `The console of "${id}" was cut off: ${missed} bytes were not read in time`,
          { hint: "attach again" },
        );
      }
      this.#at = { boot: piece.boot, offset: piece.offset };
      const bytes = this.#isFirst ? fromWholeLine(piece.bytes) : piece.bytes;
      this.#isFirst = false;
      if (bytes.byteLength > 0) return bytes;
      if (piece.ended) return null;
      await clock.sleep(POLL_MS, this.#signal);
    }
    return null;
  }
}

/** Without the part of a line that it begins with. */
function fromWholeLine(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(bytes.indexOf(0x0a) + 1);
}
