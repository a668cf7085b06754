/**
 * Ways for bytes to reach a peer: TCP, TLS, unix sockets, and a pair in
 * memory. The port `Transport` is the session's; a simulator brings its own.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";

/** A stream of bytes in both directions. */
export interface Transport {
  /** The next bytes, valid until the next read; null at the end. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when all is written; `bytes` may be used again then. One at a time. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends both directions; pending reads give null. Idempotent. */
  close(): void;
  /** Who is at the other end, for logs. */
  readonly peer: string;
}

/**
 * First size of the read buffer: a heartbeat or an order fits, and thousands
 * of connections are idle most of the time. It doubles up to the second for
 * streams that fill it.
 */
const READ_BYTES = 4 * 1024;
const MAX_READ_BYTES = 1024 * 1024;
/** Reads in a row that would have fitted a quarter of the buffer: then half of it is given back. */
const SMALL_READS = 32;

class SocketTransport implements Transport {
  readonly peer: string;
  readonly #conn: Deno.Conn;
  #buffer = new Uint8Array(READ_BYTES);
  #smallReads = 0;
  #closed = false;

  constructor(conn: Deno.Conn, peer: string) {
    this.#conn = conn;
    this.peer = peer;
  }

  async read(): Promise<Uint8Array | null> {
    try {
      const size = await this.#conn.read(this.#buffer);
      if (size === null) return null;
      const bytes = this.#buffer.subarray(0, size);
      this.#resize(size);
      return bytes;
    } catch (error) {
      if (this.#closed) return null;
      throw error;
    }
  }

  /** For the next read, by how much came with this one. */
  #resize(size: number): void {
    const { length } = this.#buffer;
    this.#smallReads = size * 4 <= length ? this.#smallReads + 1 : 0;
    if (size === length && length < MAX_READ_BYTES) {
      this.#buffer = new Uint8Array(length * 2);
    } else if (this.#smallReads >= SMALL_READS && length > READ_BYTES) {
      this.#buffer = new Uint8Array(length / 2);
      this.#smallReads = 0;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    while (rest.length > 0) {
      rest = rest.subarray(await this.#conn.write(rest));
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    try {
      this.#conn.close();
    } catch {
      // Closed by the runtime already.
    }
  }
}

function describeAddress(address: Deno.Addr): string {
  if ("hostname" in address) return `${address.hostname}:${address.port}`;
  return "path" in address ? `unix:${address.path}` : address.transport;
}

/** Small messages must not wait for each other's acknowledgement; a peer whose machine is gone must be noticed. */
function tune(conn: Deno.Conn): void {
  if (!("setNoDelay" in conn)) return;
  const tcp = conn as Deno.TcpConn;
  tcp.setNoDelay(true);
  if (typeof tcp.setKeepAlive === "function") tcp.setKeepAlive(true);
}

export function socketTransport(conn: Deno.Conn): Transport {
  tune(conn);
  return new SocketTransport(conn, describeAddress(conn.remoteAddr));
}

export interface ConnectOptions {
  /** PEM of the authority that signed the server's certificate, for `tls:`. */
  caCert?: string | undefined;
  /** Gives up when aborted. */
  signal?: AbortSignal | undefined;
}

/**
 * Connects to `tcp://host:port`, `tls://host:port` or `unix:/path`.
 *
 * @throws {AppError} `invalid` for another URL, `unavailable` when nobody answers.
 */
export async function connectTransport(
  url: string,
  options: ConnectOptions = {},
): Promise<Transport> {
  const { signal } = options;
  const dialled = dial(url, options);
  if (signal === undefined) return socketTransport(await dialled);
  const aborted = Promise.withResolvers<never>();
  const onAbort = () =>
    aborted.reject(
      new AppError("timeout", `Cannot connect to ${url}: gave up waiting`, {
        cause: signal.reason,
      }),
    );
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return socketTransport(await Promise.race([dialled, aborted.promise]));
  } catch (error) {
    // A connection that comes too late is not wanted.
    dialled.then((conn) => conn.close(), () => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

async function dial(url: string, options: ConnectOptions): Promise<Deno.Conn> {
  const target = parseUrl(url);
  try {
    if (target.kind === "unix") {
      return await Deno.connect({ transport: "unix", path: target.path });
    }
    const { hostname, port } = target;
    if (target.kind === "tcp") return await Deno.connect({ hostname, port });
    const caCerts = options.caCert === undefined ? [] : [options.caCert];
    const conn = await Deno.connectTls({ hostname, port, caCerts });
    try {
      await conn.handshake();
    } catch (error) {
      conn.close();
      throw error;
    }
    return conn;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("unavailable", `Cannot connect to ${url}: ${why}`, {
      cause,
      hint: "check that the server runs and that the address is right",
    });
  }
}

type DialTarget =
  | { kind: "unix"; path: string }
  | { kind: "tcp" | "tls"; hostname: string; port: number };

function parseUrl(url: string): DialTarget {
  if (url.startsWith("unix:/")) {
    return { kind: "unix", path: url.slice("unix:".length) };
  }
  const match = /^(tcp|tls):\/\/(\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d{1,5})\/?$/
    .exec(
      url,
    );
  if (match === null || Number(match[3]) > 65_535) {
    throw new AppError("invalid", `Cannot connect to "${url}"`, {
      hint: "use tcp://HOST:PORT, tls://HOST:PORT or unix:/PATH",
    });
  }
  return {
    kind: match[1] === "tls" ? "tls" : "tcp",
    hostname: match[2]!.replace(/^\[|\]$/g, ""),
    port: Number(match[3]),
  };
}

/** Two transports, each the other's peer. Bytes pass in microtasks only. */
export function memoryPair(): [Transport, Transport] {
  const left = new MemoryTransport("memory:left");
  const right = new MemoryTransport("memory:right");
  left.other = right;
  right.other = left;
  return [left, right];
}

class MemoryTransport implements Transport {
  readonly peer: string;
  other: MemoryTransport | undefined;
  readonly #arrived: Uint8Array[] = [];
  #reader: ((bytes: Uint8Array | null) => void) | undefined;
  #closed = false;

  constructor(peer: string) {
    this.peer = peer;
  }

  read(): Promise<Uint8Array | null> {
    const next = this.#arrived.shift();
    if (next !== undefined) return Promise.resolve(next);
    if (this.#closed) return Promise.resolve(null);
    return new Promise((resolve) => this.#reader = resolve);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#closed || this.other === undefined) {
      return Promise.reject(new AppError("unavailable", "The pair is closed"));
    }
    this.other.#deliver(bytes.slice());
    return Promise.resolve();
  }

  #deliver(bytes: Uint8Array): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (reader === undefined) this.#arrived.push(bytes);
    else reader(bytes);
  }

  close(): void {
    this.#end();
    if (this.other !== undefined) this.other.#end();
  }

  #end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader?.(null);
    this.#reader = undefined;
  }
}
