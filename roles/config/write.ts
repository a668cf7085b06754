/**
 * Files that are either as they were or as they should be, also after a power
 * cut.
 *
 * @module
 */
import { dirname } from "node:path";
import { AppError } from "../model/errors.ts";

async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/**
 * Writes beside the file, flushes, renames over it, flushes the directory.
 *
 * @throws {AppError} `storage`, naming the file.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  options: { mode: number },
): Promise<void> {
  const directory = dirname(path);
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  let temporary: string | undefined;
  try {
    // Made with mode 0600, so that a secret is never readable in between.
    temporary = await Deno.makeTempFile({ dir: directory, suffix: ".tmp" });
    {
      using file = await Deno.open(temporary, { write: true });
      for (let at = 0; at < bytes.length;) {
        at += await file.write(bytes.subarray(at));
      }
      await file.sync();
    }
    await Deno.chmod(temporary, options.mode);
    await Deno.rename(temporary, path);
    await syncDirectory(directory);
  } catch (cause) {
    if (temporary !== undefined) {
      await Deno.remove(temporary).catch(() => undefined);
    }
    throw new AppError("storage", `Cannot write ${path}`, { cause });
  }
}
