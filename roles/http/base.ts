/**
 * What every role's HTTP side has: health, readiness, metrics, tokens, limits,
 * secure headers and one way to answer errors.
 *
 * @module
 */
import { type Context, Hono } from "hono";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import type { Registry } from "prom-client";
import { AppError, HTTP_STATUS, type RunningRole } from "../model/mod.ts";
import type { TokenTable } from "../auth/mod.ts";
import type { Logger } from "../log/mod.ts";
import { systemClock, systemRandom } from "../clock/mod.ts";
import type { AnonymousRole } from "../config/mod.ts";
import {
  type AppEnv,
  authentication,
  refuseOtherSites,
  requireRole,
} from "./authentication.ts";
import { limitBody } from "./body_limit.ts";
import { refuseOtherMethods } from "./methods.ts";
import { errorFormat, renderError } from "./core/error_body.ts";
import { AccessMetrics, countAccess } from "./metrics.ts";
import { type TokenRecorder, tokenRoutes } from "./token_routes.ts";

/** A JSON request is a form's worth of text. Uploads say otherwise by `maxBodyBytes`. */
export const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;

/** Of a path that is not there: what a person can read. */
const MAX_ECHO_CHARS = 255;

/** Whether a role can do its work now, and if not, why. */
export interface Readiness {
  ok: boolean;
  reasons: string[];
}

/** What {@linkcode baseApp} is given. */
export interface BaseAppOptions {
  role: RunningRole["name"];
  ready: () => Readiness | Promise<Readiness>;
  metrics: Registry;
  /** Those of `metrics`, when others count by them too. */
  access?: AccessMetrics;
  /** Absent: no token is worth anything here, and /api/v1/tokens is not there. */
  tokens?: TokenTable | undefined;
  /** Told of tokens that are made and revoked here. */
  recordToken?: TokenRecorder;
  anonymousRole: AnonymousRole;
  log: Logger;
  /** Largest request body, by request where uploads are taken; `Infinity` leaves the bound to the handler. */
  maxBodyBytes?: number | ((method: string, path: string) => number);
  /** Answers errors where pages look different; undefined falls back to the plain one. */
  errorPage?: (
    error: AppError,
    c: Context<AppEnv>,
  ) => Response | Promise<Response> | undefined;
  /** Set false by apps with a content security policy of their own. */
  secureHeaders?: boolean;
  nowMs?: () => number;
}

/** A Hono app with `/healthz`, `/readyz`, `/metrics`, `/api/v1/tokens` and all that requests need in common. */
export function baseApp(options: BaseAppOptions): Hono<AppEnv> {
  const nowMs = options.nowMs ?? systemClock.now;
  const app = new Hono<AppEnv>();
  app.onError((error, c) => answerError(error, c, options));
  app.notFound((c) =>
    answerError(
      new AppError(
        "not_found",
        `There is nothing at ${c.req.path.slice(0, MAX_ECHO_CHARS)}`,
      ),
      c,
      options,
    )
  );
  app.use(countAccess(options.access ?? new AccessMetrics(options.metrics)));
  if (options.secureHeaders !== false) app.use(secureHeaders());
  app.use(refuseOtherMethods);
  app.use(refuseOtherSites);
  const bound = options.maxBodyBytes ?? DEFAULT_MAX_BODY_BYTES;
  app.use(limitBody(typeof bound === "number" ? () => bound : bound));
  app.use(authentication({ ...options, nowMs }));
  addHealth(app, options);
  if (options.tokens !== undefined) {
    app.route(
      "/api/v1/tokens",
      tokenRoutes(options.tokens, {
        nowMs,
        random: systemRandom,
        ...(options.recordToken === undefined
          ? {}
          : { record: options.recordToken }),
      }),
    );
  }
  return app;
}

function addHealth(app: Hono<AppEnv>, options: BaseAppOptions): void {
  app.get("/healthz", (c) => c.json({ ok: true, role: options.role }));
  app.get("/readyz", async (c) => {
    const { ok, reasons } = await options.ready();
    return c.json({ ok, role: options.role, reasons }, ok ? 200 : 503);
  });
  app.get(
    "/metrics",
    requireRole("viewer"),
    async (c) =>
      c.body(await options.metrics.metrics(), 200, {
        "content-type": options.metrics.contentType,
      }),
  );
}

function answer(c: Context, error: unknown, status: number): Response {
  const { body, type } = renderError(
    error,
    errorFormat(c.req.header("accept")),
  );
  const headers = new Headers({ "content-type": type });
  if (status === 401) {
    headers.set(
      "www-authenticate",
      'Basic realm="procurator", charset="UTF-8"',
    );
  }
  return new Response(c.req.method === "HEAD" ? null : body, {
    status,
    headers,
  });
}

async function answerError(
  error: Error,
  c: Context<AppEnv>,
  options: BaseAppOptions,
): Promise<Response> {
  if (error instanceof HTTPException) {
    return answer(
      c,
      new AppError("invalid", error.message || "Bad request"),
      error.status,
    );
  }
  if (!(error instanceof AppError)) {
    options.log.error("{method} {path} failed: {error}", {
      method: c.req.method,
      path: c.req.path,
      error: error.stack ?? String(error),
    });
    return answer(c, error, 500);
  }
  const status = HTTP_STATUS[error.code];
  if (status >= 500) {
    options.log.warn("{method} {path} was answered {status}: {message}", {
      method: c.req.method,
      path: c.req.path,
      status,
      message: error.message,
    });
  }
  return await options.errorPage?.(error, c) ?? answer(c, error, status);
}
