/**
 * The stream of events as readers have it: from an index on, page by page, and
 * on as it grows. The next page is read when the last was taken, so a slow
 * reader slows only itself and holds no memory. Writes nothing.
 *
 * @module
 */
import { z } from "zod";
import { AppError } from "../model/errors.ts";
import { type Event, EventTopic } from "../model/event.ts";
import { Counter, Name } from "../model/ids.ts";
import type { Clock } from "../model/ports.ts";
import type { EventQuery } from "./event_table.ts";
import type { Store } from "./store.ts";
import { Bell, waitForBell } from "./workers.ts";

/** Events in one page: some 60 KiB, at most 700 KiB where every sentence is as long as it may be. */
const MAX_PAGE_EVENTS = 256;
/** Readers at a time: a page in a browser or a terminal is one. */
const MAX_READERS = 256;
/** A burst is gathered for so long before a reader that has caught up is told: ten pages a second at most. */
const GATHER_MS = 100;
/** The bell that new events ring. */
const NEW_EVENTS = "";

/** What a reader asks for, as it comes from outside. */
export const EventsRequest = z.strictObject({
  after: Counter.default(0),
  topics: z.array(EventTopic).max(EventTopic.options.length).default([]),
  cluster: z.union([z.literal(""), Name]).default(""),
  audit: z.boolean().default(false),
  tail: Counter.default(0),
});
export type EventsRequest = z.output<typeof EventsRequest>;

/** A page for a reader. */
export interface EventBatch {
  events: Event[];
  /** Without `follow`: that was all. */
  last: boolean;
}

export class EventStream {
  readonly #store: Pick<Store, "readEvents">;
  readonly #clock: Clock;
  readonly #bell = new Bell();
  #readers = 0;
  /** Tells a ring that came while nobody could hear it. */
  #rings = 0;

  constructor(store: Pick<Store, "readEvents">, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** New events are committed. */
  ring(): void {
    this.#rings++;
    this.#bell.ring(NEW_EVENTS);
  }

  /**
   * Refuses what cannot be read.
   *
   * @throws {AppError} `conflict` for an index that is no longer kept or was never given out, `overloaded`.
   */
  async check(request: EventsRequest): Promise<void> {
    if (this.#readers >= MAX_READERS) {
      throw new AppError(
        "overloaded",
        `Cannot read events: ${MAX_READERS} readers are there already`,
        { hint: "try again when one has ended" },
      );
    }
    if (request.after === 0 || request.tail > 0) return;
    const { newest, forgotten } = await this.#store.readEvents(
      this.#query(request, { after: Number.MAX_SAFE_INTEGER, tail: 0 }),
    );
    if (request.after < forgotten) throw forgottenError(forgotten);
    if (request.after > newest) {
      throw new AppError(
        "conflict",
        `Cannot read events after ${request.after}: the newest is ${newest}`,
        { hint: `read on from there: --after ${newest}` },
      );
    }
  }

  #query(
    request: EventsRequest,
    over: { after: number; tail: number },
  ): EventQuery {
    return { ...request, ...over, limit: MAX_PAGE_EVENTS };
  }

  /**
   * Pages from where the request begins; with `follow` without an end, and an
   * empty one after each `idleMs` of silence.
   *
   * @throws {AppError} as {@linkcode check}; `conflict` for a reader that fell behind what is kept.
   */
  async *read(
    request: EventsRequest,
    { follow, signal, idleMs = 60_000 }: {
      follow: boolean;
      signal: AbortSignal;
      idleMs?: number;
    },
  ): AsyncGenerator<EventBatch> {
    await this.check(request);
    this.#readers++;
    try {
      let at = { after: request.after, tail: request.tail };
      let isFirst = true;
      while (!signal.aborted) {
        const page = await this.#store.readEvents(this.#query(request, at));
        if (!isFirst && page.forgotten > at.after) {
          throw forgottenError(page.forgotten);
        }
        isFirst = false;
        at = { after: page.next, tail: 0 };
        const isCaughtUp = page.next >= page.newest;
        const last = isCaughtUp && !follow;
        if (page.events.length > 0 || last) yield { events: page.events, last };
        if (last) return;
        if (isCaughtUp && !await this.#more(at.after, { idleMs, signal })) {
          yield { events: [], last: false };
        }
      }
    } finally {
      this.#readers--;
    }
  }

  /** Waits for events after an index; false when there were none in time. */
  async #more(
    after: number,
    { idleMs, signal }: { idleMs: number; signal: AbortSignal },
  ): Promise<boolean> {
    const deadlineMs = this.#clock.bootMs() + idleMs;
    await this.#clock.sleep(GATHER_MS, signal);
    for (;;) {
      const rings = this.#rings;
      // The store says whether there are: what was committed while a page was taken rang for nobody.
      const page = await this.#store.readEvents({
        after: Number.MAX_SAFE_INTEGER,
        limit: 1,
        topics: [],
        cluster: "",
        audit: false,
        tail: 0,
      });
      if (page.newest > after || signal.aborted) return true;
      const waitMs = deadlineMs - this.#clock.bootMs();
      if (waitMs <= 0) return false;
      if (rings !== this.#rings) continue;
      await waitForBell(this.#bell, NEW_EVENTS, {
        clock: this.#clock,
        waitMs,
        signal,
      });
    }
  }
}

function forgottenError(forgotten: number): AppError {
  return new AppError(
    "conflict",
    `Cannot read these events: events before ${
      forgotten + 1
    } are no longer kept`,
    { hint: `begin at the oldest: --after ${forgotten}` },
  );
}
