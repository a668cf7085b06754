/**
 * `/<hash>.narinfo`: what a path is, whose signatures it has and where its nar is.
 *
 * A narinfo is accepted only when its nar is here and its references are here
 * or at an upstream: what can be found can be fetched, closures included.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import type { Context, Hono } from "hono";
import {
  type AppEnv,
  identityOf,
  methodNotAllowed,
  requireRole,
} from "../../http/mod.ts";
import { AppError } from "../../model/errors.ts";
import { failpoint } from "../../process/failpoint.ts";
import { readBody } from "./body.ts";
import { admitNarInfo } from "../core/admission.ts";
import {
  formatNarInfo,
  MAX_NARINFO_BYTES,
  type NarInfo,
  parseNarInfo,
} from "../../nar/core/narinfo.ts";
import type { CacheService } from "../service.ts";
import { Patience } from "../storage/patience.ts";
import { formatVia } from "../sources/core/via.ts";
import type { Asking } from "../sources/source.ts";
import { askingOf, tellWhatLasts } from "./asking.ts";
import { uploadHandler } from "./upload.ts";

const NARINFO_TYPE = "text/x-nix-narinfo";
/**
 * As a chunk, head and text go to the kernel, and to the client, together: a
 * quarter less processor time. With a length stated Deno writes them one after
 * the other, unless both fit 512 bytes. To HTTP/1.0 and 2 it states a length.
 */
const SENT_AT_ONCE = {
  "content-type": NARINFO_TYPE,
  "transfer-encoding": "chunked",
};
/** The pattern, also for the figures. */
export const NARINFO_ROUTE = "/:file{[0-9a-df-np-sv-z]{32}\\.narinfo}";

function findText(service: CacheService, hash: string): string | undefined {
  const hot = service.hot.get(hash);
  if (hot !== undefined) return hot;
  const text = service.metadata.narInfoText(hash);
  if (text !== undefined) service.hot.set(hash, text);
  return text;
}

/** The nar's record, if its file is really there. */
async function checkedNar(service: CacheService, file: string) {
  const nar = service.metadata.nar(file);
  if (nar === undefined) return undefined;
  return await service.files.size(file) === nar.fileSize ? nar : undefined;
}

/** Asks the other sources for what is not in the storage. */
async function findElsewhere(
  c: Context<AppEnv>,
  service: CacheService,
  hash: string,
): Promise<Response> {
  const { sources } = service;
  const found = sources.any
    ? await sources.narInfo(hash, askingOf(c))
    : undefined;
  if (found === undefined) {
    service.metrics.narinfo("miss");
    const why = ["", ...sources.troubles].join("; ");
    throw new AppError("not_found", `There is no path ${hash} here${why}`);
  }
  service.metrics.narinfo("hit");
  return c.body(found.text, 200, {
    "content-type": NARINFO_TYPE,
    via: formatVia(found.answerVia),
  });
}

/** Answers GET or HEAD with a narinfo of the storage. */
export function sendNarInfo(
  service: CacheService,
  { hash, text, method }: { hash: string; text: string; method: string },
): Response {
  service.collection.uses.mark(hash);
  service.metrics.narinfo("hit");
  if (method === "HEAD") {
    const length = String(Buffer.byteLength(text));
    return new Response(null, {
      headers: { "content-type": NARINFO_TYPE, "content-length": length },
    });
  }
  return new Response(text, { headers: SENT_AT_ONCE });
}

async function storeNarInfo(
  service: CacheService,
  hash: string,
  { text, by, asking }: { text: string; by: string; asking: Asking },
): Promise<void> {
  const { config, metadata, keys, sources } = service;
  const expected = { hash, storeDir: config.storeDir };
  const uploaded: NarInfo = parseNarInfo(text, expected);
  const others = uploaded.references.filter((base) => base !== uploaded.base);
  const elsewhere = await sources.bases(metadata.missing(others), asking);
  // From here on no collection takes the nar away.
  service.collection.uses.markNar(uploaded.file);
  const nar = await checkedNar(service, uploaded.file);
  // From here on nothing waits: what is decided on is what is stored over.
  const known = metadata.narInfoText(hash);
  const admitted = admitNarInfo({
    uploaded,
    nar,
    present: known === undefined ? undefined : parseNarInfo(known, expected),
    missingReferences: metadata.missing(others)
      .filter((base) => !elsewhere.has(base)),
  }, keys);
  const signed = formatNarInfo(admitted);
  if (signed === known) {
    service.collection.uses.mark(hash);
    return await metadata.lasting();
  }
  const stored = metadata.putPath(admitted, signed, {
    nowMs: service.clock.now(),
    by,
  });
  service.collection.uses.settleNar(admitted.file);
  service.hot.set(hash, signed);
  await stored;
}

/** Adds GET, HEAD and PUT. */
export function addNarInfo(app: Hono<AppEnv>, service: CacheService): void {
  const patience = new Patience();
  app.get(
    NARINFO_ROUTE,
    requireRole("viewer"),
    (c): Response | Promise<Response> => {
      const hash = c.req.param("file").slice(0, 32);
      const text = findText(service, hash);
      if (text === undefined) return findElsewhere(c, service, hash);
      const { method } = c.req;
      const answer = () => sendNarInfo(service, { hash, text, method });
      return service.metadata.isLasting
        ? answer()
        : tellWhatLasts(c, service.metadata).then(answer);
    },
  );
  app.put(
    NARINFO_ROUTE,
    requireRole("publisher"),
    uploadHandler(service, async (c) => {
      const hash = c.req.param("file")?.slice(0, 32) ?? "";
      const body = await readBody(c.req.raw, {
        what: `${hash}.narinfo`,
        maxBytes: MAX_NARINFO_BYTES,
      });
      const upload = {
        text: new TextDecoder().decode(body),
        by: identityOf(c).name,
        asking: askingOf(c),
      };
      await patience.retry(() => storeNarInfo(service, hash, upload));
      failpoint("cache.narinfo.stored");
    }),
  );
  app.all(NARINFO_ROUTE, (c) => methodNotAllowed(c, "GET, HEAD, PUT"));
}
