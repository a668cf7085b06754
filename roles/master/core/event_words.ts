/**
 * What an event is made of: its sentence, its reason, who and when. Decides
 * how long it may be, and nothing about what is told.
 *
 * @module
 */
import { type Actor, type Event, SYSTEM } from "../../model/event.ts";

/** An event that has no index yet: the store gives it one. */
export type NewEvent = Omit<Event, "index">;

/** Longest sentence, as in the model. */
const MAX_MESSAGE_CHARS = 2000;

/** A document before and after a change. */
export interface Pair<K extends string, T> {
  kind: K;
  id: string;
  before: T | null;
  after: T | null;
}

/** Who changed it, and when. */
export interface EventContext {
  by: Actor;
  nowMs: number;
  /** Why a copy was placed, moved or ended, by its placement's id. */
  reasonOf(placement: string): string | undefined;
}

/** What an event is made of, but for when and by whom. */
export type Told = Omit<NewEvent, "atMs" | "by">;

const NO_DATA: Readonly<Record<string, string>> = {};

/** One about nothing but its subject. */
export function told(
  topic: NewEvent["topic"],
  subject: string,
  message: string,
  over: Partial<Told> = {},
): Told {
  return { topic, cluster: "", subject, message, data: NO_DATA, ...over };
}

/** Nothing else that a caller may know of itself. */
function actorOf(by: Actor): Actor {
  return by === SYSTEM
    ? by
    : { role: by.role, name: by.name, tokenId: by.tokenId };
}

/** One event, with what is too long cut. */
export function newEvent(
  context: Pick<EventContext, "by" | "nowMs">,
  event: Omit<Told, "data" | "cluster"> & Partial<Told>,
): NewEvent {
  const { message } = event;
  return {
    cluster: "",
    data: NO_DATA,
    ...event,
    message: message.length > MAX_MESSAGE_CHARS
      ? `${message.slice(0, MAX_MESSAGE_CHARS - 1)}…`
      : message,
    atMs: context.nowMs,
    by: actorOf(context.by),
  };
}

/** The text with its reason, where there is one that it does not give itself. */
export function because(text: string, reason: string | undefined): string {
  return reason === undefined || reason === "" || text.includes(reason)
    ? text
    : `${text}: ${reason}`;
}
