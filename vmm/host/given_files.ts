/**
 * Files in directories that a VMM's user may write to. The worker is root
 * there, and what it finds by a name may have been put there to lead it
 * elsewhere: a link to a file of the host's. So what it looks at is what is
 * there and not what that leads to, and what is not as it left it is nobody's.
 *
 * @module
 */
import { lchown } from "node:fs/promises";
import { AppError } from "../../roles/model/errors.ts";

/** A file of the worker's own; null when there is none, or it is somebody else's or no file. */
export async function ownFile(path: string): Promise<Deno.FileInfo | null> {
  const info = await Deno.lstat(path).catch(() => null);
  return info?.isFile === true && info.uid === Deno.uid() ? info : null;
}

/** To `lchown`: as it is. */
const AS_IT_IS = -1;

/** Makes what is at `path` a user's: the link itself where it is one. */
export async function giveTo(
  path: string,
  { uid, gid }: { uid: number | null; gid: number | null },
): Promise<void> {
  await lchown(path, uid ?? AS_IT_IS, gid ?? AS_IT_IS);
}

/** An empty file where there was none; what is there is removed, never followed. */
export async function makeMark(path: string): Promise<void> {
  await Deno.remove(path).catch(() => undefined);
  await Deno.writeTextFile(path, "", { createNew: true, mode: 0o600 });
}

/** @throws {AppError} `failed` when `path` is a link, a directory or a device. */
export async function assertPlainFile(path: string): Promise<Deno.FileInfo> {
  const info = await Deno.lstat(path);
  if (info.isFile) return info;
  throw new AppError("failed", `Cannot take ${path}: it is no plain file`);
}
