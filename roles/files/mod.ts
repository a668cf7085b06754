/**
 * Files that are as they were or as they should be, also after a power cut:
 * written beside, flushed, renamed over, and the directory flushed.
 *
 * Owns how a small file is replaced, read if it is there, and removed. Knows
 * nothing of what is in it; large files are streamed by who owns them.
 *
 * @module
 */
import { dirname } from "node:path";
import { AppError } from "../model/errors.ts";

/** Ends the names of files that a killed process may leave unfinished. */
const UNFINISHED = ".new";

/** The errors of a disk as an `AppError`: `storage`. `what` is a path or names the thing. */
export function storageError(what: string, error: unknown): AppError {
  if (error instanceof AppError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new AppError("storage", `Cannot write ${what}: ${text}`, {
    cause: error,
    hint: "free space or mend the disk it is on",
  });
}

/** Makes what was renamed, created or removed in a directory last. */
export async function flushDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path);
  await directory.sync();
}

/** A new file beside `path`, readable by its owner only, so that a secret is never readable in between. */
async function writeBeside(path: string, bytes: Uint8Array): Promise<string> {
  const temporary = await Deno.makeTempFile({
    dir: dirname(path),
    suffix: UNFINISHED,
  });
  try {
    using file = await Deno.open(temporary, { write: true });
    for (let done = 0; done < bytes.length;) {
      done += await file.write(bytes.subarray(done));
    }
    await file.sync();
    return temporary;
  } catch (error) {
    await Deno.remove(temporary).catch(() => undefined);
    throw error;
  }
}

/**
 * Replaces `path` in one step that survives a crash. Writers of one path may
 * overlap: one of them wins.
 *
 * @param options.mode by default only the owner reads it.
 * @throws {AppError} `storage`, naming the file; the old content is then still there.
 */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  { mode = 0o600 }: { mode?: number } = {},
): Promise<void> {
  const bytes = typeof content === "string"
    ? new TextEncoder().encode(content)
    : content;
  let temporary: string | null = null;
  try {
    temporary = await writeBeside(path, bytes);
    if (mode !== 0o600) await Deno.chmod(temporary, mode);
    await Deno.rename(temporary, path);
    temporary = null;
    await flushDirectory(dirname(path));
  } catch (error) {
    if (temporary !== null) {
      await Deno.remove(temporary).catch(() => undefined);
    }
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

/**
 * Removes what a killed process left half written in a directory. Only for a
 * directory that no other process writes into; an absent one is no error.
 */
export async function removeUnfinished(directory: string): Promise<void> {
  try {
    for await (const entry of Deno.readDir(directory)) {
      if (!entry.isFile || !entry.name.endsWith(UNFINISHED)) continue;
      await removeIfThere(`${directory}/${entry.name}`);
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw storageError(directory, error);
  }
}
