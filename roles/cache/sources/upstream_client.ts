/**
 * Asks an upstream over HTTP: bounded in time, in size and in redirects, with
 * its credentials on its own address only. Believes nothing of what comes.
 *
 * Heads of answers are bounded by the HTTP library: 100 headers, some 400 kB.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { AppError } from "../../model/errors.ts";
import { decode } from "../protocol/body.ts";
import { hopTo, MAX_REDIRECTS } from "./core/hops.ts";
import { formatVia, parseVia } from "./core/via.ts";
import { OwnFailure } from "./own_failure.ts";
import type { Chain } from "./source.ts";

/** Where and as whom. */
export interface UpstreamAddress {
  /** `http://...` or `https://...`, with or without a path. */
  url: string;
  /** The whole `Authorization` header. */
  authorization?: string | undefined;
  /** PEM text of a CA to trust besides the system's. */
  caCert?: string | undefined;
  /** This cache's own name, for `Via`. */
  own: string;
}

/** One request. */
export interface UpstreamCall {
  chain: Chain;
  /** Bounds the head of the answer, and all of it where it is read whole. */
  timeoutMs: number;
}

/** An answer of 200, its body to be read or cancelled. */
export interface UpstreamAnswer {
  body: ReadableStream<Uint8Array>;
  /** Bytes of the body, when it says so and sends them as they are. */
  length: number | undefined;
  /** How it is packed for the way; empty: it is not. */
  encoding: string;
  via: Chain;
}

/** Wrapped around what happened. */
const MAX_CAUSES = 8;
/** Of a reason that goes into /readyz and the log. */
const MAX_WHY_CHARS = 200;
/** Not there: object stores that nobody may list say 403, and nix takes it so. */
const ABSENT = new Set([403, 404, 410]);
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

/** What a `tokenFile` holds as a header: `USER:PASSWORD`, or a bare token (in which no colon may be). */
export function authorizationOf(text: string): string {
  return text.includes(":") ? `Basic ${btoa(text)}` : `Bearer ${text}`;
}

/** What the network library says at the bottom: a refused connection, an unknown issuer. */
function innermost(error: unknown): string {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES; depth++) {
    if (!(current instanceof Error) || current.cause === undefined) break;
    current = current.cause;
  }
  const text = current instanceof Error ? current.message : String(current);
  return text.slice(0, MAX_WHY_CHARS);
}

