/**
 * The admin's view of a service's tokens: `POST`, `GET` and `DELETE` below
 * `/api/v1/tokens`. `procurator token --service S` talks to it.
 *
 * @module
 */
import { Hono } from "hono";
import { z } from "zod";
import { AppError, parseWith, type Random } from "../model/mod.ts";
import {
  type Identity,
  type TokenInfo,
  TokenRequest,
  type TokenTable,
} from "../auth/mod.ts";
import { type AppEnv, identityOf, requireRole } from "./authentication.ts";

/** The body of a request as a value. */
async function bodyOf(request: { text(): Promise<string> }): Promise<unknown> {
  try {
    return JSON.parse(await request.text());
  } catch (cause) {
    throw new AppError("invalid", "Cannot read the request: it is not JSON", {
      cause,
    });
  }
}

/** Told of each change of the table, and who made it; what it throws fails the request. */
export type TokenRecorder = (
  by: Identity,
  verb: "created" | "revoked",
  token: TokenInfo,
) => Promise<void>;

/** The routes, to be mounted at `/api/v1/tokens`. */
export function tokenRoutes(
  tokens: TokenTable,
  source: { nowMs: () => number; random: Random; record?: TokenRecorder },
): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  app.get("/whoami", requireRole("viewer"), (c) => c.json(identityOf(c)));
  app.use(requireRole("admin"));
  app.get("/", (c) => c.json({ tokens: tokens.list() }));
  app.post("/", async (c) => {
    const request = parseWith(TokenRequest, await bodyOf(c.req), {
      what: "the request for a token",
    });
    const made = tokens.create(request, {
      now: source.nowMs(),
      random: source.random,
    });
    try {
      await source.record?.(identityOf(c), "created", made.info);
    } catch (error) {
      // What is not on record must not be worth anything.
      tokens.revoke(made.info.id);
      throw error;
    }
    return c.json(made, 201);
  });
  app.delete("/:id", async (c) => {
    const id = parseWith(
      z.string().regex(/^[0-9a-f]{16}$/),
      c.req.param("id"),
      {
        what: "the token's id",
        hint: "see `procurator token list`",
      },
    );
    const info = tokens.list().find((token) => token.id === id);
    tokens.revoke(id);
    if (info !== undefined) {
      await source.record?.(identityOf(c), "revoked", info);
    }
    return c.json({ revoked: id });
  });
  return app;
}
