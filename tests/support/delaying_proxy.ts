/**
 * A TCP proxy that stands for distance: every byte arrives so much later, each
 * way, as many at once as come; and connections can be cut.
 *
 * @module
 */
import { connect, createServer, type Socket } from "node:net";

/** How the proxy treats its connections. */
export interface ProxyOptions {
  /** `http://127.0.0.1:PORT` of the server behind it. */
  target: string;
  /** Each way. */
  delayMs: number;
}

/** A running proxy. */
export interface DelayingProxy extends AsyncDisposable {
  url: string;
  /** Connections since it began. */
  readonly connections: number;
  /** Requests since it began, as the lines they begin with: `GET /nar/...`. */
  readonly requests: readonly string[];
  /** Bytes from the server. */
  readonly answered: number;
  /** Breaks every connection there is. */
  cut(): void;
  /** After so many more bytes from the server nothing comes through, until `release`. Resolves when it is so. */
  hold(bytes: number): Promise<void>;
  release(): void;
}

/** Chunks held back at once: the window of a fast, long line. */
const MAX_HELD = 1024;
const REQUEST = /(?:^|\n)((?:GET|HEAD|POST|PUT) \S+) HTTP\/1\.1\r?\n/g;

/** Lets so many bytes through, and the others when it is opened. */
class Gate {
  #left = Infinity;
  #reached = Promise.withResolvers<void>();
  #opened = Promise.withResolvers<void>();

  hold(bytes: number): Promise<void> {
    this.#left = bytes;
    this.#reached = Promise.withResolvers<void>();
    this.#opened = Promise.withResolvers<void>();
    return this.#reached.promise;
  }

  release(): void {
    this.#left = Infinity;
    this.#opened.resolve();
  }

  async pass(bytes: number): Promise<void> {
    this.#left -= bytes;
    if (this.#left >= 0) return;
    this.#reached.resolve();
    await this.#opened.promise;
  }
}

const OPEN = new Gate();

/** Passes on what comes, later and in order. */
function passOn(from: Socket, to: Socket, delayMs: number, gate = OPEN): void {
  let held = 0;
  let last = Promise.resolve();
  const write = async (chunk: Uint8Array) => {
    held--;
    if (from.isPaused()) from.resume();
    if (!to.writable || to.write(chunk)) return;
    await new Promise<void>((resolve) => {
      to.once("drain", resolve);
      to.once("close", resolve);
    });
  };
  from.on("data", (chunk: Uint8Array) => {
    if (++held >= MAX_HELD) from.pause();
    const arrived = new Promise<void>((resolve) =>
      delayMs === 0 ? resolve() : setTimeout(resolve, delayMs)
    );
    last = last.then(async () => {
      await arrived;
      await gate.pass(chunk.length);
      await write(chunk);
    });
  });
  const end = () => {
    setTimeout(() => void last.then(() => to.end()), delayMs);
  };
  from.on("end", end);
  from.on("close", end);
}

/** Starts one on a free port. */
export async function delayingProxy(
  options: ProxyOptions,
): Promise<DelayingProxy> {
  const { target, delayMs } = options;
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  let answered = 0;
  const gate = new Gate();
  const server = createServer({ noDelay: true }, (client) => {
    connections++;
    client.pause();
    const upstream = connect({ host: hostname, port: Number(port) });
    upstream.setNoDelay(true);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
      // A server that is gone: its client is told by the end of the connection.
      socket.on("error", () => void client.destroy());
    }
    upstream.on("data", (chunk: Uint8Array) => {
      answered += chunk.length;
    });
    client.on("data", (chunk: Uint8Array) => {
      const text = new TextDecoder("latin1").decode(chunk);
      for (const [, line = ""] of text.matchAll(REQUEST)) requests.push(line);
    });
    // The handshake: loopback's own takes no time.
    setTimeout(() => {
      passOn(client, upstream, delayMs);
      passOn(upstream, client, delayMs, gate);
      client.resume();
    }, 2 * delayMs);
  });
  const listening = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => listening.resolve());
  await listening.promise;
  const address = server.address();
  const own = typeof address === "object" ? address?.port : undefined;
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    url: `http://127.0.0.1:${own}`,
    get connections() {
      return connections;
    },
    requests,
    get answered() {
      return answered;
    },
    cut,
    hold: (bytes) => gate.hold(bytes),
    release: () => gate.release(),
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      gate.release();
      cut();
      await closed.promise;
    },
  };
}
