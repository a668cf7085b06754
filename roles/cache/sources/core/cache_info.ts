/**
 * What an upstream's `nix-cache-info` says of it.
 *
 * @module
 */
import { AppError } from "../../../model/errors.ts";

/** What nix takes for a cache that does not say. */
export const DEFAULT_PRIORITY = 50;

/** The lines that matter here. */
export interface CacheInfo {
  storeDir: string;
  priority: number;
}

/** @throws {AppError} `invalid` when it is no such text. */
export function parseCacheInfo(text: string): CacheInfo {
  const storeDir = /^StoreDir: *(\/\S{1,4096})$/m.exec(text)?.[1];
  if (storeDir === undefined) {
    throw new AppError(
      "invalid",
      "Cannot use it: its nix-cache-info names no StoreDir",
      { hint: "is this the address of a nix binary cache?" },
    );
  }
  const priority = /^Priority: *(\d{1,6})$/m.exec(text)?.[1];
  return {
    storeDir,
    priority: priority === undefined ? DEFAULT_PRIORITY : Number(priority),
  };
}
