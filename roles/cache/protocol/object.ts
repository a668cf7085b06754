/**
 * The small things beside narinfos that a client stores and fetches by name.
 * Each kind has its own file, which gives its route, bound and check.
 *
 * @module
 */
import type { Hono } from "hono";
import { type AppEnv, methodNotAllowed, requireRole } from "../../http/mod.ts";
import { AppError } from "../../model/errors.ts";
import { readBody } from "./body.ts";
import { isObjectName, type ObjectKind } from "../../nar/core/names.ts";
import type { CacheService } from "../service.ts";
import { Patience } from "../storage/patience.ts";
import { uploadHandler } from "./upload.ts";

/** One kind of object. */
export interface ObjectEndpoint {
  kind: ObjectKind;
  /** With one parameter `name`. */
  route: string;
  /** Cut from the end of `name`. */
  suffix: string;
  type: string;
  maxBytes: number;
  /** Throws AppError `invalid` for a body that no client could use. */
  check: (text: Uint8Array, what: string) => void;
}

/** A check for kinds that are JSON. */
export function checkJson(body: Uint8Array, what: string): void {
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
  } catch (cause) {
    throw new AppError("invalid", `Cannot store ${what}: it is not JSON`, {
      cause,
    });
  }
}

/** Adds GET, HEAD and PUT of one kind. */
export function addObject(
  app: Hono<AppEnv>,
  service: CacheService,
  endpoint: ObjectEndpoint,
): void {
  const { kind, route, suffix, type, maxBytes } = endpoint;
  const patience = new Patience();
  const nameOf = (param: string | undefined) =>
    param?.endsWith(suffix) === true
      ? param.slice(0, param.length - suffix.length)
      : "";
  app.get(route, requireRole("viewer"), (c) => {
    const name = nameOf(c.req.param("name"));
    const body = isObjectName(kind, name)
      ? service.metadata.object(kind, name)
      : undefined;
    if (body === undefined) {
      throw new AppError("not_found", `There is no ${kind} ${name} here`);
    }
    const bytes = body as Uint8Array<ArrayBuffer>;
    return c.body(bytes, 200, {
      "content-type": type,
      "content-length": String(body.length),
      // A build log may hold anything: it is never to be taken for a page.
      "x-content-type-options": "nosniff",
    });
  });
  app.put(
    route,
    requireRole("publisher"),
    uploadHandler(service, async (c) => {
      const name = nameOf(c.req.param("name"));
      const what = `${kind} ${name.slice(0, 255)}`;
      if (!isObjectName(kind, name)) {
        throw new AppError("invalid", `Cannot store ${c.req.path}: bad name`);
      }
      const body = await readBody(c.req.raw, { what, maxBytes });
      endpoint.check(body, what);
      await patience.retry(() =>
        service.metadata.putObject(kind, name, body, service.clock.now())
      );
    }),
  );
  app.all(route, (c) => methodNotAllowed(c, "GET, HEAD, PUT"));
}
