/**
 * `/nar/<filehash>.nar[.zst|.xz|.gz]`: the contents of paths.
 *
 * A nar's name is its hash, so its bytes never change: it is cached for ever
 * and resumed by ranges.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import {
  type AppEnv,
  assertStillMay,
  methodNotAllowed,
  requireRole,
} from "../../http/mod.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import { failpoint } from "../../process/failpoint.ts";
import {
  ACCEPTED_COMPRESSIONS,
  type NarName,
  parseNarName,
} from "../../nar/core/names.ts";
import { HAND_OVER_HEADER, handOverTo } from "./core/accel.ts";
import { decideRange, isKnown } from "./core/range.ts";
import type { OpenFile } from "../storage/files.ts";
import { Patience } from "../storage/patience.ts";
import { receiveNar } from "./receive.ts";
import type { CacheService } from "../service.ts";
import { parseVia } from "../sources/core/via.ts";
import { tellWhatLasts } from "./asking.ts";
import { uploadHandler } from "./upload.ts";

const ROUTE = "/nar/:file";

function headersOf(file: string, etag: string): Record<string, string> {
  return {
    "content-type": "application/x-nix-nar",
    "accept-ranges": "bytes",
    // no-transform: a compressed answer would have neither this length nor these ranges.
    "cache-control": "public, max-age=31536000, immutable, no-transform",
    etag,
    // A browser saves it, whatever its bytes look like.
    "x-content-type-options": "nosniff",
    "content-disposition": `attachment; filename="${file}"`,
  };
}

function notFound(file: string): AppError {
  return new AppError("not_found", `There is no nar/${file} here`);
}

/** Counts open downloads; each ends with its connection or its last byte. */
class Downloads {
  #open = 0;

  constructor(private readonly max: number) {}

  begin(c: Context<AppEnv>): void {
    if (this.#open >= this.max) {
      throw new AppError(
        "overloaded",
        `Cannot send this nar: ${this.max} others are being sent`,
        { hint: "try again in a moment" },
      );
    }
    const { completed } = (c.env ?? {}) as { completed?: Promise<void> };
    if (completed === undefined) return;
    this.#open++;
    const done = () => void this.#open--;
    completed.then(done, done);
  }
}

async function sendFile(
  c: Context<AppEnv>,
  opened: OpenFile,
  file: string,
  service: CacheService,
): Promise<Response> {
  const etag = `"${file}"`;
  const headers = headersOf(file, etag);
  const range = decideRange({
    range: c.req.header("range"),
    ifRange: c.req.header("if-range"),
  }, { size: opened.size, etag });
  if (range.kind === "unsatisfiable") {
    opened.close();
    return c.body(null, 416, {
      "content-range": `bytes */${opened.size}`,
      "accept-ranges": "bytes",
    });
  }
  const { start, end } = range.kind === "slice"
    ? range
    : { start: 0, end: opened.size };
  headers["content-length"] = String(end - start);
  if (range.kind === "slice") {
    headers["content-range"] = `bytes ${start}-${end - 1}/${opened.size}`;
  }
  service.metrics.sent(end - start);
  const body = await (opened.body?.(start, end) ??
    opened.stream(start, end));
  return new Response(body, {
    status: range.kind === "slice" ? 206 : 200,
    headers,
  });
}

/** nginx takes type and lifetime from here; length, ranges and ETag are its own. */
function handOver(
  c: Context<AppEnv>,
  { location, file, size }: { location: string; file: string; size: number },
  service: CacheService,
): Response {
  const etag = `"${file}"`;
  if (c.req.method === "GET") {
    const range = decideRange({
      range: c.req.header("range"),
      ifRange: undefined,
    }, { size, etag });
    const { start, end } = range.kind === "slice"
      ? range
      : { start: 0, end: range.kind === "full" ? size : 0 };
    service.metrics.sent(end - start);
  }
  const headers = headersOf(file, etag);
  // Passed on, they would stand beside nginx's own.
  for (const name of ["accept-ranges", "etag"]) delete headers[name];
  return c.body(null, 200, { ...headers, "x-accel-redirect": location });
}

/**
 * A body that ends where `stream` fails. The client was told the length, so it
 * sees its connection cut; passed on, the failure would be printed as a crash.
 */
function cutAtFailure(
  stream: ReadableStream<Uint8Array>,
  onFailure: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      } catch (error) {
        onFailure(error);
        controller.close();
      }
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
}

/**
 * From another source. HEAD asks none: nix asks by it whether it has to upload a
 * nar, and a narinfo is accepted only with its nar in the storage.
 */
