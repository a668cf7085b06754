/**
 * Who sent a request, and whether they may. Knows HTTP's ways to carry a
 * token; the table in roles/auth/ decides what it is worth.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../model/errors.ts";
import {
  assertMayActAs,
  type Identity,
  type TokenRole,
  type TokenTable,
} from "../auth/mod.ts";
import type { AnonymousRole } from "../config/mod.ts";
import { readCredentials } from "./core/credentials.ts";
import { isOwnOrigin, namesThisHost } from "./core/origin.ts";

/** The variables that {@linkcode baseApp} sets on every request. */
export interface AppEnv {
  Variables: {
    /** Looks the caller up, once; `anew` whatever was found before. */
    identify: (anew?: boolean) => Identity;
  };
}

const ANONYMOUS: Identity = { role: "viewer", name: "anonymous", tokenId: "" };

/** Sets `identify` for a request; nothing is looked up until somebody asks. */
export function authentication(
  options: {
    tokens?: TokenTable | undefined;
    anonymousRole: AnonymousRole;
    nowMs: () => number;
  },
): MiddlewareHandler<AppEnv> {
  const mayRead = anonymousReaders(options.anonymousRole);
  return async (c, next) => {
    let identity: Identity | undefined;
    c.set("identify", (anew = false) => {
      if (anew) identity = undefined;
      return identity ??= identify(c, { ...options, mayRead });
    });
    await next();
  };
}

/**
 * Says whether a caller without credentials may read what a URL names. Clients
 * ask for one origin again and again: it is parsed once.
 */
export function anonymousReaders(
  role: AnonymousRole,
): (url: string) => boolean {
  if (role !== "local") return () => role === "viewer";
  let known: string | undefined;
  return (url) => {
    if (known !== undefined && url.startsWith(known)) return true;
    if (!namesThisHost(url)) return false;
    // As parsed: what begins with it, slash included, is of no other host.
    known = `${new URL(url).origin}/`;
    return true;
  };
}

function identify(
  c: Context<AppEnv>,
  options: Parameters<typeof authentication>[0] & {
    mayRead: (url: string) => boolean;
  },
): Identity {
  const credentials = readCredentials(c.req.header("authorization"));
  if (credentials.kind === "token" && options.tokens !== undefined) {
    return options.tokens.authenticate(credentials.token, options.nowMs());
  }
  if (credentials.kind === "none" && options.anonymousRole !== "none") {
    if (options.mayRead(c.req.url)) return ANONYMOUS;
    throw new AppError(
      "unauthenticated",
      `This needs a token: "${
        (URL.parse(c.req.url)?.hostname ?? "no host").slice(0, 255)
      }" was asked for, and without one only localhost or an address may be`,
      {
        hint:
          "use http://127.0.0.1, send a token, or set anonymousRole to viewer",
      },
    );
  }
  throw new AppError(
    "unauthenticated",
    credentials.kind === "none"
      ? "This needs a token, none was sent"
      : "This service accepts no such credentials",
    {
      hint:
        "send `Authorization: Bearer TOKEN`, or the token as the password of Basic",
    },
  );
}

/**
 * Middleware: a browser that keeps credentials for this service would send them
 * along with a form of any other site. It says so by Origin, which programs do not send.
 */
export const refuseOtherSites: MiddlewareHandler<AppEnv> = async (c, next) => {
  const origin = c.req.header("origin");
  const reading = c.req.method === "GET" || c.req.method === "HEAD";
  if (!reading && origin !== undefined && !isOwnOrigin(origin, c.req.url)) {
    throw new AppError("denied", "This request comes from another site's page");
  }
  await next();
};

/** Who sent this request; throws like {@linkcode requireRole} when the token is worth nothing. */
export function identityOf(c: Context<AppEnv>): Identity {
  return c.get("identify")();
}

/**
 * Refuses what the caller may no longer do: a request may take longer than its
 * token is good.
 *
 * @throws {AppError} `unauthenticated`, `denied`
 */
export function assertStillMay(c: Context<AppEnv>, needed: TokenRole): void {
  assertMayActAs(
    c.get("identify")(true),
    needed,
    `${c.req.method} ${c.req.path}`,
  );
}

/**
 * Middleware: lets a request pass when its token may act as `needed`. Else 401
 * (with the Basic challenge that git and nix answer) or 403.
 */
export function requireRole(needed: TokenRole): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const identity = identityOf(c);
    // Anonymous callers can do better by showing a token: git asks for one only after a 401.
    if (identity.tokenId === "" && needed !== "viewer") {
      throw new AppError(
        "unauthenticated",
        `This needs a token of the role ${needed}, none was sent`,
        { hint: "make one with `procurator token create`" },
      );
    }
    assertMayActAs(identity, needed, `${c.req.method} ${c.req.path}`);
    await next();
  };
}
