/**
 * The cache's JSON: for Procurator's own roles and for people.
 *
 *     GET  /api/v1/paths?hashes=a,b         { present, missing }
 *     POST /api/v1/paths { hashes: [a, b] } the same, for many
 *     GET  /api/v1/stats                    { paths, narBytes, nars, fileBytes, objects }
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { z } from "zod";
import { type AppEnv, requireRole } from "../http/mod.ts";
import { parseJsonWith, parseWith } from "../model/parse.ts";
import { isPathHash } from "../nar/core/names.ts";
import type { CacheService } from "./service.ts";
import { askingOf, tellWhatLasts } from "./protocol/asking.ts";

/** A closure of a large system has some thousands of paths; 10,000 hashes are 350 kB of JSON. */
const MAX_HASHES = 10_000;

const Hashes = z.array(
  z.string().refine(isPathHash, "must be the 32 characters of a store path"),
).max(MAX_HASHES);
const PathsRequest = z.strictObject({ hashes: Hashes });

/** Answer of /api/v1/public-key: what clients put into `trusted-public-keys`. */
export const PublicKeyReply = z.object({
  publicKey: z.string(),
  publicKeys: z.array(z.string()),
});
/** Answer of /api/v1/paths: the asked hashes, each in one of the lists. */
export const PathsReply = z.object({
  present: z.array(z.string()),
  missing: z.array(z.string()),
});

/** Present is what a client can fetch from here, be it from another source. */
async function findPaths(
  c: Context<AppEnv>,
  { metadata, sources, collection }: CacheService,
  hashes: readonly string[],
) {
  const absent = hashes.filter((hash) => !metadata.hasPath(hash));
  const isAbsent = new Set(absent);
  for (const hash of hashes) {
    if (!isAbsent.has(hash)) collection.uses.mark(hash);
  }
  const elsewhere = await sources.hashes(absent, askingOf(c));
  await tellWhatLasts(c, metadata);
  const missing = absent.filter((hash) => !elsewhere.has(hash));
  const lacking = new Set(missing);
  return { present: hashes.filter((hash) => !lacking.has(hash)), missing };
}

/** Adds it. */
export function addApi(app: Hono<AppEnv>, service: CacheService): void {
  app.get("/api/v1/paths", requireRole("viewer"), async (c) => {
    const text = c.req.query("hashes") ?? "";
    const hashes = parseWith(Hashes, text === "" ? [] : text.split(","), {
      what: "the hashes asked for",
    });
    return c.json(await findPaths(c, service, hashes));
  });
  app.post("/api/v1/paths", requireRole("viewer"), async (c) => {
    const { hashes } = parseJsonWith(PathsRequest, await c.req.text(), {
      what: "the hashes asked for",
    });
    return c.json(await findPaths(c, service, hashes));
  });
  app.get(
    "/api/v1/stats",
    requireRole("viewer"),
    (c) => c.json(service.metadata.stats()),
  );
}
