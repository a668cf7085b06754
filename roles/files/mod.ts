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
/** Ends the names of files that could not be read and were not thrown away. */
const UNREADABLE = ".unreadable";

/** What is to be done about it; most often a disk is full. */
function hintFor(error: unknown): string {
  const { errors } = Deno;
  if (
    error instanceof errors.IsADirectory ||
    error instanceof errors.NotADirectory ||
    error instanceof errors.AlreadyExists ||
    error instanceof errors.FilesystemLoop
  ) return "something else is in its place: move that away";
  if (error instanceof errors.PermissionDenied) {
    return "let the user that this runs as read and write there";
  }
  return "free space or mend the disk it is on";
}

/** What the system says, without the paths that the message names anyway. */
function wordsOf(error: unknown, what: string): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.includes(what)
    ? text.replace(/( \(os error \d+\)): [\s\S]*$/, "$1")
    : text;
}

/** The errors of a disk as an `AppError`: `storage`. `what` is a path or names the thing. */
export function storageError(
  what: string,
  error: unknown,
  verb: "write" | "read" = "write",
): AppError {
  if (error instanceof AppError) return error;
  const why = wordsOf(error, what);
  return new AppError("storage", `Cannot ${verb} ${what}: ${why}`, {
    cause: error,
    hint: hintFor(error),
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
    throw storageError(path, error, "read");
  }
}

/** False for what may be read another time: a disk's error, or too many open files. */
export function isDamaged(error: unknown): boolean {
  if (!(error instanceof AppError)) return false;
  if (error.code === "invalid") return true;
  const { cause } = error;
  return cause instanceof Deno.errors.IsADirectory ||
    cause instanceof Deno.errors.FilesystemLoop;
}

/** Where what lay at a path and could not be read is kept. */
export function unreadable(path: string): string {
  return `${path}${UNREADABLE}`;
}

/**
 * Moves what cannot be read out of the way and keeps it for people to look at:
 * the last one for each path.
 *
 * @param error why it cannot be read.
 * @returns where it is now; null when it stays: it may be read another time, or cannot be moved.
 */
export async function setAside(
  path: string,
  error: unknown,
): Promise<string | null> {
  if (!isDamaged(error)) return null;
  const aside = unreadable(path);
  try {
    await removeIfThere(aside);
    await Deno.rename(path, aside);
    return aside;
  } catch {
    return null;
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
