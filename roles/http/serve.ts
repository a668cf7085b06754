/**
 * Opens the socket of an HTTP server and closes it gracefully. Knows nothing
 * of what is served.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import { formatListen, type Listen, parseListen } from "../config/mod.ts";
import { Listener } from "./listener.ts";

/** Requests under way may take this long after `stop`: a status answer does, a long poll or a log stream must not hold an exit. */
const STOP_GRACE_MS = 3000;

/** PEM texts. */
export interface ServerTls {
  cert: string;
  key: string;
}

/** What {@linkcode serveHttp} is given. */
export interface ServeOptions {
  /** The role, for messages. */
  name: string;
  listen: Listen | string;
  tls?: ServerTls | undefined;
  /** A Hono app, or anything that answers. */
  app: {
    fetch(
      request: Request,
      info: Deno.ServeHandlerInfo,
    ): Response | Promise<Response>;
    /**
     * Asked first: an answer from memory, which counts as sent when it is
     * given. Undefined: `fetch` answers.
     */
    direct?(request: Request): Response | undefined;
  };
  /** Aborting stops it as `stop` does. */
  signal?: AbortSignal;
}

/** A server that listens. */
export interface HttpServer {
  /** `http://127.0.0.1:6441`, `https://...`, or `unix:/path`. */
  readonly url: string;
  /** The TCP port, 0 on a unix socket. */
  readonly port: number;
  /** Requests whose answers are not sent to their end. */
  readonly openRequests: number;
  /** Stops listening, waits for requests within a bound, then drops them. Idempotent, never throws. */
  stop(): Promise<void>;
  /** Resolves when it has stopped. */
  readonly finished: Promise<void>;
}

function cannotListen(
  name: string,
  listen: Listen,
  cause: unknown,
): AppError {
  const where = formatListen(listen);
  if (cause instanceof Deno.errors.AddrInUse) {
    return new AppError(
      "refused",
      `Cannot listen on ${where}: the ${
        "path" in listen ? "socket" : "port"
      } is in use`,
      {
        hint:
          `--port-base 0 for free ports, or another --listen for ${name}; \`ss -lptn\` shows who has it`,
      },
    );
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return new AppError("refused", `Cannot listen on ${where}: no permission`, {
      hint: "a port above 1023, or a socket in a directory of yours",
    });
  }
  return new AppError("refused", `Cannot listen on ${where}`, { cause });
}

/** A socket file that a killed process left is removed; one that answers is in use. */
async function removeStaleSocket(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => null);
  if (info === null || info.isSocket !== true) return;
  try {
    (await Deno.connect({ transport: "unix", path })).close();
  } catch {
    await Deno.remove(path).catch(() => undefined);
  }
}

/**
 * Deno opens what it waits for signals with when it first has to, and panics
 * where no file can be opened any more: a flood of connections must not be
 * there first. A signal that changes nothing when it is listened to.
 */
function openSignals(): void {
  const nothing = () => {};
  Deno.addSignalListener("SIGWINCH", nothing);
  Deno.removeSignalListener("SIGWINCH", nothing);
}

function startServer(
  options: ServeOptions,
  listen: Listen,
  requests: RequestsUnderWay,
  signal: AbortSignal,
): Deno.HttpServer {
  const handler = (request: Request, info: Deno.ServeHandlerInfo) => {
    // An upload that is refused now is one that nix 2.8 hangs on: what fits the grace is taken.
    if (requests.stopping && request.method !== "PUT") {
      const headers = { connection: "close", "retry-after": "1" };
      return new Response("stopping\n", { status: 503, headers });
    }
    const answered = options.app.direct?.(request);
    if (answered !== undefined) return answered;
    requests.track(info.completed);
    return options.app.fetch(request, info);
  };
  const common = { signal, onListen: () => {} };
  openSignals();
  if ("path" in listen) {
    return Deno.serve({ path: listen.path, ...common }, handler);
  }
  const { hostname, port } = listen;
  return Deno.serve(
    { hostname, port, ...(options.tls ?? {}), ...common },
    handler,
  );
}

/**
 * Counts requests until their answers are sent. `HttpServer.shutdown` would
 * wait for them too, but a server that is shutting down can no longer be
 * aborted, and one long poll would hold it.
 */
class RequestsUnderWay {
  stopping = false;
  #count = 0;
  #whenNone: (() => void) | undefined;

  track(completed: Promise<void>): void {
    this.#count++;
    const done = () => {
      this.#count--;
      if (this.#count === 0) this.#whenNone?.();
    };
    completed.then(done, done);
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when none is under way, or after `ms`. */
  async drained(ms: number): Promise<void> {
    if (this.#count === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#whenNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

function urlOf(listen: Listen, port: number, tls: boolean): string {
  if ("path" in listen) return formatListen(listen);
  return `${tls ? "https" : "http"}://${formatListen({ ...listen, port })}`;
}

/**
 * Serves `app`. Whether listening there is safe is the caller's to check
 * (`assertSafeListen`).
 *
 * @throws {AppError} `refused` when the address is taken or not ours.
 */
export async function serveHttp(options: ServeOptions): Promise<HttpServer> {
  const listen = typeof options.listen === "string"
    ? parseListen(options.listen)
    : options.listen;
  if ("path" in listen) await removeStaleSocket(listen.path);
  const requests = new RequestsUnderWay();
  let server: Listener;
  try {
    server = new Listener({
      name: options.name,
      open: (port, signal) =>
        startServer(
          options,
          port === undefined || "path" in listen ? listen : { ...listen, port },
          requests,
          signal,
        ),
    });
  } catch (cause) {
    throw cannotListen(options.name, listen, cause);
  }
  const { port } = server;
  const stopOnce = async () => {
    requests.stopping = true;
    await requests.drained(STOP_GRACE_MS);
    await server.stop();
  };
  let stopping: Promise<void> | undefined;
  const stop = () => stopping ??= stopOnce();
  if (options.signal?.aborted === true) await stop();
  options.signal?.addEventListener("abort", () => void stop(), { once: true });
  return {
    url: urlOf(listen, port, options.tls !== undefined),
    port,
    get openRequests() {
      return requests.count;
    },
    stop,
    finished: server.finished,
  };
}
