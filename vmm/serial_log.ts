/**
 * A guest's serial log, held by QEMU in append mode: bounded by copying its
 * end aside and cutting it, read from its end.
 *
 * @module
 */
import type { LogTail } from "./vmm.ts";

/** A guest that writes without end gets two files of at most about this size. */
export const MAX_SERIAL_BYTES = 4 * 1024 * 1024;

async function sizeOf(path: string): Promise<number> {
  return await Deno.stat(path).then((info) => info.size, () => 0);
}

async function readEnd(path: string, maxBytes: number): Promise<Uint8Array> {
  try {
    using file = await Deno.open(path);
    const { size } = await file.stat();
    await file.seek(Math.max(0, size - maxBytes), Deno.SeekMode.Start);
    const buffer = new Uint8Array(Math.min(size, maxBytes));
    let length = 0;
    while (length < buffer.byteLength) {
      const count = await file.read(buffer.subarray(length));
      if (count === null) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return new Uint8Array();
    throw error;
  }
}

/** The last `maxBytes` of the log, of the part that was cut away too. */
export async function readSerialTail(
  path: string,
  maxBytes: number,
): Promise<LogTail> {
  const end = await readEnd(path, maxBytes);
  const older = end.byteLength < maxBytes
    ? await readEnd(`${path}.1`, maxBytes - end.byteLength)
    : new Uint8Array();
  const bytes = new Uint8Array(older.byteLength + end.byteLength);
  bytes.set(older);
  bytes.set(end, older.byteLength);
  const total = await sizeOf(path) + await sizeOf(`${path}.1`);
  return {
    text: new TextDecoder().decode(bytes).replaceAll("\r\n", "\n"),
    truncated: total > bytes.byteLength,
  };
}

/**
 * Cuts a log that has grown beyond its bound. A line written between the copy
 * and the cut is lost: a bounded log that loses a line beats a full disk.
 */
export async function boundSerialLog(path: string): Promise<void> {
  if (await sizeOf(path) <= MAX_SERIAL_BYTES) return;
  await Deno.writeFile(`${path}.1`, await readEnd(path, MAX_SERIAL_BYTES));
  await Deno.truncate(path, 0);
}