function contentLength(headers: Headers): number | undefined {
  // What was packed for the way is unpacked already, its length was of the packed one.
  if (headers.has("content-encoding")) return undefined;
  const text = headers.get("content-length") ?? "";
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** Nix caches keep narinfos, listings and logs packed if told to, and say so whatever was asked for. */
async function unpack(
  packed: Uint8Array,
  encoding: string,
  { what, maxBytes }: { what: string; maxBytes: number },
): Promise<Uint8Array> {
  try {
    return new Uint8Array(await decode(packed, encoding, what, maxBytes));
  } catch (cause) {
    throw new AppError(
      "refused",
      `Cannot read ${what}: it does not unpack as ${
        encoding.slice(0, 20)
      } within ${maxBytes} bytes`,
      { cause },
    );
  }
}

async function readBounded(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
  what: string,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) {
      throw new AppError(
        "refused",
        `Cannot read ${what}: it is larger than ${maxBytes} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

export class UpstreamClient implements Disposable {
  readonly #address: UpstreamAddress;
  readonly #base: URL;
  readonly #client: Deno.HttpClient;
  readonly #closed = new AbortController();

  constructor(address: UpstreamAddress) {
    this.#address = address;
    this.#base = new URL(`${address.url.replace(/\/+$/, "")}/`);
    this.#client = Deno.createHttpClient(
      address.caCert === undefined ? {} : { caCerts: [address.caCert] },
    );
  }

  /**
   * The answer to GET, undefined when there is no such thing.
   *
   * @param signal ends the body too.
   * @throws {AppError} `unavailable`, `timeout`, `refused`; what `signal` gives as its reason.
   */
  async open(
    path: string,
    call: UpstreamCall & { signal: AbortSignal },
  ): Promise<UpstreamAnswer | undefined> {
    const head = new AbortController();
    const timer = setTimeout(() => {
      head.abort(this.#late(call.timeoutMs));
    }, call.timeoutMs);
    const signal = AbortSignal.any([
      call.signal,
      head.signal,
      this.#closed.signal,
    ]);
    try {
      return await this.#follow(hopTo(path, this.#base), call.chain, signal);
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (signal.aborted) throw signal.reason;
      throw new AppError(
        "unavailable",
        `Cannot reach ${this.#base.origin}: ${innermost(error)}`,
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  /** A small text, whole. As {@linkcode bytes}. */
  async text(
    path: string,
    call: UpstreamCall & { maxBytes: number },
  ): Promise<{ text: string; via: Chain } | undefined> {
    const answer = await this.bytes(path, call);
    if (answer === undefined) return undefined;
    return { text: new TextDecoder().decode(answer.bytes), via: answer.via };
  }

  /** Something small, whole and unpacked. As {@linkcode open}; `refused` also for what is too large or does not unpack. */
  async bytes(
    path: string,
    call: UpstreamCall & { maxBytes: number },
  ): Promise<{ bytes: Uint8Array; via: Chain } | undefined> {
    const whole = new AbortController();
    const timer = setTimeout(() => {
      whole.abort(this.#late(call.timeoutMs));
    }, call.timeoutMs);
    try {
      const answer = await this.open(path, { ...call, signal: whole.signal });
      if (answer === undefined) return undefined;
      const what = `${path} of ${this.#base.origin}`;
      const { maxBytes } = call;
      const packed = await readBounded(answer.body, maxBytes, what);
      const { encoding, via } = answer;
      return { bytes: await unpack(packed, encoding, { what, maxBytes }), via };
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (whole.signal.aborted) throw whole.signal.reason;
      throw new AppError(
        "unavailable",
        `Cannot read ${path} of ${this.#base.origin}`,
        { cause: error },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  [Symbol.dispose](): void {
    this.#closed.abort(new OwnFailure("This cache is being stopped"));
    this.#client.close();
  }

  async #follow(
    first: URL,
    chain: Chain,
    signal: AbortSignal,
  ): Promise<UpstreamAnswer | undefined> {
    let url = first;
    for (let hops = 0; hops <= MAX_REDIRECTS; hops++) {
      const response = await fetch(url, {
        client: this.#client,
        headers: this.#headers(url, chain),
        redirect: "manual",
        signal,
      });
      if (!REDIRECTS.has(response.status)) return await this.#read(response);
      await response.body?.cancel();
      url = hopTo(response.headers.get("location") ?? "https://", url);
    }
    throw new AppError(
      "refused",
      `Cannot follow ${this.#base.origin}: it redirects more than ${MAX_REDIRECTS} times`,
    );
  }

  #headers(url: URL, chain: Chain): Headers {
    const { authorization, own } = this.#address;
    const headers = new Headers({
      // A nar that is packed for the way would have another length than it says.
      "accept-encoding": "identity",
      "user-agent": "procurator-cache",
      via: formatVia([...chain, own]),
    });
    if (authorization !== undefined && url.origin === this.#base.origin) {
      headers.set("authorization", authorization);
    }
    return headers;
  }

  async #read(response: Response): Promise<UpstreamAnswer | undefined> {
    const { status, headers, body } = response;
    if (status === 200 && body !== null) {
      const via = parseVia(headers.get("via"));
      const encoding = headers.get("content-encoding")?.trim().toLowerCase();
      const length = contentLength(headers);
      return { body, length, encoding: encoding ?? "", via };
    }
    await body?.cancel();
    if (ABSENT.has(status)) return undefined;
    throw new AppError(
      "unavailable",
      `Cannot read from ${this.#base.origin}: it answers with the status ${status}`,
      status === 401 ? { hint: "give its token by tokenFile" } : {},
    );
  }

  #late(timeoutMs: number): AppError {
    return new AppError(
      "timeout",
      `Cannot wait for ${this.#base.origin}: it took more than ${timeoutMs} ms`,
    );
  }
}
