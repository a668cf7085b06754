/**
 * The socket of a server, which survives those who open connections and send
 * nothing, or half a request, and stay.
 *
 * Deno has no time-out for the head of a request, and a server that is out of
 * files ends for good. So when connections have used up half of the files that
 * the process may have, the socket is closed and opened anew: that ends every
 * connection without a request under way. Answers are sent to their end; what
 * is still being uploaded is cut, which Deno offers no way around.
 *
 *     listening --half of the files are open--> closing, listening anew
 *     listening --it failed--> listening anew as soon as there are files
 *
 * Knows nothing of what is served.
 *
 * @module
 */
import { logger } from "../log/mod.ts";
import { maxOpenFiles, openFiles } from "./open_files.ts";

/** Counting takes some microseconds for each open file; strangers open some thousand connections meanwhile. */
const LOOK_MS = 100;
/** The socket is free some milliseconds after it was closed. */
const AGAIN_MS = 10;
/** Of the files; the other half is for nars, databases, and what comes until the next look. */
const SHARE = 0.5;

/** What {@linkcode Listener} is given. */
export interface ListenerOptions {
  /** The role, for messages. */
  name: string;
  /** Opens the socket on `port`, or on the configured one. */
  open(port: number | undefined, signal: AbortSignal): Deno.HttpServer;
}

export class Listener {
  readonly #options: ListenerOptions;
  readonly #finished = Promise.withResolvers<void>();
  readonly #port: number | undefined;
  readonly #maxFiles = Math.floor(maxOpenFiles() * SHARE);
  #abort = new AbortController();
  #server: Deno.HttpServer | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  #stopped = false;

  /** Throws what `open` throws. */
  constructor(options: ListenerOptions) {
    this.#options = options;
    const server = options.open(undefined, this.#abort.signal);
    this.#port = "port" in server.addr ? server.addr.port : undefined;
    this.#watch(server);
    // On a unix socket only this machine's users connect, and those that may.
    if (this.#port === undefined || openFiles() === undefined) return;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    Deno.unrefTimer(Number(this.#timer));
  }

  /** 0 on a unix socket. */
  get port(): number {
    return this.#port ?? 0;
  }

  /** Resolves when it was stopped; rejects when it failed and cannot listen anew. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Drops all connections. Idempotent, never throws. */
  async stop(): Promise<void> {
    if (this.#stopped) return await this.#finished.promise.catch(() => {});
    this.#stopped = true;
    clearInterval(this.#timer);
    const server = this.#server;
    if (server !== undefined) {
      this.#abort.abort();
      await server.finished.catch(() => undefined);
    }
    this.#finished.resolve();
  }

  #watch(server: Deno.HttpServer): void {
    this.#server = server;
    server.finished.catch((error) => {
      if (this.#stopped || this.#server !== server) return;
      // Its connections are gone with it.
      this.#server = undefined;
      if (this.#timer === undefined) return this.#finished.reject(error);
      this.#warn("the server failed", error);
      this.#listenAnew();
    });
  }

  #look(): void {
    const server = this.#server;
    const count = openFiles() ?? 0;
    if (server === undefined || count <= this.#maxFiles) return;
    this.#server = undefined;
    this.#warn(`${count} files are open, most of them connections`);
    // Answers under way go on to their end.
    server.shutdown().catch(() => undefined);
    this.#listenAnew();
  }

  #listenAnew(): void {
    const again = () => {
      if (this.#stopped) return;
      try {
        this.#abort = new AbortController();
        this.#watch(this.#options.open(this.#port, this.#abort.signal));
      } catch {
        setTimeout(again, AGAIN_MS);
      }
    };
    setTimeout(again, AGAIN_MS);
  }

  #warn(why: string, error?: unknown): void {
    logger(this.#options.name).warn(
      "{why}: idle connections are closed{cause}",
      { why, cause: error instanceof Error ? `: ${error.message}` : "" },
    );
  }
}
