/**
 * The signing keys over HTTP.
 *
 *     GET    /api/v1/public-key          viewer  { publicKey, publicKeys }
 *     GET    /api/v1/keys                viewer  what signs, and how much of what is stored has it
 *     POST   /api/v1/keys { name }       admin   makes the next one, which signs from now on
 *     DELETE /api/v1/keys/NAME           admin   retires one that no client needs
 *
 * @module
 */
import type { Hono } from "hono";
import { type AppEnv, identityOf, requireRole } from "../../http/mod.ts";
import type { Logger } from "../../log/mod.ts";
import { RotateRequest, type SigningKeyView } from "../../model/cache_keys.ts";
import { AppError } from "../../model/errors.ts";
import { parseJsonWith } from "../../model/parse.ts";
import type { Keyring } from "./keyring.ts";
import type { Resigner } from "./resigner.ts";

export interface KeysEndpoint {
  keyring: Keyring;
  resigner: Resigner;
  log: Logger;
}

function viewsOf({ keyring, resigner }: KeysEndpoint): SigningKeyView[] {
  return keyring.signing.map((key, at) => ({
    name: key.name,
    publicKey: key.publicText,
    current: at === 0,
    configured: !keyring.isOwn(key),
    signedPart: resigner.partOf(key),
  }));
}

/** A client that knows only the newer keys would find paths that none of them has signed. */
function assertReplaced({ keyring, resigner }: KeysEndpoint): void {
  const [current] = keyring.signing;
  if (current === undefined || resigner.partOf(current) === 1) return;
  throw new AppError(
    "refused",
    `Cannot retire a key yet: "${current.name}" has signed ${
      Math.floor(100 * resigner.partOf(current))
    } % of what is stored`,
    { hint: "look again in a minute: procurator cache key list" },
  );
}

/** Adds all of them. */
export function addKeys(app: Hono<AppEnv>, service: KeysEndpoint): void {
  const { keyring, resigner, log } = service;
  app.get("/api/v1/public-key", requireRole("viewer"), (c) => {
    const publicKeys = keyring.signing.map((key) => key.publicText);
    return c.json({ publicKey: publicKeys[0], publicKeys });
  });
  app.get(
    "/api/v1/keys",
    requireRole("viewer"),
    (c) => c.json({ keys: viewsOf(service) }),
  );
  app.post("/api/v1/keys", requireRole("admin"), async (c) => {
    const text = await c.req.text();
    const { name } = parseJsonWith(RotateRequest, text || "{}", {
      what: "the request for a signing key",
    });
    const key = await keyring.rotate(name);
    resigner.start();
    const by = identityOf(c).name;
    log.info("{by} made the signing key {key}", { by, key: key.publicText });
    return c.json({ keys: viewsOf(service) }, 201);
  });
  app.delete("/api/v1/keys/:name", requireRole("admin"), async (c) => {
    const name = c.req.param("name");
    keyring.named(name);
    assertReplaced(service);
    await keyring.retire(name);
    log.info("{by} retired the signing key {name}", {
      by: identityOf(c).name,
      name,
    });
    return c.json({ keys: viewsOf(service) });
  });
}
