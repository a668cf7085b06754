/**
 * Reads request bodies: bounded in every wait and, the small ones that are
 * read whole, in size as sent and as unpacked.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { promisify } from "node:util";
import zlib from "node:zlib";
import { AppError } from "../../model/errors.ts";
import { unpacker } from "./decompress.ts";

const brotli = promisify(zlib.brotliDecompress);
const gunzip = promisify(zlib.gunzip);
const inflate = promisify(zlib.inflate);
const zstd = promisify(zlib.zstdDecompress);

/** A client that sends nothing for this long is gone; it would hold a turn for ever. */
const IDLE_MS = 60_000;

/**
 * The bytes of an upload, with an end to every wait. Leaving the loop early
 * ends the connection.
 *
 * @throws {AppError} `timeout`
 */
export async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  what: string,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const idle = new Promise<never>((_, reject) => {
        timer = setTimeout(() =>
          reject(
            new AppError(
              "timeout",
              `Cannot receive ${what}: nothing came for ${
                IDLE_MS / 1000
              } seconds`,
            ),
          ), IDLE_MS);
      });
      try {
        const { done, value } = await Promise.race([reader.read(), idle]);
        if (done) return;
        yield value;
      } finally {
        clearTimeout(timer);
      }
    }
  } finally {
    // Ends the connection of an upload that was refused halfway; a whole one has ended.
    await reader.cancel().catch(() => undefined);
  }
}

function tooLarge(what: string, maxBytes: number): AppError {
  return new AppError(
    "invalid",
    `Cannot store ${what}: it is larger than ${maxBytes} bytes`,
  );
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(chunks));
}

async function readBounded(
  body: ReadableStream<Uint8Array>,
  what: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of chunksOf(body, what)) {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(what, maxBytes);
    chunks.push(chunk);
  }
  return joined(chunks);
}

async function unxz(packed: Uint8Array, what: string, maxBytes: number) {
  const chunks: Uint8Array[] = [];
  let total = 0;
  const xz = await unpacker("xz", (chunk) => {
    total += chunk.length;
    if (total > maxBytes) throw tooLarge(what, maxBytes);
    chunks.push(chunk.slice());
  });
  try {
    await xz.write(packed);
    await xz.end();
  } finally {
    xz.close();
  }
  return joined(chunks);
}

async function decode(
  packed: Uint8Array,
  encoding: string,
  what: string,
  maxBytes: number,
): Promise<Uint8Array> {
  const bound = { maxOutputLength: maxBytes };
  switch (encoding) {
    case "":
    case "identity":
      return packed;
    case "br":
      return await brotli(packed, bound);
    case "gzip":
      return await gunzip(packed, bound);
    case "deflate":
      return await inflate(packed, bound);
    case "zstd":
      return await zstd(packed, bound);
    case "xz":
      return await unxz(packed, what, maxBytes);
    default:
      throw new AppError(
        "invalid",
        `Cannot store ${what}: the Content-Encoding "${encoding}" is none of br, gzip, deflate, zstd, xz`,
      );
  }
}

/**
 * The body of `request`, its Content-Encoding undone (nix sends one with
 * `narinfo-compression`, `ls-compression` and `log-compression`).
 *
 * @throws {AppError} `invalid` when it is too large or does not unpack.
 */
export async function readBody(
  request: Request,
  options: { what: string; maxBytes: number },
): Promise<Uint8Array> {
  const { what, maxBytes } = options;
  if (request.body === null) return new Uint8Array();
  const packed = await readBounded(request.body, what, maxBytes);
  const encoding = request.headers.get("content-encoding")?.trim() ?? "";
  try {
    return new Uint8Array(
      await decode(packed, encoding.toLowerCase(), what, maxBytes),
    );
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "invalid",
      `Cannot store ${what}: it does not unpack as ${encoding} within ${maxBytes} bytes`,
      { cause },
    );
  }
}