async function getElsewhere(
  c: Context<AppEnv>,
  service: CacheService,
  downloads: Downloads,
): Promise<Response> {
  const file = c.req.param("file") ?? "";
  const asked = service.sources.any && c.req.method === "GET" &&
    parseNarName(file) !== undefined;
  if (asked) downloads.begin(c);
  const opened = asked
    ? await service.sources.nar(file, parseVia(c.req.header("via")))
    : undefined;
  service.metrics.nar(opened === undefined ? "miss" : "hit");
  if (opened === undefined) throw notFound(file);
  const cut = (error: unknown) =>
    service.log.warn("nar/{file} was cut on its way: {why}", {
      file,
      why: toAppError(error).message,
    });
  const stream = async (start: number, end: number) =>
    cutAtFailure(await opened.stream(start, end), cut);
  const { size } = opened;
  const close = () => opened.close();
  return await sendFile(c, { size, stream, close }, file, service);
}

async function getNar(
  c: Context<AppEnv>,
  service: CacheService,
  downloads: Downloads,
): Promise<Response> {
  const file = c.req.param("file") ?? "";
  const nar = parseNarName(file) === undefined
    ? undefined
    : service.metadata.nar(file);
  if (nar === undefined) return await getElsewhere(c, service, downloads);
  service.metrics.nar("hit");
  if (isKnown(c.req.header("if-none-match"), `"${file}"`)) {
    return c.body(null, 304, headersOf(file, `"${file}"`));
  }
  const location = handOverTo(service.config.accelRedirect, {
    file,
    handOver: c.req.header(HAND_OVER_HEADER),
  });
  const isHead = c.req.method === "HEAD";
  if (isHead) {
    service.collection.uses.markNar(file);
    await tellWhatLasts(c, service.metadata);
  }
  if (isHead || location !== undefined) {
    // A nar whose file was lost must be pushed again, so HEAD looks at the file.
    if (await service.files.size(file) !== nar.fileSize) throw notFound(file);
  }
  if (location !== undefined) {
    return handOver(c, { location, file, size: nar.fileSize }, service);
  }
  if (isHead) {
    return c.body(null, 200, {
      ...headersOf(file, `"${file}"`),
      "content-length": String(nar.fileSize),
    });
  }
  downloads.begin(c);
  const opened = await service.files.open(file);
  if (opened === undefined || opened.size !== nar.fileSize) {
    opened?.close();
    service.log.error("nar/{file} is lost or damaged on disk", { file });
    throw notFound(file);
  }
  return await sendFile(c, opened, file, service);
}

function uploadName(c: Context<AppEnv>, service: CacheService): NarName {
  const file = c.req.param("file") ?? "";
  const name = parseNarName(file);
  if (name === undefined) {
    throw new AppError(
      "invalid",
      `Cannot store nar/${file.slice(0, 100)}: it is not ` +
        `<file hash>.nar[.zst|.xz|.gz]; compressions accepted are ${ACCEPTED_COMPRESSIONS}`,
      { hint: "push with nix copy --to 'URL?compression=zstd'" },
    );
  }
  const length = Number(c.req.header("content-length") ?? 0);
  if (length > service.config.maxNarBytes) {
    throw new AppError(
      "storage",
      `Cannot store nar/${file}: it has ${length} bytes, at most ${service.config.maxNarBytes} are taken`,
      { hint: "raise maxNarBytes in the cache's configuration" },
    );
  }
  if (c.req.header("content-encoding") !== undefined) {
    throw new AppError(
      "invalid",
      `Cannot store nar/${file}: a nar is sent without Content-Encoding`,
    );
  }
  return name;
}

async function putNar(
  c: Context<AppEnv>,
  service: CacheService,
  patience: Patience,
) {
  const name = uploadName(c, service);
  const body = c.req.raw.body ?? new Blob([]).stream();
  const nar = await service.uploads.run(() =>
    receiveNar(body, name, {
      files: service.files,
      maxBytes: service.config.maxNarBytes,
      stillMay: () => assertStillMay(c, "publisher"),
    })
  );
  service.collection.uses.markNar(nar.file);
  await patience.retry(() => service.metadata.putNar(nar, service.clock.now()));
  service.files.settle(nar.file);
  service.metrics.received(nar.fileSize);
  failpoint("cache.nar.stored");
}

/** Adds GET, HEAD and PUT. */
export function addNar(app: Hono<AppEnv>, service: CacheService): void {
  const downloads = new Downloads(service.config.maxDownloads);
  const patience = new Patience();
  app.get(ROUTE, requireRole("viewer"), (c) => getNar(c, service, downloads));
  app.put(
    ROUTE,
    requireRole("publisher"),
    uploadHandler(service, (c) => putNar(c, service, patience)),
  );
  app.all(ROUTE, (c) => methodNotAllowed(c, "GET, HEAD, PUT"));
}
