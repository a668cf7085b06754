/**
 * What happened: the events of the master's stream, and who was behind them.
 *
 * @module
 */
import { z } from "zod";
import { Counter } from "./ids.ts";

/** Longest sentence of an event: one screen. */
const MAX_MESSAGE_CHARS = 2000;
/** Facts beside the sentence. */
const MAX_DATA = 16;

/** Who asked; role `system` is the master itself. */
export const Actor = z.strictObject({
  role: z.string().max(32),
  name: z.string().max(255),
  tokenId: z.string().max(64),
});
export type Actor = z.output<typeof Actor>;

/** The master's own doing. */
export const SYSTEM: Actor = { role: "system", name: "master", tokenId: "" };

/** What an event is about. */
export const EventTopic = z.enum([
  "generation",
  "rollout",
  "vm",
  "worker",
  "operation",
  "token",
  "store",
]);
export type EventTopic = z.output<typeof EventTopic>;

export const Event = z.strictObject({
  /** Rises by one and is never used again: where a reader resumes. */
  index: Counter,
  /** Milliseconds since the Unix epoch. */
  atMs: Counter,
  topic: EventTopic,
  /** Empty: of no cluster. */
  cluster: z.string().max(63),
  /** A VM id, a worker, a generation's number or an operation's id. */
  subject: z.string().max(255),
  message: z.string().max(MAX_MESSAGE_CHARS),
  by: Actor,
  data: z.record(z.string().max(63), z.string().max(1024)).refine(
    (data) => Object.keys(data).length <= MAX_DATA,
    `must have at most ${MAX_DATA} entries`,
  ),
});
export type Event = z.output<typeof Event>;
