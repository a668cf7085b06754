/**
 * Which methods of HTTP are known at all, and what is answered to the others.
 *
 * @module
 */
import type { Context, MiddlewareHandler } from "hono";
import type { AppEnv } from "./authentication.ts";
import { renderError } from "./core/error_body.ts";
import { AppError } from "../model/errors.ts";

const KNOWN = new Set([
  "GET",
  "HEAD",
  "OPTIONS",
  "POST",
  "PUT",
  "PATCH",
  "DELETE",
]);

/** Answers 405: `allow` is what that path takes. */
export function methodNotAllowed(c: Context, allow: string): Response {
  const method = c.req.method.slice(0, 20);
  const { body, type } = renderError(
    new AppError("invalid", `${method} is not done here: ${allow} are`),
    "text",
  );
  return c.body(body, 405, { "content-type": type, allow });
}

/** Middleware: TRACE, CONNECT and inventions are refused before anything looks at the request. */
export const refuseOtherMethods: MiddlewareHandler<AppEnv> = async (
  c,
  next,
) => {
  if (KNOWN.has(c.req.method)) return await next();
  return methodNotAllowed(c, [...KNOWN].join(", "));
};
