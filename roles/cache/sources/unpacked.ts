/**
 * A nar's bytes unpacked on their way: for upstreams that do not say the hash
 * of the packed file. What comes out is checked by whoever reads it, so a cut
 * or foreign packing is found there.
 *
 * @module
 */
import { Duplex, pipeline, Readable } from "node:stream";
import zlib from "node:zlib";
import type { Unpacking } from "./core/upstream_narinfo.ts";

/** As for uploads: nix never asks for more than 2^27, a hostile frame may. */
const ZSTD_MAX_WINDOW_LOG = 27;

function transformOf(unpacking: Unpacking): Duplex {
  switch (unpacking) {
    case "gzip":
      return zlib.createGunzip();
    case "br":
      return zlib.createBrotliDecompress();
    case "zstd":
      return zlib.createZstdDecompress({
        params: {
          [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_MAX_WINDOW_LOG,
        },
      });
  }
}

/** No more is unpacked than is read. */
export function unpackedStream(
  packed: ReadableStream<Uint8Array>,
  unpacking: Unpacking,
): ReadableStream<Uint8Array> {
  const transform = transformOf(unpacking);
  // What fails on either side ends the other; the reader is told by its stream.
  const ended = () => {};
  pipeline(Readable.from(packed), transform, ended);
  return ReadableStream.from<Uint8Array>(
    (async function* () {
      for await (const chunk of transform) yield chunk as Uint8Array;
    })(),
  );
}
