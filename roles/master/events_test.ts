import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/support/virtual_clock.ts";
import { AppError } from "../model/errors.ts";
import { type Event, SYSTEM } from "../model/event.ts";
import { type NewEvent, newEvent } from "./core/events.ts";
import {
  type EventQuery,
  MAX_AUDIT_EVENTS,
  MAX_EVENTS,
} from "./event_table.ts";
import { EventsRequest, EventStream } from "./events.ts";
import { openStore } from "./store.ts";

const SOMEBODY = { role: "operator", name: "somebody", tokenId: "t1" };

function event(over: Partial<NewEvent> = {}): NewEvent {
  return {
    ...newEvent({ by: SYSTEM, nowMs: 1000 }, {
      topic: "vm",
      subject: "shop/web-0",
      message: "placed on w1",
    }),
    ...over,
  };
}

const ALL: EventQuery = {
  after: 0,
  limit: 1000,
  topics: [],
  cluster: "",
  audit: false,
  tail: 0,
};

function indexes(events: readonly Event[]): number[] {
  return events.map(({ index }) => index);
}

Deno.test("events are read by index, topic, cluster, and by who was behind them", async () => {
  const store = openStore(":memory:");
  await store.transact([], [
    event({ cluster: "shop" }),
    event({ topic: "worker", subject: "w1", data: { state: "lost" } }),
    event({ topic: "operation", by: SOMEBODY }),
    event({ cluster: "bank" }),
  ]);
  const read = (over: Partial<EventQuery>) =>
    store.readEvents({ ...ALL, ...over });
  const { events, next, newest, forgotten } = await read({});
  assert.deepEqual([indexes(events), next, newest, forgotten], [
    [1, 2, 3, 4],
    4,
    4,
    0,
  ]);
  assert.deepEqual(events[1]?.data, { state: "lost" });
  assert.deepEqual(events[2]?.by, SOMEBODY);
  assert.deepEqual(events[3]?.by, SYSTEM);
  const cases: [Partial<EventQuery>, number[]][] = [
    [{ after: 2 }, [3, 4]],
    [{ after: 9 }, []],
    [{ limit: 2 }, [1, 2]],
    [{ topics: ["worker", "operation"] }, [2, 3]],
    [{ topics: ["vm"] }, [1, 4]],
    [{ cluster: "bank" }, [4]],
    [{ audit: true }, [3]],
    [{ tail: 2 }, [3, 4]],
    [{ tail: 1, topics: ["vm"] }, [4]],
    [{ tail: 9, topics: ["worker"] }, [2]],
    [{ tail: 5, audit: true }, [3]],
  ];
  for (const [over, expected] of cases) {
    const page = await read(over);
    assert.deepEqual(indexes(page.events), expected, JSON.stringify(over));
  }
  store.close();
});

Deno.test("a transaction that fails leaves no event and uses no index", async () => {
  const store = openStore(":memory:");
  await store.transact([], [event()]);
  const stale = { kind: "worker", id: "w1", expectedRevision: 9, json: "{}" };
  await assert.rejects(store.transact([stale], [event()]), AppError);
  await store.transact([], [event()]);
  const { events } = await store.readEvents(ALL);
  assert.deepEqual(indexes(events), [1, 2]);
  store.close();
});

Deno.test("beyond the bounds the oldest go; what somebody asked for stays longer", async () => {
  const store = openStore(":memory:");
  const many = Array.from({ length: 10_000 }, () => event());
  await store.transact([], [event({ by: SOMEBODY }), ...many]);
  for (let round = 0; round * many.length < MAX_EVENTS; round++) {
    await store.transact([], many);
  }
  const page = await store.readEvents({ ...ALL, limit: 1 });
  assert.ok(page.forgotten > 0 && page.newest - page.forgotten >= MAX_EVENTS);
  assert.equal(page.events[0]?.index, page.forgotten + 1);
  const audit = await store.readEvents({ ...ALL, audit: true });
  assert.deepEqual([indexes(audit.events), audit.forgotten], [[1], 0]);
  assert.ok(MAX_AUDIT_EVENTS > 1);
  const stream = new EventStream(store, new VirtualClock());
  const request = EventsRequest.parse({ after: 5 });
  await assert.rejects(
    stream.check(request),
    (error: AppError) =>
      error.code === "conflict" && /are no longer kept/.test(error.message) &&
      (error.hint ?? "").includes(`--after ${page.forgotten}`),
  );
  await stream.check(EventsRequest.parse({ after: 1, audit: true }));
  await assert.rejects(
    stream.check(EventsRequest.parse({ after: page.newest + 1 })),
    /the newest is/,
  );
  store.close();
});

Deno.test("who follows gets each event once, gathered, and ends when told to", async () => {
  const store = openStore(":memory:");
  const clock = new VirtualClock();
  const stream = new EventStream(store, clock);
  await store.transact([], [event(), event()]);
  const ended = new AbortController();
  const seen: number[] = [];
  let idle = 0;
  const reading = (async () => {
    const pages = stream.read(EventsRequest.parse({}), {
      follow: true,
      signal: ended.signal,
      idleMs: 15_000,
    });
    for await (const { events, last } of pages) {
      assert.ok(!last);
      if (events.length === 0) idle++;
      seen.push(...indexes(events));
    }
  })();
  const settle = async (ms: number) => {
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    clock.advance(ms);
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  await settle(200);
  assert.deepEqual(seen, [1, 2]);
  for (let round = 0; round < 3; round++) {
    await store.transact([], [event()]);
    stream.ring();
  }
  await settle(200);
  await settle(200);
  assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  await settle(200);
  await settle(16_000);
  assert.equal(idle, 1, "silence is broken");
  ended.abort();
  stream.ring();
  await settle(200);
  await reading;
  store.close();
});
