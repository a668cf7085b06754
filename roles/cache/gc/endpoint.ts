/**
 * Garbage collection over HTTP.
 *
 *     POST   /api/v1/gc { dryRun, without }    admin      lines of JSON: { progress } ..., then { report } or { error }
 *     GET    /api/v1/gc                        viewer     what runs, what comes, what the last ones came to
 *     DELETE /api/v1/gc                        admin      ends the one that is under way
 *     GET    /api/v1/why/HASH                  viewer     what keeps a path
 *     GET    /api/v1/pins                      viewer
 *     PUT    /api/v1/pins/NAME { path, forMs } publisher  keeps a path
 *     DELETE /api/v1/pins/NAME                 publisher  their own; an admin any
 *     DELETE /api/v1/paths/HASH?without=master admin      unless something keeps it
 *
 * A collection ends with the connection of who asked for it.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { z } from "zod";
import { type AppEnv, identityOf, requireRole } from "../../http/mod.ts";
import { errorBody } from "../../http/core/error_body.ts";
import {
  type CollectionProgress,
  CollectionRequest,
  PinName,
} from "../../model/collection.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import { parseJsonWith, parseWith } from "../../model/parse.ts";
import { pathHashOf } from "./core/base_of.ts";
import type { Collection } from "./mod.ts";

/** Between two lines of progress: people see it move, and proxies see life. */
const PROGRESS_MS = 250;
/** A hundred years are for ever. */
const MAX_PIN_MS = 100 * 365 * 86_400_000;

const PinRequest = z.strictObject({
  path: z.string().max(512),
  forMs: z.number().int().min(1).max(MAX_PIN_MS).nullable().default(null),
});
const Without = CollectionRequest.shape.without;

export interface CollectionEndpoint {
  collection: Collection;
  config: { storeDir: string };
}

/** Adds all of them. */
export function addCollection(
  app: Hono<AppEnv>,
  service: CollectionEndpoint,
): void {
  addRuns(app, service.collection);
  addPins(app, service);
  const { collection } = service;
  app.get("/api/v1/why/:path", requireRole("viewer"), async (c) => {
    const hash = pathHashOf(c.req.param("path"), service.config.storeDir);
    return c.json(await collection.why(hash));
  });
  app.delete("/api/v1/paths/:path", requireRole("admin"), async (c) => {
    const hash = pathHashOf(c.req.param("path"), service.config.storeDir);
    const without = parseWith(Without, c.req.queries("without") ?? [], {
      what: "the sources to do without",
    });
    return c.json(await collection.removePath(hash, without));
  });
}

function addRuns(app: Hono<AppEnv>, collection: Collection): void {
  app.get(
    "/api/v1/gc",
    requireRole("viewer"),
    (c) => c.json(collection.status()),
  );
  app.delete("/api/v1/gc", requireRole("admin"), async (c) => {
    if (await collection.collector.cancel()) return c.json({ cancelled: true });
    throw new AppError("not_found", "No collection is under way");
  });
  app.post("/api/v1/gc", requireRole("admin"), async (c) => {
    const text = await c.req.text();
    const request = parseJsonWith(CollectionRequest, text || "{}", {
      what: "what to collect",
      hint: 'send {"dryRun": true}',
    });
    const by = identityOf(c).name;
    collection.collector.assertIdle();
    return collect(c, collection, { ...request, by });
  });
}

/** Starts it, and answers with lines of JSON while it runs. */
function collect(
  c: Context<AppEnv>,
  collection: Collection,
  order: CollectionRequest & { by: string },
): Response {
  const encoder = new TextEncoder();
  const gone = new AbortController();
  const lines = new ReadableStream<Uint8Array>({
    async start(controller) {
      const write = (value: unknown) => {
        if (gone.signal.aborted) return;
        controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
      };
      try {
        const report = await collection.collector.collect({
          ...order,
          signal: gone.signal,
          told: throttled((progress) => write({ progress })),
        });
        write({ report });
      } catch (error) {
        write(errorBody(toAppError(error)));
      }
      if (!gone.signal.aborted) controller.close();
    },
    cancel: () => gone.abort(new AppError("failed", "The client went away")),
  });
  return c.body(lines, 200, { "content-type": "application/x-ndjson" });
}

/** The first of each phase, and some of the others. */
function throttled(
  told: (progress: CollectionProgress) => void,
): (progress: CollectionProgress) => void {
  let phase = "";
  let nextMs = 0;
  return (progress) => {
    const nowMs = performance.now();
    if (progress.phase === phase && nowMs < nextMs) return;
    phase = progress.phase;
    nextMs = nowMs + PROGRESS_MS;
    told(progress);
  };
}

function addPins(
  app: Hono<AppEnv>,
  { collection, config }: CollectionEndpoint,
): void {
  const nameOf = (c: Context<AppEnv>) =>
    parseWith(PinName, c.req.param("name"), { what: "the pin's name" });
  app.get(
    "/api/v1/pins",
    requireRole("viewer"),
    (c) => c.json({ pins: collection.pins.list() }),
  );
  app.put("/api/v1/pins/:name", requireRole("publisher"), async (c) => {
    const { path, forMs } = parseJsonWith(PinRequest, await c.req.text(), {
      what: "what to pin",
      hint: 'send {"path": "/nix/store/<hash>-<name>"}',
    });
    const hash = pathHashOf(path, config.storeDir);
    const by = identityOf(c);
    return c.json(collection.pins.put(nameOf(c), { hash, forMs, by }));
  });
  app.delete(
    "/api/v1/pins/:name",
    requireRole("publisher"),
    (c) => c.json(collection.pins.remove(nameOf(c), identityOf(c))),
  );
}
