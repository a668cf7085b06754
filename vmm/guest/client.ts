/**
 * One connection to a guest's agent: says lines, hears what counts, and hands
 * it to whoever waits for it. What may be said is core/conversation.ts' to know.
 *
 * @module
 */
import { AppError } from "../../roles/model/errors.ts";
import type { Clock } from "../../roles/model/ports.ts";
import type { GuestConnection } from "../vmm.ts";
import { Conversation, type Heard } from "./core/conversation.ts";
import { MAX_HOST_LINE, MAX_PIECE_BYTES, plainText } from "./core/frames.ts";
import type {
  ExecOptions,
  ExecResult,
  OutputStream,
  SwitchResult,
} from "./guest.ts";

/** Lines the guest has not taken: it reads nothing, and all it is asked for has long timed out. */
const MAX_UNSENT = 1000;
/** How often a guest that has not answered yet is asked, while somebody waits. */
const ASK_MS = 500;
/** How often a guest that runs commands is asked: a new agent knows nothing of them. */
const HEARTBEAT_MS = 5000;
/** A guest that answers nothing for so long is gone; a busy one without KVM takes seconds. */
const SILENCE_MS = 60_000;

/** What one command waits for. */
interface Running {
  output(stream: "out" | "err", bytes: Uint8Array): void;
  took(): void;
  ended(end: { code: number } | { error: AppError }): void;
}

function gone(why: string): AppError {
  return new AppError("unavailable", `The guest does not answer: ${why}`);
}

/** Speaks with one guest until the connection ends. */
export class GuestClient {
  readonly #connection: GuestConnection;
  readonly #clock: Clock;
  readonly #talk: Conversation;
  readonly #running = new Map<number, Running>();
  readonly #ending = new AbortController();
  #unsent = 0;
  #sending: Promise<void> = Promise.resolve();
  /** What those wait for who have asked whether anybody is there; null: nobody has. */
  #answer: PromiseWithResolvers<void> | null = null;
  #heardAtMs = 0;
  #isUseless = false;
  #beating: Promise<void> | null = null;
  /** Resolves when nothing more comes, with why. */
  readonly closed: Promise<AppError>;

