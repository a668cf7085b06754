/**
 * `POST /closure { want, have }`: what a store lacks of the closures it wants,
 * in one answer.
 *
 * @module
 */
import type { Hono } from "hono";
import { CONTENT_TYPE } from "../../closure/core/frames.ts";
import { HaveSet } from "../../closure/core/have.ts";
import { ClosureRequest } from "../../closure/core/messages.ts";
import { type AppEnv, requireRole } from "../../http/mod.ts";
import { AppError } from "../../model/errors.ts";
import { parseJsonWith } from "../../model/parse.ts";
import type { CacheService } from "../service.ts";
import { ClosureWalk } from "./core/walk.ts";
import { sendClosure, type Shelf } from "./send.ts";
import { parseVia } from "../sources/core/via.ts";
import type { Asking } from "../sources/source.ts";
import { SourcedPaths } from "./sourced_paths.ts";
import { StoredPaths } from "./stored_paths.ts";

/** References looked at before others get a turn: 15 µs each, so some 4 ms. */
const SLICE_STEPS = 250;
/** Each goes from what sources have to what is stored and back once more: two do for what was built upon an upstream. */
const MAX_WALKS = 16;
/** Each holds an open file, and a worker fetches one closure at a time: so many hosts at once. */
const MAX_STREAMS = 256;
/** A worker that unpacks a large path reads nothing for a while; one that is gone, for ever. */
const UNREAD_MS = 300_000;

/** From the storage, else from other sources: they are pulled while it is sent. */
function shelfOf(service: CacheService, asking: Asking): Shelf {
  const { hot, metadata, files, sources } = service;
  const isStored = (file: string) => metadata.nar(file) !== undefined;
  const { any } = sources;
  return {
    async narInfo(hash) {
      const stored = hot.get(hash) ?? metadata.narInfoText(hash);
      if (stored !== undefined || !any) return stored;
      return (await sources.narInfo(hash, asking))?.text;
    },
    open: async (file) =>
      isStored(file) || !any
        ? await files.open(file)
        : await sources.nar(file, asking.chain),
    async prepare(file) {
      if (!any || isStored(file)) return;
      // It is pulled from here on, whoever reads it.
      (await sources.nar(file, asking.chain))?.close();
    },
    onSent(bytes) {
      service.metrics.nar("hit");
      service.metrics.sent(bytes);
    },
    onLost: ({ base }, why) =>
      service.log.error("cannot send {base}: {why}", { base, why }),
  };
}

/**
 * What to send. What the storage does not have the other sources are asked for,
 * with all it refers to; some of that is in the storage, and may refer to what
 * is not. So it is walked again until there is nobody left to ask for anything.
 */
async function planClosure(
  { want, have }: ClosureRequest,
  stored: StoredPaths,
  service: CacheService,
  asking: Asking,
): Promise<ClosureWalk> {
  const { sources, metadata, config, collection } = service;
  const set = have === undefined ? null : new HaveSet(have);
  const has = (hash: string) => set?.has(hash) ?? false;
  const sourced = new SourcedPaths({
    ...{ sources, storeDir: config.storeDir, asking },
    isKnown: (hash) => has(hash) || metadata.hasPath(hash),
  });
  const lookup = (hash: string) => {
    const path = stored.find(hash);
    // It is going to be sent: no collection takes it now.
    if (path !== undefined) collection.uses.mark(hash);
    return path ?? sourced.find(hash);
  };
  for (let walks = 1;; walks++) {
    const walk = new ClosureWalk({ want, has, lookup });
    while (!walk.advance(SLICE_STEPS)) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    if (!sources.any || walks >= MAX_WALKS) return walk;
    const absent = walk.absent.map((base) => base.slice(0, 32));
    if (!await sourced.ask(absent)) return walk;
  }
}

/** Pulled by the connection; ended when nobody pulls any more. */
function bodyOf(
  chunks: AsyncGenerator<Uint8Array>,
  { onChunk, onEnd }: { onChunk: (bytes: number) => void; onEnd: () => void },
): ReadableStream<Uint8Array> {
  let unread: ReturnType<typeof setTimeout> | undefined;
  const end = async () => {
    clearTimeout(unread);
    onEnd();
    // Closes the file it was reading.
    await chunks.return(undefined);
  };
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      clearTimeout(unread);
      const { done, value } = await chunks.next();
      if (done === true) {
        onEnd();
        return controller.close();
      }
      onChunk(value.length);
      controller.enqueue(value);
      unread = setTimeout(() => {
        controller.error(new Error("nobody reads this closure"));
        void end();
      }, UNREAD_MS);
    },
    cancel: end,
  }, { highWaterMark: 1 });
}

/** Counts responses that are being sent. */
class Streams {
  #open = 0;

  /** Gives what ends it, which may be called again. @throws {AppError} `overloaded` */
  begin(): () => void {
    if (this.#open >= MAX_STREAMS) {
      throw new AppError(
        "overloaded",
        `Cannot send this closure: ${MAX_STREAMS} others are being sent`,
        { hint: "try again in a moment" },
      );
    }
    this.#open++;
    let isOpen = true;
    return () => {
      if (isOpen) this.#open--;
      isOpen = false;
    };
  }
}

/** Adds it. */
export function addClosure(app: Hono<AppEnv>, service: CacheService): void {
  const stored = new StoredPaths(service.database);
  const streams = new Streams();
  app.post("/closure", requireRole("viewer"), async (c) => {
    const request = parseJsonWith(ClosureRequest, await c.req.text(), {
      what: "the closure asked for",
    });
    const end = streams.begin();
    try {
      // Who takes a closure does not publish because of it.
      const chain = parseVia(c.req.header("via"));
      const asking = { chain, lasting: false };
      const walk = await planClosure(request, stored, service, asking);
      const { headOnly } = request;
      const plan = { paths: walk.paths, elsewhere: walk.elsewhere, headOnly };
      const chunks = sendClosure(plan, shelfOf(service, asking));
      return new Response(
        bodyOf(chunks, {
          onChunk: (bytes) => service.metrics.sentClosure(bytes),
          onEnd: end,
        }),
        {
          headers: {
            "content-type": CONTENT_TYPE,
            "cache-control": "no-store",
          },
        },
      );
    } catch (error) {
      end();
      throw error;
    }
  });
}
