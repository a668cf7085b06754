/**
 * `/nix-cache-info`: the first thing nix asks a cache.
 *
 * nix 2.8 takes a 401 as "there is none" and goes on to `PUT` one. The
 * configuration says what it is: a `PUT` that agrees about the store directory
 * changes nothing, another is told so.
 *
 * @module
 */
import type { Hono } from "hono";
import { type AppEnv, methodNotAllowed, requireRole } from "../../http/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { CacheService } from "../service.ts";
import { readBody } from "./body.ts";
import { uploadHandler } from "./upload.ts";

const ROUTE = "/nix-cache-info";
/** Three short lines. */
const MAX_BYTES = 4096;

/** Adds GET, HEAD and PUT. */
export function addNixCacheInfo(
  app: Hono<AppEnv>,
  service: CacheService,
): void {
  const { storeDir, priority } = service.config;
  const text =
    `StoreDir: ${storeDir}\nWantMassQuery: 1\nPriority: ${priority}\n`;
  const headers = {
    "content-type": "text/x-nix-cache-info",
    "content-length": String(text.length),
  };
  app.get(
    ROUTE,
    requireRole("viewer"),
    (c) => c.body(text, 200, headers),
  );
  app.put(
    ROUTE,
    requireRole("publisher"),
    uploadHandler(service, async (c) => {
      const body = await readBody(c.req.raw, {
        what: "nix-cache-info",
        maxBytes: MAX_BYTES,
      });
      const sent = new TextDecoder().decode(body);
      const stated = /^StoreDir: (.*)$/m.exec(sent)?.[1]?.trim();
      if (stated === storeDir) return;
      throw new AppError(
        "conflict",
        `Cannot store nix-cache-info: this cache is of ${storeDir}, not of ${
          stated?.slice(0, 255) ?? "no store directory"
        }`,
        { hint: "push to a cache of that store directory" },
      );
    }),
  );
  app.all(ROUTE, (c) => methodNotAllowed(c, "GET, HEAD, PUT"));
}