  constructor(
    connection: GuestConnection,
    options: { session: string; clock: Clock },
  ) {
    this.#connection = connection;
    this.#clock = options.clock;
    this.#talk = new Conversation(options.session);
    this.closed = this.#listen().then((why) => {
      this.#end(why);
      return this.#ending.signal.reason;
    });
  }

  /** True once the connection is of no use any more. */
  get isClosed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** True when it ended because of what the guest said: another one would be no better. */
  get isUseless(): boolean {
    return this.#isUseless;
  }

  close(): void {
    this.#end(gone("the channel was closed"));
  }

  /**
   * Resolves when the guest answers; it is asked again and again until then.
   *
   * @throws {AppError} `unavailable` when it does not within `timeoutMs`.
   */
  async ready(timeoutMs: number, signal?: AbortSignal): Promise<void> {
    const waiting = new AbortController();
    const stop = AbortSignal.any([
      waiting.signal,
      this.#ending.signal,
      ...(signal === undefined ? [] : [signal]),
    ]);
    const endsAtMs = this.#clock.bootMs() + timeoutMs;
    const answer = this.#ask().finally(() => waiting.abort(""));
    answer.catch(() => undefined);
    while (!stop.aborted) {
      const leftMs = endsAtMs - this.#clock.bootMs();
      if (leftMs <= 0) break;
      await this.#clock.sleep(Math.min(ASK_MS, leftMs), stop);
      if (!stop.aborted) this.#repeat();
    }
    if (waiting.signal.aborted) return await answer;
    signal?.throwIfAborted();
    if (this.isClosed) throw this.#ending.signal.reason;
    throw gone(`no answer within ${timeoutMs} ms`);
  }

  /** Runs a command; the guest must have answered. Throws as `Guests.exec`. */
  async exec(
    argv: readonly string[],
    options: Omit<ExecOptions, "lane">,
  ): Promise<ExecResult> {
    if (argv.length === 0 || argv.some((word) => word.includes("\0"))) {
      throw new AppError(
        "invalid",
        "Cannot run a command without words, or with NUL in one",
      );
    }
    const { id, line } = this.#talk.exec(argv, options.stdin !== undefined);
    if (line.length > MAX_HOST_LINE) {
      this.#talk.kill(id);
      throw new AppError(
        "invalid",
        `Cannot run a command of ${line.length} bytes: the guest channel takes ${MAX_HOST_LINE}`,
      );
    }
    const { maxOutputBytes = Infinity } = options;
    let left = maxOutputBytes;
    let truncated = false;
    const take = async (stream: OutputStream, bytes: Uint8Array) => {
      const kept = bytes.subarray(0, Math.max(0, left));
      left -= bytes.length;
      if (kept.length < bytes.length) truncated = true;
      if (kept.length > 0) await options.onOutput?.(stream, kept);
    };
    const code = await this.#run(id, line, { ...options, take });
    return { code, truncated };
  }

  /** Switches the guest's user space; the guest must have answered. Never throws. */
  async switchTo(
    toplevel: string,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<SwitchResult> {
    const { id, line } = this.#talk.switchTo(toplevel);
    let said = "";
    const take = (_stream: OutputStream, bytes: Uint8Array) => {
      said = plainText(bytes);
    };
    try {
      const code = await this.#run(id, line, { ...options, take });
      if (code === 0) return { kind: "switched" };
      const reason = `switch-to-configuration ended with ${code}`;
      return {
        kind: "failed",
        reason: said === "" ? reason : `${reason}: ${said}`,
      };
    } catch (error) {
      const known = error instanceof AppError ? error : null;
      if (known?.code === "failed") {
        return { kind: "refused", reason: known.message };
      }
      const reason = known?.message ?? "it was given up";
      return { kind: "lost", reason };
    }
  }

  /** From the line that asks for a command to its exit code. */
  async #run(
    id: number,
    line: string,
    options: Pick<ExecOptions, "timeoutMs" | "stdin" | "signal"> & {
      take: (stream: OutputStream, bytes: Uint8Array) => void | Promise<void>;
    },
  ): Promise<number> {
    if (this.isClosed || options.signal?.aborted) {
      this.#talk.kill(id);
      throw this.isClosed ? this.#ending.signal.reason : options.signal?.reason;
    }
    const end = Promise.withResolvers<number>();
    const over = new AbortController();
    const fail = (error: unknown) => {
      if (over.signal.aborted) return;
      if (this.#running.delete(id)) this.#send(this.#talk.kill(id));
      end.reject(error);
    };
    const streams = { out: Promise.resolve(), err: Promise.resolve() };
    let taken = Promise.withResolvers<void>();
    this.#running.set(id, {
      output: (stream, bytes) => {
        const name = stream === "out" ? "stdout" : "stderr";
        streams[stream] = streams[stream]
          .then(() => options.take(name, bytes))
          .then(() => {
            if (this.#running.has(id)) this.#send(this.#talk.more(id, stream));
          });
        streams[stream].catch(fail);
      },
      took: () => taken.resolve(),
      ended: (how) => {
        if ("error" in how) return end.reject(how.error);
        Promise.all([streams.out, streams.err])
          .then(() => end.resolve(how.code), end.reject);
      },
    });
    const onAbort = () => fail(options.signal?.reason);
    options.signal?.addEventListener("abort", onAbort, { once: true });
    this.#send(line);
    const feeding = options.stdin === undefined
      ? undefined
      : this.#feed(id, options.stdin, over.signal, async () => {
        await taken.promise;
        taken = Promise.withResolvers<void>();
      });
    const timer = this.#timeOut(options.timeoutMs, over.signal, fail);
    this.#beating ??= this.#beat();
    try {
      return await end.promise;
    } finally {
      over.abort("");
      taken.resolve();
      this.#running.delete(id);
      options.signal?.removeEventListener("abort", onAbort);
      await Promise.all([feeding, timer]);
    }
  }

  async #timeOut(
    timeoutMs: number,
    over: AbortSignal,
    fail: (error: AppError) => void,
  ): Promise<void> {
    if (timeoutMs === 0) return;
    await this.#clock.sleep(timeoutMs, over);
    if (over.aborted) return;
    fail(new AppError("timeout", "It did not end within its time"));
  }

  /** Gives a command its input, piece by piece, each when it has asked for it. */
  async #feed(
    id: number,
    input: ReadableStream<Uint8Array>,
    over: AbortSignal,
    asked: () => Promise<void>,
  ): Promise<void> {
    const reader = input.getReader();
    const cancel = () => void reader.cancel().catch(() => undefined);
    over.addEventListener("abort", cancel, { once: true });
    try {
      for (;;) {
        const { done, value } = await reader.read();
        if (done || over.aborted) break;
        for (let at = 0; at < value.length; at += MAX_PIECE_BYTES) {
          await asked();
          if (over.aborted) return;
          const piece = value.subarray(at, at + MAX_PIECE_BYTES);
          this.#send(this.#talk.feed(id, piece));
        }
      }
    } catch {
      // Whoever writes it has gone: the command sees the end of its input.
    } finally {
      over.removeEventListener("abort", cancel);
    }
    await asked();
    if (!over.aborted) this.#send(this.#talk.endInput(id));
  }

  /** While commands run: is it still the same agent that answers? */
  async #beat(): Promise<void> {
    this.#heardAtMs = this.#clock.bootMs();
    while (this.#running.size > 0 && !this.isClosed) {
      await this.#clock.sleep(HEARTBEAT_MS, this.#ending.signal);
      if (this.#running.size === 0 || this.isClosed) break;
      if (this.#clock.bootMs() - this.#heardAtMs > SILENCE_MS) {
        this.#end(gone(`it has been silent for ${SILENCE_MS} ms`));
        break;
      }
      this.#repeat();
    }
    this.#beating = null;
  }

  /** The next answer; those who ask at the same time share it. */
  #ask(): Promise<void> {
    if (this.#answer === null) {
      this.#answer = Promise.withResolvers<void>();
      this.#answer.promise.catch(() => undefined);
      if (this.isClosed) this.#answer.reject(this.#ending.signal.reason);
    }
    this.#repeat();
    return this.#answer.promise;
  }

  #answered(): void {
    this.#answer?.resolve();
    this.#answer = null;
  }

  /** Not while a line is unsent: a guest that is not there yet would find a heap of them. */
  #repeat(): void {
    if (this.#unsent === 0) this.#send(this.#talk.hello());
  }

  #send(line: string): void {
    if (this.isClosed) return;
    if (++this.#unsent > MAX_UNSENT) {
      return this.#end(gone("it reads nothing"));
    }
    const bytes = new TextEncoder().encode(line);
    this.#sending = this.#sending
      .then(() => this.#connection.write(bytes))
      .then(() => void this.#unsent--, (error) => {
        const message = error instanceof Error ? error.message : String(error);
        this.#end(gone(message));
      });
  }

  async #listen(): Promise<AppError> {
    try {
      for await (const chunk of this.#connection.readable) {
        this.#heardAtMs = this.#clock.bootMs();
        for (const heard of this.#talk.hear(chunk)) {
          const why = this.#take(heard);
          if (why === null) continue;
          this.#isUseless = true;
          return why;
        }
        if (this.isClosed) break;
      }
    } catch (error) {
      return gone(error instanceof Error ? error.message : String(error));
    }
    return gone("the channel has ended");
  }

  /** Hands on what was heard; why the connection is of no use, or null. */
  #take(heard: Heard): AppError | null {
    switch (heard.kind) {
      case "ready":
        this.#answered();
        return null;
      case "restarted":
        this.#answered();
        for (const id of heard.lost) {
          this.#fail(id, gone("its agent began anew"));
        }
        return null;
      case "stranger":
        return new AppError(
          "unavailable",
          `The guest's agent speaks version ${heard.version} of the guest channel`,
          { hint: "build the image with this version of nix/lib/agent.sh" },
        );
      case "flooded":
        return gone("it floods its channel with what nobody asked for");
      case "output":
        this.#running.get(heard.id)?.output(heard.stream, heard.bytes);
        return null;
      case "took":
        this.#running.get(heard.id)?.took();
        return null;
      case "exited":
        this.#settle(heard.id)?.ended({ code: heard.code });
        return null;
      case "refused":
        this.#fail(heard.id, new AppError("failed", heard.message));
        return null;
      case "lied":
        this.#fail(heard.id, gone(heard.reason));
        // It may still run there.
        this.#send(this.#talk.kill(heard.id));
        return null;
    }
  }

  #fail(id: number, error: AppError): void {
    this.#settle(id)?.ended({ error });
  }

  /** Nothing more is heard of it. */
  #settle(id: number): Running | undefined {
    const running = this.#running.get(id);
    this.#running.delete(id);
    return running;
  }

  #end(why: AppError): void {
    if (this.isClosed) return;
    this.#ending.abort(why);
    this.#connection.close();
    this.#answer?.reject(why);
    for (const id of [...this.#running.keys()]) this.#fail(id, why);
  }
}
