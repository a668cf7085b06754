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
import type { Uses } from "../gc/uses.ts";
import type { CacheService } from "../service.ts";
import { ClosureWalk } from "./core/walk.ts";
import { sendClosure, type Shelf } from "./send.ts";
import { StoredPaths } from "./stored_paths.ts";

/** References looked at before others get a turn: 15 µs each, so some 4 ms. */
const SLICE_STEPS = 250;
/** Each holds an open file, and a worker fetches one closure at a time: so many hosts at once. */
const MAX_STREAMS = 256;
/** A worker that unpacks a large path reads nothing for a while; one that is gone, for ever. */
const UNREAD_MS = 300_000;

function shelfOf(service: CacheService): Shelf {
  return {
    narInfo: (hash) =>
      service.hot.get(hash) ?? service.metadata.narInfoText(hash),
    open: (file) => service.files.open(file),
    onSent(bytes) {
      service.metrics.nar("hit");
      service.metrics.sent(bytes);
    },
    onLost: ({ base }, why) =>
      service.log.error("cannot send {base}: {why}", { base, why }),
  };
}

async function planClosure(
  { want, have }: ClosureRequest,
  stored: StoredPaths,
  uses: Uses,
): Promise<ClosureWalk> {
  const set = have === undefined ? null : new HaveSet(have);
  const walk = new ClosureWalk({
    want,
    has: (hash) => set?.has(hash) ?? false,
    lookup(hash) {
      const path = stored.find(hash);
      // It is going to be sent: no collection takes it now.
      if (path !== undefined) uses.mark(hash);
      return path;
    },
  });
  while (!walk.advance(SLICE_STEPS)) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return walk;
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
      const walk = await planClosure(
        request,
        stored,
        service.collection.uses,
      );
      const { headOnly } = request;
      const plan = { paths: walk.paths, elsewhere: walk.elsewhere, headOnly };
      const chunks = sendClosure(plan, shelfOf(service));
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
