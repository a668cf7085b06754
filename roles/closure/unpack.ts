/**
 * Unpacks a nar that arrives, no faster than it is taken: a few bytes may stand
 * for gigabytes of zeros.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { once } from "node:events";
import zlib from "node:zlib";
import type { Compression } from "../nar/core/names.ts";
import { loadXz } from "../nar/decompress.ts";

/** As the cache accepts them: what nix itself never exceeds. */
const ZSTD_MAX_WINDOW_LOG = 27;
/** Each way through the decompressor, which runs beside this thread, and to nix: fewer and larger turns are faster. */
const CHUNK_BYTES = 256 * 1024;

/** Joins chunks as they come from the network to such that are worth a turn. */
async function* joined(
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  let pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    pieces.push(chunk);
    bytes += chunk.length;
    if (bytes < CHUNK_BYTES) continue;
    yield Buffer.concat(pieces);
    pieces = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(pieces);
}

async function* throughZlib(
  stream: zlib.ZstdDecompress | zlib.Gunzip,
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const stop = new AbortController();
  const { signal } = stop;
  const feed = async () => {
    for await (const chunk of joined(packed)) {
      // Nobody takes any more.
      if (signal.aborted) return;
      if (!stream.write(chunk)) await once(stream, "drain", { signal });
    }
    stream.end();
  };
  const feeding = feed().catch((error) => void stream.destroy(error));
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
    await feeding;
  } finally {
    // Who leaves early does not wait for what has yet to arrive.
    stop.abort();
    stream.destroy();
  }
}

async function* throughXz(
  packed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const { XzReadableStream } = await loadXz();
  yield* new XzReadableStream(ReadableStream.from(packed));
}

/** The nar of a file; throws what `packed` throws, and when it is no such compression. */
export function unpack(
  compression: Compression,
  packed: AsyncIterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  switch (compression) {
    case "none":
      return packed;
    case "gzip":
      return throughZlib(zlib.createGunzip({ chunkSize: CHUNK_BYTES }), packed);
    case "zstd":
      return throughZlib(
        zlib.createZstdDecompress({
          chunkSize: CHUNK_BYTES,
          params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_MAX_WINDOW_LOG },
        }),
        packed,
      );
    case "xz":
      return throughXz(packed);
  }
}
