/**
 * Calls the HTTP side of a role: token, CA, time-out, and its errors back as
 * AppErrors. Follows no redirects: no role of ours sends one.
 *
 * @module
 */
import type { z } from "zod";
import { AppError, parseWith } from "../model/mod.ts";
import { errorOfAnswer } from "./core/error_body.ts";

/** An answer from a role on the same network comes within this, or it hangs. */
const DEFAULT_TIMEOUT_MS = 10_000;
/** Answers are lists for people; 10,000 VMs are below this. */
const MAX_ANSWER_BYTES = 32 * 1024 * 1024;

/** Where and as whom. */
export interface HttpClientOptions {
  /** `http://...`, `https://...` or `unix:/path` of the server. */
  url: string;
  token?: string | undefined;
  /** PEM text of the CA to trust besides the system's. */
  caCert?: string | undefined;
  timeoutMs?: number;
}

/** One request. */
export interface HttpCall {
  method?: "GET" | "POST" | "PUT" | "DELETE" | "HEAD";
  /** Sent as JSON. */
  json?: unknown;
  /** Sent as it is. */
  body?: BodyInit;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** Bounds the head of the answer, not a stream's length. Milliseconds. */
  timeoutMs?: number;
}

/** A client of one server. */
export interface HttpClient extends Disposable {
  readonly url: string;
  /** The answer when its status is 2xx, to be read or cancelled by the caller. Throws its error otherwise. */
  request(path: string, call?: HttpCall): Promise<Response>;
  /** The answer's JSON, parsed by `schema`. */
  json<S extends z.ZodType>(
    schema: S,
    path: string,
    call?: HttpCall,
  ): Promise<z.output<S>>;
  close(): void;
}

function denoClient(options: HttpClientOptions): Deno.HttpClient {
  return Deno.createHttpClient({
    ...(options.caCert === undefined ? {} : { caCerts: [options.caCert] }),
    ...(options.url.startsWith("unix:")
      ? {
        proxy: {
          transport: "unix",
          path: options.url.slice("unix:".length),
        },
      }
      : {}),
  });
}

function unreachable(url: string, error: unknown): AppError {
  const chain: string[] = [];
  for (
    let cause: unknown = error;
    cause instanceof Error && chain.length < 8;
    cause = cause.cause
  ) chain.push(cause.message);
  const text = chain.join(": ");
  if (/certificate|UnknownIssuer|NotValidForName/i.test(text)) {
    return new AppError("refused", `Cannot trust ${url}`, {
      cause: error,
      hint:
        "give the CA that `procurator tls init` made by --ca-file, and a name or address that is in the certificate",
    });
  }
  return new AppError("unavailable", `Cannot reach ${url}`, {
    cause: error,
    hint: "is it running, and does it listen there?",
  });
}

async function readBounded(response: Response, what: string): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new AppError(
        "failed",
        `The answer of ${what} is larger than ${MAX_ANSWER_BYTES} bytes`,
      );
    }
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** A client for one server; dispose or close it when done. */
export function httpClient(options: HttpClientOptions): HttpClient {
  const client = denoClient(options);
  const base = options.url.startsWith("unix:")
    ? "http://localhost"
    : options.url.replace(/\/+$/, "");

  async function request(path: string, call: HttpCall = {}): Promise<Response> {
    const what = `${call.method ?? "GET"} ${options.url}${path}`;
    const timeoutMs = call.timeoutMs ?? options.timeoutMs ??
      DEFAULT_TIMEOUT_MS;
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(), timeoutMs);
    const signal = call.signal === undefined
      ? timeout.signal
      : AbortSignal.any([timeout.signal, call.signal]);
    try {
      const response = await fetch(`${base}${path}`, {
        ...requestInit(call, options.token),
        client,
        signal,
      });
      if (response.ok) return response;
      throw errorOfAnswer(
        response.status,
        await readBounded(response, what),
        what,
      );
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (call.signal?.aborted === true) throw call.signal.reason;
      if (timeout.signal.aborted) {
        throw new AppError(
          "timeout",
          `${what} was not answered within ${timeoutMs} ms`,
        );
      }
      throw unreachable(options.url, error);
    } finally {
      clearTimeout(timer);
    }
  }

  async function json<S extends z.ZodType>(
    schema: S,
    path: string,
    call: HttpCall = {},
  ): Promise<z.output<S>> {
    const response = await request(path, call);
    const what = `the answer of ${options.url}${path}`;
    const text = await readBounded(response, what);
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (cause) {
      throw new AppError("failed", `Cannot read ${what}: it is not JSON`, {
        cause,
        hint: "is this the address of a procurator service?",
      });
    }
    return parseWith(schema, value, { what });
  }

  const close = () => client.close();
  return { url: options.url, request, json, close, [Symbol.dispose]: close };
}

function requestInit(call: HttpCall, token: string | undefined): RequestInit {
  const headers = new Headers(call.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  let body: BodyInit | undefined = call.body;
  if (call.json !== undefined) {
    headers.set("content-type", "application/json");
    body = JSON.stringify(call.json);
  }
  if (!headers.has("accept")) headers.set("accept", "application/json");
  return {
    method: call.method ?? "GET",
    headers,
    redirect: "error",
    ...(body === undefined ? {} : { body }),
  };
}
