/**
 * Reads a nar file from its first byte to its last: what it is, against what
 * its name says.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { NarRecord } from "../core/admission.ts";
import type { NarName } from "../../nar/core/names.ts";
import { formatSha256 } from "../../nar/core/sha256.ts";
import { unpacker } from "../../nar/decompress.ts";

/** Read at a time. */
const CHUNK_BYTES = 1024 * 1024;

/** What a file holds, or why it is not what its name says. */
export type ReadNar = { nar: NarRecord } | { why: string };

/** What bounds a reading, and who follows it. */
export interface ReadNarOptions {
  /** Largest nar unpacked. */
  maxBytes: number;
  /** Told of bytes as they are read. */
  told(bytes: number): void;
  signal: AbortSignal;
}

async function readAll(
  file: Deno.FsFile,
  name: NarName,
  { maxBytes, told, signal }: ReadNarOptions,
): Promise<ReadNar> {
  const packed = createHash("sha256");
  const unpacked = createHash("sha256");
  let fileSize = 0;
  let narSize = 0;
  let broken: string | undefined;
  const unpack = await unpacker(name.compression, (chunk) => {
    narSize += chunk.length;
    if (narSize > maxBytes) throw new Error("it is larger than maxNarBytes");
    unpacked.update(chunk);
  });
  const trying = async (action: () => Promise<void>) => {
    if (broken !== undefined) return;
    try {
      await action();
    } catch (error) {
      broken = error instanceof Error ? error.message : String(error);
    }
  };
  try {
    for (;;) {
      signal.throwIfAborted();
      // A new one each time: the unpackers of some formats keep what they are given.
      const buffer = new Uint8Array(CHUNK_BYTES);
      const count = await file.read(buffer);
      if (count === null) break;
      const chunk = buffer.subarray(0, count);
      packed.update(chunk);
      fileSize += count;
      told(count);
      await trying(() => unpack.write(chunk));
    }
    await trying(() => unpack.end());
  } finally {
    unpack.close();
  }
  const fileHash = formatSha256(new Uint8Array(packed.digest()));
  if (fileHash !== name.fileHash) {
    return { why: `its bytes have the hash ${fileHash}` };
  }
  if (broken !== undefined) return { why: `it does not unpack: ${broken}` };
  const narHash = formatSha256(new Uint8Array(unpacked.digest()));
  return { nar: { file: name.file, fileSize, narHash, narSize } };
}

/** Reads all of it. A disk that cannot read it is a reason as well. */
export async function readNar(
  path: string,
  name: NarName,
  options: ReadNarOptions,
): Promise<ReadNar> {
  try {
    using file = await Deno.open(path);
    return await readAll(file, name, options);
  } catch (error) {
    options.signal.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    return { why: `it cannot be read: ${why}` };
  }
}
