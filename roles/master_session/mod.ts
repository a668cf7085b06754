/**
 * One session with the master for roles that run long: opened when it is first
 * needed, and anew after it ended. Knows no method of the master; ci and the
 * hub bring the calls they make.
 *
 * @module
 */
import { AppError } from "../model/mod.ts";
import { connectRpc } from "../../rpc/mod.ts";
import { Gate, type SessionClient } from "../../rpc/generated/master.ts";

/** A host that drops packets is told from a slow one after this. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Publishing 10,000 specs takes a few seconds; more than this means that the master hangs. */
const CALL_TIMEOUT_MS = 60_000;

/** Where the master is and as whom to speak to it. */
export interface MasterSessionOptions {
  /** `tcp://`, `tls://` or `unix:`. */
  url: string;
  token: string | undefined;
  /** PEM text. */
  caCert: string | undefined;
}

interface Opened {
  session: SessionClient;
  close(): void;
}

/** Aborts after `ms` with what the RPC layer takes for a time-out, or with `other`. */
async function within<T>(
  ms: number,
  other: AbortSignal | undefined,
  work: (signal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException("timed out", "TimeoutError")),
    ms,
  );
  try {
    return await work(
      other === undefined ? late.signal : AbortSignal.any([late.signal, other]),
    );
  } finally {
    clearTimeout(timer);
  }
}

export class MasterSession implements Disposable {
  #opened: Promise<Opened> | undefined;
  /** What `#opened` came to. */
  #current: Opened | undefined;
  #disposed = false;

  constructor(private readonly options: MasterSessionOptions) {}

  async #open(): Promise<Opened> {
    const { url, token, caCert } = this.options;
    const connection = await within(
      CONNECT_TIMEOUT_MS,
      undefined,
      (signal) =>
        connectRpc({
          url,
          signal,
          ...(caCert === undefined ? {} : { caCert }),
        }),
    );
    const gate = connection.bootstrap(Gate);
    const { session } = gate.login({ token: token ?? "" });
    gate.dispose();
    const opened = { session, close: () => connection.close() };
    // A master that restarts ends the session between calls: the next one opens another.
    connection.closed.then(() => this.#forget(opened));
    return opened;
  }

  /**
   * Makes a call over the session.
   *
   * @throws {AppError} what the master answers; `unavailable` or `timeout` when it does not.
   */
  async call<T>(
    work: (
      session: SessionClient,
      options: { signal: AbortSignal },
    ) => PromiseLike<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    if (this.#disposed) {
      throw new AppError(
        "unavailable",
        "This session with the master is closed",
      );
    }
    const opened = this.#opened ??= this.#open();
    try {
      const current = await opened;
      if (this.#opened === opened) this.#current = current;
      const { session } = current;
      return await within(
        CALL_TIMEOUT_MS,
        signal,
        (both) => work(session, { signal: both }),
      );
    } catch (error) {
      // Whatever the master refused stands; a session that may be broken is not used again.
      const broken = !(error instanceof AppError) ||
        ["unavailable", "timeout", "unauthenticated"].includes(error.code);
      if (broken && this.#opened === opened) this.#drop();
      throw error;
    }
  }

  #forget(opened: Opened): void {
    if (this.#current !== opened) return;
    this.#opened = undefined;
    this.#current = undefined;
  }

  #drop(): void {
    const opened = this.#opened;
    this.#opened = undefined;
    this.#current = undefined;
    opened?.then(({ close }) => close(), () => undefined);
  }

  [Symbol.dispose](): void {
    this.#disposed = true;
    this.#drop();
  }
}
