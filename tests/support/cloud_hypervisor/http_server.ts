/**
 * The rules of cloud-hypervisor's HTTP server: ten connections, idle ones
 * included; requests one at a time, whichever connection they come by; a body
 * only with a Content-Length, of 4 MiB at most; what it cannot parse is answered
 * with something that is almost JSON.
 *
 * @module
 */

const MAX_CONNECTIONS = 10;
const MAX_BODY_BYTES = 4 << 20;
const METHODS = ["GET", "PUT", "PATCH", "DELETE"];
const FULL =
  "HTTP/1.1 503\r\nServer: Firecracker API\r\nConnection: close\r\n" +
  'Content-Length: 40\r\n\r\n{ "error": "Too many open connections" }';

/** One request, parsed. */
export interface ServerRequest {
  method: string;
  path: string;
  body: string;
}

/** What is answered; without a body of a 204. */
export interface ServerAnswer {
  status: number;
  body: string;
}

/** Answers a request; one that never resolves hangs the server, as it does. */
export type Handler = (request: ServerRequest) => Promise<ServerAnswer>;

class ParseError extends Error {}

function head(status: number, server: string, body: string | null): string {
  const lines = [
    // It has no words for a status, but the space before them.
    `HTTP/1.1 ${status} `,
    `Server: ${server}`,
    "Connection: keep-alive",
    ...(body === null ? [] : [
      "Content-Type: application/json",
      `Content-Length: ${new TextEncoder().encode(body).byteLength}`,
    ]),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${body ?? ""}`;
}

function parserAnswer(error: ParseError): string {
  const body =
    `{ "error": "${error.message}\nAll previous unanswered requests will be dropped." }`;
  return head(400, "Firecracker API", body);
}

/** The head of a request; how many bytes follow it. */
function parseHead(
  text: string,
): { request: Omit<ServerRequest, "body">; length: number } {
  const [first = "", ...headers] = text.split("\r\n");
  const [method = "", uri = "", version] = first.split(" ");
  // A client that takes it for a proxy names a host.
  const path = uri.replace(/^http:\/\/[^/]*/, "");
  if (version === undefined) throw new ParseError("Invalid request.");
  if (!METHODS.includes(method)) {
    throw new ParseError("Invalid HTTP Method: Unsupported HTTP method.");
  }
  let length = 0;
  for (const header of headers) {
    const [name = "", value = ""] = header.split(/:\s*/, 2);
    if (/^transfer-encoding$/i.test(name)) {
      throw new ParseError("Invalid request.");
    }
    if (/^content-length$/i.test(name)) length = Number(value);
  }
  if (length > MAX_BODY_BYTES) {
    throw new ParseError(
      `Request payload with size ${length} is larger than the limit of ${MAX_BODY_BYTES} allowed by server.`,
    );
  }
  return { request: { method, path }, length };
}

/** Serves `handler` on a unix socket until it is closed. */
export class HttpServer {
  readonly #listener: Deno.UnixListener;
  readonly #handler: Handler;
  readonly #connections = new Set<Deno.UnixConn>();
  /** All requests, one behind the other. */
  #line: Promise<unknown> = Promise.resolve();

  constructor(path: string, handler: Handler) {
    this.#listener = Deno.listen({ transport: "unix", path });
    this.#handler = handler;
    void this.#accept();
  }

  close(): void {
    this.#listener.close();
    for (const connection of this.#connections) connection.close();
  }

  async #accept(): Promise<void> {
    for await (const connection of this.#listener) {
      if (this.#connections.size >= MAX_CONNECTIONS) {
        await connection.write(new TextEncoder().encode(FULL));
        connection.close();
        continue;
      }
      this.#connections.add(connection);
      void this.#serve(connection).catch(() => undefined).finally(() => {
        this.#connections.delete(connection);
        try {
          connection.close();
        } catch {
          // Closed with the server.
        }
      });
    }
  }

  async #serve(connection: Deno.UnixConn): Promise<void> {
    const chunk = new Uint8Array(64 * 1024);
    let bytes = new Uint8Array(0);
    for (;;) {
      const count = await connection.read(chunk);
      if (count === null) return;
      const more = new Uint8Array(bytes.length + count);
      more.set(bytes);
      more.set(chunk.subarray(0, count), bytes.length);
      bytes = more;
      for (;;) {
        const taken = await this.#one(connection, bytes);
        if (taken === 0) break;
        bytes = bytes.slice(taken);
      }
    }
  }

  /** How many bytes a whole request at the beginning took. */
  async #one(
    connection: Deno.UnixConn,
    bytes: Uint8Array,
  ): Promise<number> {
    const text = new TextDecoder("latin1").decode(bytes);
    const end = text.indexOf("\r\n\r\n");
    if (end < 0) return 0;
    try {
      const { request, length } = parseHead(text.slice(0, end));
      if (bytes.length < end + 4 + length) return 0;
      const body = new TextDecoder().decode(
        bytes.subarray(end + 4, end + 4 + length),
      );
      await this.#answer(connection, { ...request, body });
      return end + 4 + length;
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
      await connection.write(new TextEncoder().encode(parserAnswer(error)));
      // What follows is dropped with it.
      return bytes.length;
    }
  }

  async #answer(
    connection: Deno.UnixConn,
    request: ServerRequest,
  ): Promise<void> {
    const turn = this.#line.then(() => this.#handler(request));
    this.#line = turn.catch(() => undefined);
    const { status, body } = await turn;
    const text = head(
      status,
      "Cloud Hypervisor API",
      status === 204 ? null : body,
    );
    const out = new TextEncoder().encode(text);
    for (let done = 0; done < out.length;) {
      done += await connection.write(out.subarray(done));
    }
  }
}
