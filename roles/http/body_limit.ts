/**
 * Bounds request bodies: by their stated length before anything is read, by
 * counting where none is stated.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import type { AppEnv } from "./authentication.ts";

function tooLarge(maxBytes: number): HTTPException {
  return new HTTPException(413, {
    message: `The request is too large: at most ${maxBytes} bytes are taken`,
  });
}

function counted(
  body: ReadableStream<Uint8Array>,
  maxBytes: number,
): ReadableStream<Uint8Array> {
  let bytes = 0;
  return body.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength;
        if (bytes > maxBytes) controller.error(tooLarge(maxBytes));
        else controller.enqueue(chunk);
      },
    }),
  );
}

/** Replaces the request's body by one that fails beyond the bound. */
function countBody(c: Context, maxBytes: number): void {
  const { raw } = c.req;
  if (raw.body === null) return;
  // Not `new Request(raw, ...)`: that touches raw.signal, and Deno then warns on standard error.
  c.req.raw = new Request(raw.url, {
    method: raw.method,
    headers: raw.headers,
    body: counted(raw.body, maxBytes),
  });
}

/** Middleware: answers 413 beyond `maxBytes` of the request; Infinity leaves the body alone. */
export function limitBody(
  maxBytesOf: (method: string, path: string) => number,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const maxBytes = maxBytesOf(c.req.method, c.req.path);
    if (maxBytes !== Infinity) {
      const stated = c.req.header("content-length");
      const chunked = c.req.header("transfer-encoding") !== undefined;
      if (stated === undefined || chunked) countBody(c, maxBytes);
      else if (Number(stated) > maxBytes) throw tooLarge(maxBytes);
    }
    await next();
  };
}
