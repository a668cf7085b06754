/**
 * Binds the RPC state machine to a transport: reads and frames what comes,
 * writes what goes, one write at a time, all messages of a turn in one.
 *
 * Uses microtasks only, no timers, so that a simulator can run it.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { Connection, type TableSizes } from "./core/connection.ts";
import { Framer } from "./core/framing.ts";
import type { Hook } from "./core/hook.ts";
import { MalformedMessage } from "./core/reader.ts";
import type { InterfaceType } from "./core/types.ts";
import { Writer } from "./core/writer.ts";
import { DEFAULT_LIMITS, type RpcLimits } from "./limits.ts";
import { type Client, Stub, stubOf } from "./stub.ts";
import type { Transport } from "./transport.ts";

/** A write buffer above this is not kept for the next turn. */
const MAX_KEPT_BYTES = 1024 * 1024;
/** First size of a write buffer, of which each session has two: thousands of them write next to nothing. */
const WRITE_BYTES = 1024;
/** Writes in a row that would have fitted a quarter of their buffer: then a small one takes its place. */
const SMALL_WRITES = 32;
/** What is still sent when a connection is closed from here: a few Finish and Release, an Abort. */
const MAX_LAST_BYTES = 64 * 1024;

export interface SessionOptions {
  /** What the peer gets first; the session takes over the stub. Absent: nothing. `trust` ends what `maxBytesBeforeTrust` began. */
  bootstrap?: ((peer: string, trust: () => void) => Client) | undefined;
  /** Largest message that is read until the peer is trusted. Absent: it is from the start. */
  maxBytesBeforeTrust?: number | undefined;
  limits?: Partial<RpcLimits> | undefined;
  /** A net for stubs that nobody disposed of, true by default. A simulator says false: collection has no place in virtual time. */
  collectForgotten?: boolean | undefined;
}

/** A connection with a peer. */
export class Session {
  readonly peer: string;
  /** Why it ended; resolves then, never rejects. */
  readonly closed: Promise<AppError>;
  readonly #transport: Transport;
  readonly #connection: Connection;
  readonly #framer: Framer;
  readonly #limits: Readonly<RpcLimits>;
  /** What the framer goes by: less until the peer is trusted. */
  readonly #framing: Pick<RpcLimits, "maxMessageBytes" | "maxSegments">;
  readonly #ended = Promise.withResolvers<AppError>();
  #spare = new Writer(WRITE_BYTES);
  #smallWrites = 0;
  #flushing = false;
  #writing = false;
  /** Bytes of replies in the write under way. */
  #replyBytes = 0;
  #resume: (() => void) | undefined;
  #offered: Client | undefined;
  #trusted: boolean;
  #onTrusted: (() => void) | undefined;

