/**
 * How every upload is answered: stored, or refused with a status and a plain
 * text that ends the client at once (`core/upload_status.ts`).
 *
 * @module
 */
import type { Context, Handler } from "hono";
import { type AppEnv, renderError } from "../../http/mod.ts";
import { AppError } from "../../model/errors.ts";
import { UPLOAD_STATUS } from "./core/upload_status.ts";
import type { CacheService } from "../service.ts";

/** nix 2.8 cuts answers of 1 KiB and more from its message. */
const MAX_TEXT_CHARS = 1000;

/** The answer to an upload that was refused. */
export function refuseUpload(
  service: Pick<CacheService, "metrics">,
  error: AppError,
): Response {
  service.metrics.refused(error.code);
  const { body, type } = renderError(error, "text");
  const text = body.length > MAX_TEXT_CHARS
    ? `${body.slice(0, MAX_TEXT_CHARS)}...\n`
    : body;
  return new Response(text, {
    status: UPLOAD_STATUS[error.code],
    headers: {
      "content-type": type,
      ...(error.code === "unauthenticated"
        ? { "www-authenticate": 'Basic realm="procurator", charset="UTF-8"' }
        : {}),
    },
  });
}

/** A handler that answers 200 when `store` resolves. */
export function uploadHandler(
  service: CacheService,
  store: (c: Context<AppEnv>) => Promise<void>,
): Handler<AppEnv> {
  return async (c) => {
    try {
      await store(c);
      return c.body("", 200);
    } catch (error) {
      if (error instanceof AppError) return refuseUpload(service, error);
      service.log.error("PUT {path} failed: {error}", {
        path: c.req.path,
        error: error instanceof Error ? error.stack : String(error),
      });
      return refuseUpload(
        service,
        new AppError("failed", `Cannot store ${c.req.path}: internal error`),
      );
    }
  };
}
