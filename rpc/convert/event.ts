/**
 * The events of the master's stream.
 *
 * @module
 */
import { type Actor, Event } from "../../roles/model/event.ts";
import type * as wire from "../generated/master.ts";
import { parseFast } from "./accept.ts";
import { counter, fromPairs, toPairs } from "./plain.ts";

export function eventToWire(event: Event): wire.EventInput {
  return { ...event, data: toPairs(event.data) };
}

/** Who asked, as it is inside other structs. */
export function actorPlain(by: wire.Identity | undefined): Actor | undefined {
  if (by === undefined) return undefined;
  const { role, name, tokenId } = by;
  return { role, name, tokenId };
}

/** @throws {AppError} `invalid`, naming the path. */
export function eventFromWire(event: wire.Event): Event {
  const index = counter(event.index, "index");
  const plain = {
    index,
    atMs: counter(event.atMs, "atMs"),
    topic: event.topic,
    cluster: event.cluster,
    subject: event.subject,
    message: event.message,
    by: actorPlain(event.by),
    data: fromPairs(event.data, () => `data of event ${index}`),
  };
  return parseFast(Event, plain, { what: `event ${index}` });
}
