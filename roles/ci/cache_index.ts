/**
 * Asks a cache in one request which paths it lacks: stock nix asks for each
 * narinfo by itself.
 *
 * @module
 */
import { z } from "zod";
import type { HttpClient } from "../http/mod.ts";

/** A cache that can be asked. */
export interface CacheIndex {
  /** Those of these store paths that it lacks; null when it cannot say, as caches of another make. */
  missing(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<string[] | null>;
}

/** As many as one request may name. */
const MAX_HASHES = 10_000;
const HASH_CHARS = 32;
const STORE_PREFIX = "/nix/store/";

const PathsReply = z.object({ missing: z.array(z.string()) });

function hashOf(path: string): string {
  return path.slice(STORE_PREFIX.length, STORE_PREFIX.length + HASH_CHARS);
}

/** The index of Procurator's cache. */
export function httpCacheIndex(client: HttpClient): CacheIndex {
  return {
    async missing(paths, signal) {
      const missing = new Set<string>();
      try {
        for (let at = 0; at < paths.length; at += MAX_HASHES) {
          const hashes = paths.slice(at, at + MAX_HASHES).map(hashOf);
          const reply = await client.json(PathsReply, "/api/v1/paths", {
            method: "POST",
            json: { hashes },
            signal,
          });
          for (const hash of reply.missing) missing.add(hash);
        }
      } catch {
        signal.throwIfAborted();
        // Whatever is wrong, nix meets it when it pushes, and says what it is.
        return null;
      }
      return paths.filter((path) => missing.has(hashOf(path)));
    },
  };
}
