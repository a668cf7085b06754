/**
 * Whether the disk has room for what is pulled. Readers make pulls happen, so
 * they must not be able to take the last room from those who upload.
 *
 * @module
 */
import { statfs } from "node:fs/promises";

/** Stays free: a twentieth of the disk, and no more than this of a large one. */
const RESERVE_BYTES = 1024 ** 3;
const RESERVE_SHARE = 1 / 20;

/** True when `bytes` more leave the reserve below `directory`, or `minFreeBytes` if that is more. */
export async function hasRoom(
  directory: string,
  bytes: number,
  minFreeBytes: number,
): Promise<boolean> {
  const { bavail, blocks, bsize } = await statfs(directory);
  const share = Math.min(RESERVE_BYTES, blocks * bsize * RESERVE_SHARE);
  return bavail * bsize - bytes >= Math.max(share, minFreeBytes);
}
