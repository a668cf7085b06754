/**
 * `GET /nix-cache-info`: the first thing nix asks a cache.
 *
 * @module
 */
import type { Hono } from "hono";
import { type AppEnv, requireRole } from "../../http/mod.ts";
import type { CacheService } from "../service.ts";

/** Adds it. A `PUT` of it is not there: the configuration says what it is. */
export function addNixCacheInfo(
  app: Hono<AppEnv>,
  service: CacheService,
): void {
  const { storeDir, priority } = service.config;
  const text =
    `StoreDir: ${storeDir}\nWantMassQuery: 1\nPriority: ${priority}\n`;
  app.get(
    "/nix-cache-info",
    requireRole("viewer"),
    (c) => c.body(text, 200, { "content-type": "text/x-nix-cache-info" }),
  );
}
