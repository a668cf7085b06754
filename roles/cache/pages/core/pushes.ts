/**
 * From the paths that were stored last to what people call a push. Pure.
 *
 * @module
 */
import type { Push } from "../../../model/cache_status.ts";

/** A path that was stored. */
export interface StoredPath {
  /** `<hash>-<name>` */
  base: string;
  by: string;
  atMs: number;
  fileBytes: number;
}

/** A pause after which the same token's next path is of another push: nix sends a nar of gigabytes between two. */
const PAUSE_MS = 5 * 60_000;

/**
 * @param stored the newest first, as told by `whole` all there is or only so many.
 * @param options.count at most that many, the newest first.
 */
export function pushesOf(
  stored: readonly StoredPath[],
  { storeDir, count, whole }: {
    storeDir: string;
    count: number;
    whole: boolean;
  },
): Push[] {
  const pushes: Push[] = [];
  /** The one of each token that goes on backwards in time. */
  const open = new Map<string, Push>();
  for (const { base, by, atMs, fileBytes } of stored) {
    const known = open.get(by);
    if (known !== undefined && known.firstAtMs - atMs <= PAUSE_MS) {
      known.firstAtMs = Math.min(known.firstAtMs, atMs);
      known.paths++;
      known.bytes += fileBytes;
      continue;
    }
    // It was ended by a pause, so its beginning was seen.
    if (known !== undefined) known.whole = true;
    const push: Push = {
      by,
      path: `${storeDir}/${base}`,
      paths: 1,
      bytes: fileBytes,
      firstAtMs: atMs,
      lastAtMs: atMs,
      whole,
    };
    open.set(by, push);
    pushes.push(push);
  }
  const oldestMs = stored.at(-1)?.atMs ?? 0;
  for (const push of pushes) {
    push.whole ||= push.firstAtMs - oldestMs > PAUSE_MS;
  }
  return pushes.slice(0, count);
}
