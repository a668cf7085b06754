/**
 * Servers and clients of the RPC over sockets.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import type { RpcLimits } from "./limits.ts";
import { Session, type SessionOptions } from "./session.ts";
import { type StrangerLimits, Strangers } from "./strangers.ts";
import {
  type ConnectOptions,
  connectTransport,
  socketTransport,
} from "./transport.ts";

/** Most connections at once: 10,000 workers, their people and tools. */
const MAX_CONNECTIONS = 12_000;
/** Pause after a failed accept, as when no file descriptor is free. */
const ACCEPT_PAUSE_MS = 50;

export interface ServeOptions extends SessionOptions {
  /** Port 0: a free one. */
  transport: { hostname: string; port: number } | { path: string };
  /** PEM texts; only with a port. */
  tls?: { cert: string; key: string } | undefined;
  /** Called with each connection, for logs and metrics. */
  onSession?: ((session: Session) => void) | undefined;
  maxConnections?: number | undefined;
  /** Bounds of peers until `bootstrap` trusts them. Absent: all are trusted at once. */
  strangers?: Readonly<StrangerLimits> | undefined;
}

export interface RpcListener {
  /** `tcp://host:port`, `tls://host:port` or `unix:/path`. */
  readonly address: string;
  readonly port: number | undefined;
  readonly sessions: ReadonlySet<Session>;
  /** Stops listening and ends every connection. */
  close(): void;
}

/**
 * Serves `bootstrap` to every connection.
 *
 * @throws {AppError} `refused` when the address is taken, `unavailable` when it is not ours.
 */
export function serveRpc(options: ServeOptions): Promise<RpcListener> {
  let listener: Deno.Listener;
  try {
    listener = listen(options);
  } catch (cause) {
    const where = "path" in options.transport
      ? options.transport.path
      : `${options.transport.hostname}:${options.transport.port}`;
    return Promise.reject(
      cause instanceof Deno.errors.AddrInUse
        ? new AppError(
          "refused",
          `Cannot listen on ${where}: the ${
            "path" in options.transport ? "socket" : "port"
          } is in use`,
          { cause, hint: "stop what uses this address, or choose another one" },
        )
        : new AppError(
          "unavailable",
          `Cannot listen on ${where}: ${
            cause instanceof Error ? cause.message : String(cause)
          }`,
          { cause, hint: "choose an address of this host" },
        ),
    );
  }
  const sessions = new Set<Session>();
  accept(listener, sessions, options);
  const { addr } = listener;
  return Promise.resolve({
    address: addressOf(addr, options.tls !== undefined),
    port: "port" in addr ? addr.port : undefined,
    sessions,
    close() {
      try {
        listener.close();
      } catch {
        // Closed already.
      }
      for (const session of sessions) session.close("the server stops");
    },
  });
}

function listen(options: ServeOptions): Deno.Listener {
  const { transport, tls } = options;
  if ("path" in transport) {
    return Deno.listen({ transport: "unix", path: transport.path });
  }
  return tls === undefined
    ? Deno.listen(transport)
    : Deno.listenTls({ ...transport, cert: tls.cert, key: tls.key });
}

function addressOf(address: Deno.Addr, tls: boolean): string {
  if ("path" in address) return `unix:${address.path}`;
  if (!("hostname" in address)) return address.transport;
  const host = address.hostname.includes(":")
    ? `[${address.hostname}]`
    : address.hostname;
  return `${tls ? "tls" : "tcp"}://${host}:${address.port}`;
}

async function accept(
  listener: Deno.Listener,
  sessions: Set<Session>,
  options: ServeOptions,
): Promise<void> {
  const most = options.maxConnections ?? MAX_CONNECTIONS;
  const strangers = options.strangers === undefined
    ? undefined
    : new Strangers(options.strangers);
  for (;;) {
    let conn: Deno.Conn;
    try {
      conn = await listener.accept();
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
      await new Promise((resolve) => setTimeout(resolve, ACCEPT_PAUSE_MS));
      continue;
    }
    if (sessions.size >= most) {
      conn.close();
      continue;
    }
    const session = start(conn, sessions, options);
    if (session !== undefined) strangers?.add(session);
  }
}

function start(
  conn: Deno.Conn,
  sessions: Set<Session>,
  options: ServeOptions,
): Session | undefined {
  let session: Session;
  try {
    session = new Session(socketTransport(conn), {
      ...options,
      maxBytesBeforeTrust: options.strangers?.maxMessageBytes,
    });
  } catch {
    // Gone before it was looked at.
    conn.close();
    return undefined;
  }
  sessions.add(session);
  session.closed.then(() => sessions.delete(session));
  options.onSession?.(session);
  return session;
}

export interface ConnectRpcOptions extends ConnectOptions, SessionOptions {
  /** `tcp://host:port`, `tls://host:port` or `unix:/path`. */
  url: string;
  limits?: Partial<RpcLimits> | undefined;
}

/**
 * Connects to a server.
 *
 * @throws {AppError} As {@linkcode connectTransport}.
 */
export async function connectRpc(options: ConnectRpcOptions): Promise<Session> {
  const transport = await connectTransport(options.url, options);
  return new Session(transport, options);
}
