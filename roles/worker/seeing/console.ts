/**
 * One who looks at a guest's console: what the guest writes goes to a sink,
 * piece by piece, what is typed goes to the guest. The guest is always read, so
 * that a slow reader holds nobody up: what it misses is dropped, oldest first,
 * and it is told how much.
 *
 * @module
 */
import { within } from "../../clock/within.ts";
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { Turns } from "../../turns/mod.ts";
import type { GuestConnection } from "../../../vmm/mod.ts";
import { NewestBytes } from "../closures/core/newest_bytes.ts";

/** What waits for one reader: some seconds of a fast serial line, thousands of lines. */
const MAX_WAITING_BYTES = 256 * 1024;
/** One piece: a terminal shows it in a blink, and a message stays small. */
const MAX_PIECE_BYTES = 32 * 1024;
/** A reader that takes longer for a piece hangs, and is let go. */
const MAX_TAKE_MS = 60_000;
/** Pieces typed ahead of a guest that does not read: a pasted page. */
const MAX_TYPED_AHEAD = 64;
/** One piece of what is typed. */
const MAX_TYPED_BYTES = 64 * 1024;

/** Where what the guest writes goes; the next piece follows the answer. */
export interface ConsoleSink {
  write(bytes: Uint8Array, signal: AbortSignal): PromiseLike<unknown>;
  /** Nothing follows; empty: it ended as it should. */
  done(message: string, signal: AbortSignal): PromiseLike<unknown>;
}

const noteOf = (dropped: number) =>
  new TextEncoder().encode(
    `\r\n[${dropped} bytes dropped: they came faster than they were read]\r\n`,
  );

export class ConsoleAttachment {
  /** Resolves when nothing goes either way any more. Never rejects. */
  readonly ended: Promise<void>;
  readonly #connection: GuestConnection;
  readonly #clock: Clock;
  readonly #waiting = new NewestBytes(MAX_WAITING_BYTES);
  readonly #typing = new Turns({
    running: 1,
    waiting: MAX_TYPED_AHEAD,
    what: "pieces of input for this console",
  });
  readonly #closing = new AbortController();
  #news = Promise.withResolvers<void>();
  #isOver = false;

  constructor(connection: GuestConnection, sink: ConsoleSink, clock: Clock) {
    this.#connection = connection;
    this.#clock = clock;
    const reading = this.#read();
    this.ended = this.#send(sink).catch(() => undefined).then(async () => {
      this.close();
      await reading;
    });
  }

  /**
   * Types into the guest; resolves when its VMM has taken it.
   *
   * @throws {AppError} `invalid`, `overloaded`, `unavailable` when the console is over.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > MAX_TYPED_BYTES) {
      throw new AppError(
        "invalid",
        `Cannot type ${bytes.length} bytes at once: at most ${MAX_TYPED_BYTES}`,
      );
    }
    const { signal } = this.#closing;
    await this.#typing.run(async () => {
      const over = Promise.withResolvers<never>();
      const stop = () => over.reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      try {
        signal.throwIfAborted();
        // A guest that does not read must not keep a caller that has gone.
        await Promise.race([this.#connection.write(bytes), over.promise]);
      } finally {
        signal.removeEventListener("abort", stop);
      }
    }, signal);
  }

  /** Detaches. Idempotent. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(
      new AppError("unavailable", "This console is not attached any more"),
    );
    this.#connection.close();
    this.#news.resolve();
  }

  async #read(): Promise<void> {
    const reader = this.#connection.readable.getReader();
    const stop = () => void reader.cancel().catch(() => undefined);
    this.#closing.signal.addEventListener("abort", stop, { once: true });
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.#waiting.push(value);
        this.#news.resolve();
      }
    } catch {
      // The VMM is gone: the same as an end.
    } finally {
      this.#isOver = true;
      this.#news.resolve();
    }
  }

  async #send(sink: ConsoleSink): Promise<void> {
    const { signal } = this.#closing;
    const pass = (call: (signal: AbortSignal) => PromiseLike<unknown>) =>
      within({
        clock: this.#clock,
        ms: MAX_TAKE_MS,
        late: `The reader did not take a piece within ${MAX_TAKE_MS} ms`,
        signal,
      }, (options) => call(options.signal));
    for (;;) {
      await this.#news.promise;
      this.#news = Promise.withResolvers<void>();
      while (this.#waiting.length > 0) {
        const { bytes, dropped } = this.#waiting.take(MAX_PIECE_BYTES);
        if (dropped > 0) {
          await pass((limit) => sink.write(noteOf(dropped), limit));
        }
        await pass((limit) => sink.write(bytes, limit));
      }
      if (signal.aborted) return;
      if (this.#isOver && this.#waiting.length === 0) {
        await pass((limit) => sink.done("", limit));
        return;
      }
    }
  }
}
