/**
 * The stream of events over the wire: pages are pushed into a sink of the
 * reader's, the next one after the last was answered. It ends when the reader
 * lets go of its subscription, its session ends, or its token does.
 *
 * @module
 */
import { eventToWire } from "../../rpc/convert.ts";
import {
  type EventSinkClient,
  Subscription,
  type ViewerServer,
} from "../../rpc/generated/master.ts";
import { type Released, serverOf } from "../../rpc/mod.ts";
import { within } from "../clock/within.ts";
import { AppError } from "../model/errors.ts";
import { parseWith } from "../model/parse.ts";
import type { Clock } from "../model/ports.ts";
import { type EventBatch, EventsRequest } from "./events.ts";
import { type Check, counter, type RpcDeps } from "./rpc_deps.ts";

/** A reader that takes longer for one page hangs, and is let go. */
const MAX_PUSH_MS = 60_000;

/** What the reader holds; letting go of it ends the stream. */
class Reading implements Released {
  readonly ended = new AbortController();

  released(): void {
    this.ended.abort();
  }
}

async function pump(
  batches: AsyncIterable<EventBatch>,
  options: { sink: EventSinkClient; clock: Clock; check: Check },
): Promise<void> {
  const { sink, clock, check } = options;
  const push = (events: EventBatch["events"], last: boolean) =>
    within({
      clock,
      ms: MAX_PUSH_MS,
      late: `The reader did not answer within ${MAX_PUSH_MS} ms`,
    }, (call) => sink.push({ events: events.map(eventToWire), last }, call));
  try {
    for await (const { events, last } of batches) {
      // A token that was revoked meanwhile reads no further.
      check();
      if (events.length > 0 || last) await push(events, last);
    }
  } catch (error) {
    // Only a reader that fell behind can do something about it: it asks again, and is told.
    if (error instanceof AppError && error.code === "conflict") {
      await push([], true);
    }
  }
}

/** `Viewer.events` */
export function eventsMethod(
  { service, clock }: RpcDeps,
  check: Check,
): ViewerServer["events"] {
  return async ({ after, follow, topics, cluster, sink, audit, tail }) => {
    check();
    const request = parseWith(EventsRequest, {
      after: counter(after, "the index to read after"),
      topics,
      cluster,
      audit,
      tail,
    }, { what: "the events that are asked for" });
    if (sink === null || sink === undefined) {
      throw new AppError("invalid", "Cannot send events: the sink is missing");
    }
    await service.events.check(request);
    const reading = new Reading();
    const { signal } = reading.ended;
    const kept = sink.dup();
    void pump(service.events.read(request, { follow, signal }), {
      sink: kept,
      clock,
      check,
    }).catch(() => undefined).finally(() => kept[Symbol.dispose]());
    return { subscription: serverOf(Subscription, reading) };
  };
}
