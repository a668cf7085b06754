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
  /** Told of all that comes from the server. */
  onAnswer?: (bytes: number) => void;
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
}

/** Chunks held back at once: the window of a fast, long line. */
const MAX_HELD = 1024;
const REQUEST = /(?:^|\n)((?:GET|HEAD|POST|PUT) \S+) HTTP\/1\.1\r?\n/g;

/** Passes on what comes, later. A TCP connection's opening takes one delay each way, as a handshake would. */
function passOn(from: Socket, to: Socket, delayMs: number): void {
  let held = 0;
  from.on("data", (chunk) => {
    if (++held >= MAX_HELD) from.pause();
    setTimeout(() => {
      held--;
      if (from.isPaused()) from.resume();
      if (!to.writable) return;
      if (!to.write(chunk)) {
        from.pause();
        to.once("drain", () => from.resume());
      }
    }, delayMs);
  });
  from.on("end", () => setTimeout(() => to.end(), delayMs));
  from.on("error", () => to.destroy());
  from.on("close", () => setTimeout(() => to.end(), delayMs));
}

/** Starts one on a free port. */
export async function delayingProxy(
  options: ProxyOptions,
): Promise<DelayingProxy> {
  const { target, delayMs, onAnswer } = options;
  const { hostname, port } = new URL(target);
  const sockets = new Set<Socket>();
  const requests: string[] = [];
  let connections = 0;
  let answered = 0;
  const server = createServer({ noDelay: true }, (client) => {
    connections++;
    client.pause();
    const upstream = connect({ host: hostname, port: Number(port) });
    upstream.setNoDelay(true);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
    upstream.on("data", (chunk: Uint8Array) => {
      answered += chunk.length;
      onAnswer?.(chunk.length);
    });
    client.on("data", (chunk: Uint8Array) => {
      const text = new TextDecoder("latin1").decode(chunk);
      for (const [, line = ""] of text.matchAll(REQUEST)) requests.push(line);
    });
    // The handshake: loopback's own takes no time.
    setTimeout(() => {
      passOn(client, upstream, delayMs);
      passOn(upstream, client, delayMs);
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
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<void>();
      server.close(() => closed.resolve());
      cut();
      await closed.promise;
    },
  };
}
