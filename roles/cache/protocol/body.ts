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
import { unpacker } from "../../nar/decompress.ts";

const brotli = promisify(zlib.brotliDecompress);
const gunzip = promisify(zlib.gunzip);
const inflate = promisify(zlib.inflate);
const zstd = promisify(zlib.zstdDecompress);

/**
 * A client sends its body at once when it is asked to go on. nix 2.8 that sends
 * an upload for the second time has nothing left of it: the sooner that is
 * said, the sooner it ends.
 */
const FIRST_MS = 5_000;
/** In each of these a body brings {@linkcode LEAST_BYTES}, or ends: it would hold a turn for ever. */
const WINDOW_MS = 60_000;
/** A line of 8.5 kbit/s. */
const LEAST_BYTES = 64 * 1024;

/** How slow a body may be; tests have less time. */
export interface BodyPace {
  firstMs: number;
  windowMs: number;
  leastBytes: number;
}

const PACE: BodyPace = {
  firstMs: FIRST_MS,
  windowMs: WINDOW_MS,
  leastBytes: LEAST_BYTES,
};

function tooSlow(what: string, bytes: number, ms: number): AppError {
  return new AppError(
    "timeout",
    `Cannot receive ${what}: ${bytes} bytes came in ${
      Math.round(ms / 1000)
    } seconds`,
    { hint: "push again: what was stored is not sent again" },
  );
}

/** What `action` comes to, or `late()` when the time is over. */
async function within<T>(
  action: Promise<T>,
  ms: number,
  late: () => AppError,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), ms);
  });
  try {
    return await Promise.race([action, over]);
  } finally {
    clearTimeout(timer);
  }
}

/** What the connection failed with is the client's matter: it went away, or its chunks are none. */
async function readOn(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  what: string,
) {
  try {
    return await reader.read();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "invalid",
      `Cannot receive ${what}: it was cut on its way`,
      { cause, hint: "push again" },
    );
  }
}

/**
 * The bytes of an upload, with an end to every wait and to dripping. Time that
 * the caller takes does not count. Leaving the loop early ends the connection.
 *
 * @throws {AppError} `timeout`; `invalid` when the connection breaks.
 */
export async function* chunksOf(
  body: ReadableStream<Uint8Array>,
  what: string,
  { firstMs, windowMs, leastBytes }: BodyPace = PACE,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  let leftMs = firstMs;
  let bytes = 0;
  let first = true;
  try {
    for (;;) {
      const begunMs = performance.now();
      const late = () => tooSlow(what, bytes, first ? firstMs : windowMs);
      const { done, value } = await within(readOn(reader, what), leftMs, late);
      if (done) return;
      leftMs -= performance.now() - begunMs;
      bytes += value.length;
      if (first || bytes >= leastBytes) {
        first = false;
        bytes = 0;
        leftMs = windowMs;
      }
      yield value;
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

/** Undoes a Content-Encoding. @throws {AppError} `invalid` for one that is unknown; what the library throws for broken bytes. */
export async function decode(
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
