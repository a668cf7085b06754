/**
 * Unpacks a nar while it passes by, so that its NarHash can be computed
 * without storing it unpacked.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
import type { Compression } from "./core/names.ts";
import { Pace } from "../turns/pace.ts";
import { ZstdFrames } from "./core/zstd_frames.ts";

/** Takes packed bytes, hands unpacked ones to `onOutput`. */
export interface Unpacker {
  /** Resolves when the chunk is used up; rejects when it is no such compression, or with what `onOutput` threw. */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when all output was handed over. */
  end(): Promise<void>;
  /** Frees it in any state. */
  close(): void;
}

type OnOutput = (chunk: Uint8Array) => void;

/** In pieces of the default, 16 KiB, half the time goes into handing them over. */
const OUTPUT_BYTES = 128 * 1024;
/** `nix copy` never asks for more than 2^27 (`--ultra --long`); a hostile frame may ask for gigabytes. */
const ZSTD_MAX_WINDOW_LOG = 27;

function plainUnpacker(onOutput: OnOutput): Unpacker {
  return {
    write: async (chunk) => onOutput(chunk),
    end: async () => {},
    close: () => {},
  };
}

function zlibUnpacker(
  stream: zlib.ZstdDecompress | zlib.Gunzip,
  onOutput: OnOutput,
): Unpacker {
  const failed = Promise.withResolvers<never>();
  // Raced against below; on its own it must not count as unhandled.
  failed.promise.catch(() => undefined);
  const ended = new Promise<void>((resolve) => stream.once("end", resolve));
  stream.on("error", failed.reject);
  const pace = new Pace();
  stream.on("data", (chunk: Uint8Array) => {
    try {
      onOutput(chunk);
    } catch (error) {
      failed.reject(error);
      stream.destroy();
      return;
    }
    // 60 kB can unpack to gigabytes: without a break nobody else is served meanwhile.
    if (!pace.isOver) return;
    stream.pause();
    void pace.rest().then(() => stream.resume());
  });
  return {
    async write(chunk) {
      const bytes = Buffer.from(
        chunk.buffer,
        chunk.byteOffset,
        chunk.byteLength,
      );
      const used = new Promise<void>((resolve, reject) => {
        stream.write(bytes, (error) => error ? reject(error) : resolve());
      });
      used.catch(() => undefined);
      await Promise.race([used, failed.promise]);
    },
    async end() {
      stream.end();
      await Promise.race([ended, failed.promise]);
    },
    close: () => stream.destroy(),
  };
}

function zstdUnpacker(onOutput: OnOutput): Unpacker {
  const inner = zlibUnpacker(
    zlib.createZstdDecompress({
      params: { [zlib.constants.ZSTD_d_windowLogMax]: ZSTD_MAX_WINDOW_LOG },
      chunkSize: OUTPUT_BYTES,
    }),
    onOutput,
  );
  const frames = new ZstdFrames();
  return {
    async write(chunk) {
      if (!frames.add(chunk)) throw new Error("not a zstd frame");
      await inner.write(chunk);
    },
    async end() {
      if (!frames.complete) throw new Error("the last zstd frame is cut");
      await inner.end();
    },
    close: () => inner.close(),
  };
}

interface XzModule {
  XzReadableStream: new (
    packed: ReadableStream<Uint8Array>,
  ) => ReadableStream<Uint8Array>;
}

/** The library that reads xz, loaded when the first one comes. */
export async function loadXz(): Promise<XzModule> {
  const module = await import("xz-decompress") as
    & Partial<XzModule>
    & { default?: XzModule };
  // CommonJS: Deno offers it as the default export, a bundle by name.
  const loaded = module.default ?? module;
  return loaded as XzModule;
}

async function xzUnpacker(onOutput: OnOutput): Promise<Unpacker> {
  const { XzReadableStream } = await loadXz();
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  writer.closed.catch(() => undefined);
  const done = (async () => {
    const pace = new Pace();
    for await (const chunk of new XzReadableStream(readable)) {
      onOutput(chunk);
      await pace.rest();
    }
  })();
  done.catch(() => undefined);
  // After a failure nobody reads on: a write would wait for ever.
  const orFailure = (action: Promise<void>) => {
    action.catch(() => undefined);
    return Promise.race([action, done]);
  };
  return {
    // The library reads from what is written: it must not change afterwards.
    write: (chunk) => orFailure(writer.write(chunk)),
    async end() {
      await orFailure(writer.close());
      await done;
    },
    close: () => void writer.abort().catch(() => undefined),
  };
}

/** An unpacker for nars of that compression. */
export async function unpacker(
  compression: Compression,
  onOutput: OnOutput,
): Promise<Unpacker> {
  switch (compression) {
    case "none":
      return plainUnpacker(onOutput);
    case "gzip":
      return zlibUnpacker(
        zlib.createGunzip({ chunkSize: OUTPUT_BYTES }),
        onOutput,
      );
    case "zstd":
      return zstdUnpacker(onOutput);
    case "xz":
      return await xzUnpacker(onOutput);
  }
}
