/**
 * Files that are whole or absent, and still there after a crash: written
 * beside, flushed, renamed, and the directory flushed.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { dirname } from "node:path";

/** The errors of a disk as an `AppError`: `storage` when it is full or broken. */
export function storageError(what: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new AppError("storage", `Cannot write ${what}: ${text}`, {
    cause: error,
    hint: "free space or mend the disk it is on",
  });
}

async function flushDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}

/**
 * Replaces `path` by `text` in one step that survives a crash.
 *
 * @throws {AppError} `storage`; the old content is then still there.
 */
export async function writeDurable(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    {
      using file = await Deno.open(temporary, {
        write: true,
        create: true,
        truncate: true,
        mode: 0o600,
      });
      const bytes = new TextEncoder().encode(text);
      for (let done = 0; done < bytes.byteLength;) {
        done += await file.write(bytes.subarray(done));
      }
      await file.sync();
    }
    await Deno.rename(temporary, path);
    await flushDirectory(dirname(path));
  } catch (error) {
    await removeIfThere(temporary);
    throw storageError(path, error);
  }
}

/** The text of a file; null when it is not there. */
export async function readIfThere(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw storageError(path, error);
  }
}

/** Removes a file or a tree; an absent one is no error. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) {
      throw storageError(path, error);
    }
  }
}