  constructor(transport: Transport, options: SessionOptions = {}) {
    this.#transport = transport;
    this.peer = transport.peer;
    this.closed = this.#ended.promise;
    this.#limits = { ...DEFAULT_LIMITS, ...options.limits };
    const { maxMessageBytes, maxSegments } = this.#limits;
    const first = options.maxBytesBeforeTrust ?? maxMessageBytes;
    this.#trusted = options.maxBytesBeforeTrust === undefined;
    this.#framing = {
      maxMessageBytes: Math.min(first, maxMessageBytes),
      maxSegments,
    };
    this.#framer = new Framer(this.#framing);
    this.#connection = new Connection({
      limits: this.#limits,
      collectForgotten: options.collectForgotten ?? true,
      bootstrap: () => this.#bootstrap(options),
      onOutput: () => this.#scheduleFlush(),
      onEnd: (reason) => this.#onEnd(reason),
    });
    this.#run();
  }

  #bootstrap(options: SessionOptions): Hook {
    if (options.bootstrap === undefined) {
      throw new AppError("unimplemented", "This side offers nothing");
    }
    this.#offered ??= options.bootstrap(this.peer, () => this.#trust());
    const hook = Stub.hookOf(this.#offered);
    hook.addRef();
    return hook;
  }

  /** True once the peer may use all that the limits allow. */
  get trusted(): boolean {
    return this.#trusted;
  }

  /** Calls `then` once, when the peer is trusted. One listener. */
  whenTrusted(then: () => void): void {
    this.#onTrusted = then;
  }

  #trust(): void {
    if (this.#trusted) return;
    this.#trusted = true;
    this.#framing.maxMessageBytes = this.#limits.maxMessageBytes;
    this.#onTrusted?.();
    this.#onTrusted = undefined;
  }

  /** The peer's first capability, usable at once. */
  bootstrap<C extends Client>(type: InterfaceType<C>): C {
    const { ended } = this.#connection;
    if (ended !== undefined) throw ended;
    return stubOf(type, this.#connection.bootstrap());
  }

  /** Entries in the tables, for metrics and leak checks. */
  sizes(): TableSizes {
    return this.#connection.sizes();
  }

  /** Ends the connection; pending calls fail with `unavailable`. Idempotent. */
  close(why = "the connection was closed here"): void {
    this.#connection.end(
      new AppError("unavailable", `Connection over: ${why}`),
    );
  }

  [Symbol.dispose](): void {
    this.close();
  }

  async #run(): Promise<void> {
    let reason: AppError;
    try {
      await this.#readAll();
      reason = new AppError(
        "unavailable",
        this.#framer.idle
          ? `Connection over: ${this.peer} closed it`
          : `Connection over: ${this.peer} closed it within a message`,
      );
    } catch (error) {
      if (error instanceof MalformedMessage) {
        this.#connection.abort(error.message);
      }
      const why = error instanceof Error ? error.message : String(error);
      reason = new AppError(
        "unavailable",
        `Connection with ${this.peer} lost: ${why}`,
        { cause: error },
      );
    }
    this.#connection.end(reason);
  }

  async #readAll(): Promise<void> {
    const connection = this.#connection;
    for (;;) {
      const bytes = await this.#transport.read();
      if (bytes === null || connection.ended !== undefined) return;
      this.#framer.push(bytes, (segments) => connection.receive(segments));
      while (this.#mustPause()) {
        await new Promise<void>((resolve) => this.#resume = resolve);
      }
    }
  }

  /** Replies pile up as the peer does not read them: take no more calls. Our own calls never stop reading, or two sides could wait for each other. */
  #mustPause(): boolean {
    const waiting = this.#connection.replyBytes + this.#replyBytes;
    return waiting > this.#limits.pauseReadingBytes &&
      this.#connection.ended === undefined;
  }

  #scheduleFlush(): void {
    if (this.#flushing || this.#writing) return;
    this.#flushing = true;
    // Replies that are made in this turn join the same write.
    queueMicrotask(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    const connection = this.#connection;
    const writer = connection.output;
    if (this.#writing || writer.end === 0 || connection.ended) return;
    connection.output = this.#spare;
    this.#spare = writer;
    this.#replyBytes = connection.replyBytes;
    connection.replyBytes = 0;
    this.#writing = true;
    this.#transport.write(writer.bytes.subarray(0, writer.end)).then(
      () => this.#written(writer),
      (error: unknown) => this.#lost(error),
    );
  }

  #written(writer: Writer): void {
    this.#writing = false;
    this.#replyBytes = 0;
    if (this.#isTooLarge(writer)) this.#spare = new Writer(WRITE_BYTES);
    else writer.truncate(0);
    this.#resume?.();
    this.#resume = undefined;
    if (this.#connection.ended === undefined) this.#flush();
    else this.#transport.close();
  }

  /** Larger than what is written through it has any use for. */
  #isTooLarge({ bytes, end }: Writer): boolean {
    this.#smallWrites = end * 4 <= bytes.length ? this.#smallWrites + 1 : 0;
    return bytes.length > MAX_KEPT_BYTES ||
      (this.#smallWrites >= SMALL_WRITES && bytes.length > WRITE_BYTES);
  }

  #lost(error: unknown): void {
    this.#writing = false;
    const why = error instanceof Error ? error.message : String(error);
    this.#connection.end(
      new AppError(
        "unavailable",
        `Connection with ${this.peer} lost: ${why}`,
        { cause: error },
      ),
    );
    this.#transport.close();
  }

  #onEnd(reason: AppError): void {
    this.#resume?.();
    this.#resume = undefined;
    this.#offered?.dispose();
    this.#ended.resolve(reason);
    const writer = this.#connection.output;
    // A peer that does not read must not hold the socket open.
    if (this.#writing || writer.end === 0 || writer.end > MAX_LAST_BYTES) {
      return this.#transport.close();
    }
    this.#writing = true;
    this.#transport.write(writer.bytes.subarray(0, writer.end)).then(
      () => this.#transport.close(),
      () => this.#transport.close(),
    );
  }
}
