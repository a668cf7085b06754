/**
 * The small things beside narinfos that a client stores and fetches by name.
 * Each kind has its own file, which gives its route, bound and check.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { type AppEnv, methodNotAllowed, requireRole } from "../../http/mod.ts";
import { AppError } from "../../model/errors.ts";
import { readBody } from "./body.ts";
import { isObjectName, type ObjectKind } from "../../nar/core/names.ts";
import type { CacheService } from "../service.ts";
import { formatVia, parseVia } from "../sources/core/via.ts";
import type { SourcedKind, SourcedObject } from "../sources/source.ts";
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
  /** Asked of upstreams when it is not here. */
  sourced?: SourcedKind;
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

/** From the storage, else from an upstream: only GET is passed on, and only what we would have stored. */
async function find(
  c: Context<AppEnv>,
  { metadata, sources }: CacheService,
  { kind, sourced, check }: ObjectEndpoint,
  name: string,
): Promise<SourcedObject | undefined> {
  const stored = metadata.object(kind, name);
  if (stored !== undefined) return { bytes: stored, via: [] };
  if (sourced === undefined || !sources.any || c.req.method !== "GET") {
    return undefined;
  }
  const chain = parseVia(c.req.header("via"));
  const found = await sources.object(sourced, name, chain);
  try {
    if (found !== undefined) check(found.bytes, `${kind} ${name}`);
    return found;
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
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
  app.get(route, requireRole("viewer"), async (c) => {
    const name = nameOf(c.req.param("name"));
    const found = isObjectName(kind, name)
      ? await find(c, service, endpoint, name)
      : undefined;
    if (found === undefined) {
      throw new AppError("not_found", `There is no ${kind} ${name} here`);
    }
    const { bytes, via } = found;
    return c.body(bytes as Uint8Array<ArrayBuffer>, 200, {
      "content-type": type,
      "content-length": String(bytes.length),
      ...(via.length === 0 ? {} : { via: formatVia(via) }),
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
