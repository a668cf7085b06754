/**
 * The stream of events over HTTP.
 *
 *     GET /api/v1/events?after=N&topics=a,b&cluster=C&audit=1&tail=N&follow=1
 *
 * As text/event-stream when that is accepted: the id is the event's index and
 * resumes the stream as Last-Event-ID, and a comment breaks silence. Else a
 * JSON object a line. Ends when all was sent, or with `follow` never.
 *
 * @module
 */
import type { Context, Hono } from "hono";
import { z } from "zod";
import { type AppEnv, requireRole } from "../http/mod.ts";
import { AppError } from "../model/errors.ts";
import { parseWith } from "../model/parse.ts";
import { type EventBatch, EventsRequest, type EventStream } from "./events.ts";

/** Silence on a stream, so that both ends notice a dead one. */
const KEEP_ALIVE_MS = 15_000;

const flag = z.enum(["0", "1", "false", "true"]).default("0").transform((
  text,
) => text === "1" || text === "true");
const number = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
  .default(0);
const Query = z.object({
  after: number,
  topics: z.string().max(200).default("").transform((text) =>
    text === "" ? [] : text.split(",")
  ),
  cluster: z.string().default(""),
  audit: flag,
  tail: number,
  follow: flag,
});

/** One page as it goes out. */
type Format = (batch: EventBatch) => string;

const asLines: Format = ({ events, last }) =>
  events.length === 0 && !last
    // An empty line says nothing to who reads JSON lines, and notices a dead connection.
    ? "\n"
    : events.map((event) => `${JSON.stringify(event)}\n`).join("");

const asServerSent: Format = ({ events }) =>
  events.length === 0
    ? ": nothing more\n\n"
    : events.map((event) =>
      `id: ${event.index}\nevent: ${event.topic}\ndata: ${
        JSON.stringify(event)
      }\n\n`
    ).join("");

/** Pulled by the connection: nothing is read before the client takes it. */
function bodyOf(
  batches: AsyncGenerator<EventBatch>,
  options: { format: Format; isStream: boolean; ended: AbortController },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const { format, isStream, ended } = options;
  return new ReadableStream({
    async pull(controller) {
      try {
        const { done, value } = await batches.next();
        if (done === true) return controller.close();
        const text = format(value);
        if (text !== "") controller.enqueue(encoder.encode(text));
        if (value.last || ended.signal.aborted) controller.close();
      } catch (error) {
        if (!(error instanceof AppError) || !isStream) throw error;
        // It fell behind what is kept: it cannot go on as if nothing were missing.
        const data = JSON.stringify({ message: error.message });
        controller.enqueue(encoder.encode(`event: error\ndata: ${data}\n\n`));
        controller.close();
      }
    },
    async cancel() {
      ended.abort();
      await batches.return(undefined);
    },
  });
}

async function answer(
  c: Context<AppEnv>,
  stream: EventStream,
  stopping: AbortSignal,
): Promise<Response> {
  const { follow, ...rest } = parseWith(Query, c.req.query(), {
    what: "the query",
  });
  const resume = c.req.header("last-event-id");
  const request = parseWith(EventsRequest, {
    ...rest,
    ...(resume === undefined ? {} : {
      after: parseWith(number, resume, { what: "Last-Event-ID" }),
      tail: 0,
    }),
  }, { what: "the query" });
  await stream.check(request);
  const isStream = (c.req.header("accept") ?? "").includes("text/event-stream");
  const ended = new AbortController();
  const batches = stream.read(request, {
    follow,
    signal: AbortSignal.any([ended.signal, stopping]),
    idleMs: KEEP_ALIVE_MS,
  });
  const format = isStream ? asServerSent : asLines;
  return c.body(bodyOf(batches, { format, isStream, ended }), 200, {
    "content-type": isStream ? "text/event-stream" : "application/x-ndjson",
    "cache-control": "no-store",
  });
}

/** Adds /api/v1/events. */
export function addEventRoutes(
  app: Hono<AppEnv>,
  stream: EventStream,
  stopping: AbortSignal,
): void {
  app.get(
    "/api/v1/events",
    requireRole("viewer"),
    (c) => answer(c, stream, stopping),
  );
}
