/**
 * One command inside a guest for somebody far away: its output goes to a sink,
 * what is typed goes to it, and it ends with whoever asked for it.
 *
 * @module
 */
import { within } from "../../clock/within.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import type { CopyId } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import { Turns } from "../../turns/mod.ts";
import type { Guests } from "../../../vmm/guest/mod.ts";

/** A reader that takes longer for a piece hangs, and its command is ended. */
const MAX_TAKE_MS = 60_000;
/** One piece of what is typed. */
const MAX_TYPED_BYTES = 64 * 1024;
/** Pieces typed ahead of a command that does not read: a few MiB. */
const MAX_TYPED_AHEAD = 64;

/** Where the output goes; the next piece follows the answer. */
export interface CommandSink {
  output(
    isError: boolean,
    bytes: Uint8Array,
    signal: AbortSignal,
  ): PromiseLike<unknown>;
  /** The last call; code -1: it did not run to its end, and why. */
  exited(
    code: number,
    message: string,
    signal: AbortSignal,
  ): PromiseLike<unknown>;
}

/** What is to be run. */
export interface CommandRequest {
  copy: CopyId;
  argv: readonly string[];
  /** 0: as long as it takes. */
  timeoutMs: number;
}

export class RunningCommand {
  /** Resolves when it is over and was told. Never rejects. */
  readonly ended: Promise<void>;
  readonly #ending = new AbortController();
  readonly #clock: Clock;
  #input: ReadableStreamDefaultController<Uint8Array> | null = null;
  /** Resolves when the guest wants more input. */
  #wanted = Promise.withResolvers<void>();
  /** One piece at a time, in order: the end of the input comes last. */
  readonly #typing = new Turns({
    running: 1,
    waiting: MAX_TYPED_AHEAD,
    what: "pieces of input for this command",
  });

  constructor(
    request: CommandRequest,
    sink: CommandSink,
    { guests, clock }: { guests: Guests; clock: Clock },
  ) {
    this.#clock = clock;
    this.ended = this.#run(request, sink, guests).catch(() => undefined);
  }

  /**
   * Types into the command; resolves when the guest has room for more.
   *
   * @throws {AppError} `invalid`, `overloaded`, `unavailable` when it reads no more.
   */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length > MAX_TYPED_BYTES) {
      throw new AppError(
        "invalid",
        `Cannot send ${bytes.length} bytes at once: at most ${MAX_TYPED_BYTES}`,
      );
    }
    await this.#typing.run(async () => {
      await this.#wanted.promise;
      if (this.#input === null || this.#ending.signal.aborted) {
        throw new AppError("unavailable", "The command reads no more");
      }
      this.#wanted = Promise.withResolvers<void>();
      this.#input.enqueue(bytes);
    });
  }

  /** After what was typed before the command sees the end of its input. Idempotent. */
  async closeInput(): Promise<void> {
    await this.#typing.run(() => {
      this.#input?.close();
      this.#input = null;
      this.#wanted.resolve();
      return Promise.resolve();
    });
  }

  /** Ends the command. Idempotent. */
  end(): void {
    this.#ending.abort(new AppError("unavailable", "Whoever asked has gone"));
    this.#wanted.resolve();
  }

  async #run(
    { copy, argv, timeoutMs }: CommandRequest,
    sink: CommandSink,
    guests: Guests,
  ): Promise<void> {
    const stdin = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#input = controller;
      },
      pull: () => this.#wanted.resolve(),
      cancel: () => {
        this.#input = null;
        this.#wanted.resolve();
      },
    }, { highWaterMark: 1 });
    const { signal } = this.#ending;
    try {
      const { code } = await guests.exec(copy, argv, {
        timeoutMs,
        stdin,
        signal,
        lane: "people",
        onOutput: (stream, bytes) =>
          this.#pass((limit) => sink.output(stream === "stderr", bytes, limit)),
      });
      await this.#pass((limit) => sink.exited(code, "", limit));
    } catch (error) {
      if (signal.aborted) return;
      const { code, message } = toAppError(error);
      await this.#pass((limit) =>
        sink.exited(-1, `${code}: ${message}`, limit)
      );
    } finally {
      this.#input = null;
      this.#wanted.resolve();
    }
  }

  async #pass(
    call: (signal: AbortSignal) => PromiseLike<unknown>,
  ): Promise<void> {
    try {
      await within({
        clock: this.#clock,
        ms: MAX_TAKE_MS,
        late: `The reader did not take a piece within ${MAX_TAKE_MS} ms`,
        signal: this.#ending.signal,
      }, (options) => call(options.signal));
    } catch (error) {
      // Nobody reads: there is nobody to run it for.
      this.end();
      throw error;
    }
  }
}
