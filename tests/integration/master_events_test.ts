/**
 * The stream of events over real sockets: RPC with a sink, HTTP as server-sent
 * events and as JSON lines.
 *
 * @module
 */
import assert from "node:assert/strict";
import { eventFromWire } from "../../rpc/convert.ts";
import { EventSink, type EventSinkServer } from "../../rpc/generated/master.ts";
import { serverOf } from "../../rpc/mod.ts";
import type { Event } from "../../roles/model/event.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const LONG = { timeoutMs: 60_000 };
const ALL = {
  after: 0,
  follow: true,
  topics: [],
  cluster: "",
  audit: false,
  tail: 0,
};

async function withMaster(
  use: (
    master: Awaited<ReturnType<typeof startMaster>>,
    admin: Awaited<ReturnType<typeof openSession>>,
    directory: string,
  ) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir("events");
  await Deno.mkdir(`${dir.path}/master`);
  const token = makeToken(`${dir.path}/master`, "admin", { name: "boss" });
  await using master = await startMaster(dir.path);
  using admin = await openSession(master.rpc, token);
  await use(master, admin, `${dir.path}/master`);
}

/** Tokens are what an admin makes events of without a worker. */
async function makeEvents(
  { session }: Awaited<ReturnType<typeof openSession>>,
  count: number,
): Promise<void> {
  using tokens = session.tokens().tokens;
  for (let at = 0; at < count; at++) {
    await tokens.create({ role: "viewer", name: `v${at}`, expiresAtMs: 0 });
  }
}

Deno.test("a sink gets what there is and what comes, until it is let go", () =>
  withMaster(async (_master, admin) => {
    await makeEvents(admin, 3);
    const seen: Event[] = [];
    const server: EventSinkServer = {
      push({ events }) {
        seen.push(...events.map(eventFromWire));
      },
    };
    {
      using viewer = admin.session.viewer().viewer;
      using sink = serverOf(EventSink, server);
      using subscription = (await viewer.events({ ...ALL, sink })).subscription;
      await until("the first three", () => seen.length === 3, LONG);
      await makeEvents(admin, 2);
      await until("two more", () => seen.length === 5, LONG);
      assert.ok(subscription !== undefined);
    }
    assert.deepEqual(seen.map(({ index }) => index), [1, 2, 3, 4, 5]);
    assert.ok(
      seen.every(({ by, topic }) => by.name === "boss" && topic === "token"),
    );
    await makeEvents(admin, 1);
    using viewer = admin.session.viewer().viewer;
    const last: number[] = [];
    let isEnded = false;
    using sink = serverOf(EventSink, {
      push({ events, last: isLast }) {
        last.push(...events.map(({ index }) => Number(index)));
        isEnded = isLast;
      },
    });
    using _held =
      (await viewer.events({ ...ALL, after: 4, follow: false, sink }))
        .subscription;
    await until("the end", () => isEnded, LONG);
    assert.deepEqual(last, [5, 6]);
    assert.equal(seen.length, 5, "the other one was let go");
    await assert.rejects(
      async () => await viewer.events({ ...ALL, after: 99, sink }),
      /Cannot read events after 99: the newest is 6/,
    );
  }));

Deno.test("a slow sink slows only itself, and a dead one is dropped", () =>
  withMaster(async (master, admin, directory) => {
    await makeEvents(admin, 1);
    const viewerToken = makeToken(directory, "viewer");
    let pushes = 0;
    const stuck = Promise.withResolvers<void>();
    {
      using slow = await openSession(master.rpc, viewerToken);
      using viewer = slow.session.viewer().viewer;
      using sink = serverOf(EventSink, {
        push() {
          pushes++;
          return stuck.promise;
        },
      });
      using _held = (await viewer.events({ ...ALL, sink })).subscription;
      await until("the first page", () => pushes === 1, LONG);
      await makeEvents(admin, 5);
      // Others are served meanwhile.
      const text = await fetch(`${master.http}/api/v1/events?after=0`);
      assert.equal((await text.text()).trim().split("\n").length, 6);
      assert.equal(pushes, 1, "nothing is sent before the answer");
    }
    stuck.resolve();
    // Its session is gone; the master goes on.
    await makeEvents(admin, 1);
    const answer = await fetch(`${master.http}/api/v1/events?tail=1`);
    assert.equal(JSON.parse(await answer.text()).index, 7);
  }));

Deno.test("operations are listed over HTTP as well", () =>
  withMaster(async (master) => {
    const response = await fetch(`${master.http}/api/v1/operations?limit=5`);
    assert.deepEqual(await response.json(), { operations: [] });
  }));

Deno.test("server-sent events resume where they broke off", () =>
  withMaster(async (master, admin) => {
    await makeEvents(admin, 3);
    const url = `${master.http}/api/v1/events`;
    const read = async (
      headers: Record<string, string>,
      count: number,
    ): Promise<string[]> => {
      const ended = new AbortController();
      const response = await fetch(`${url}?follow=1&topics=token,worker`, {
        headers: { accept: "text/event-stream", ...headers },
        signal: ended.signal,
      });
      assert.equal(response.headers.get("content-type"), "text/event-stream");
      assert.ok(response.body !== null);
      let text = "";
      const reader = response.body.pipeThrough(new TextDecoderStream())
        .getReader();
      const ids = () => [...text.matchAll(/^id: (\d+)$/gm)].map((id) => id[1]!);
      while (ids().length < count) {
        const { value, done } = await reader.read();
        if (done) break;
        text += value;
      }
      ended.abort();
      await reader.cancel().catch(() => undefined);
      assert.match(text, /^event: token$/m);
      return ids();
    };
    assert.deepEqual(await read({}, 3), ["1", "2", "3"]);
    await makeEvents(admin, 2);
    assert.deepEqual(await read({ "last-event-id": "3" }, 2), ["4", "5"]);
    for (
      const [query, status, says] of [
        ["after=77", 409, /the newest is 5/],
        ["topics=nonsense", 400, /topics/],
        ["after=-1", 400, /after/],
      ] as const
    ) {
      const refused = await fetch(`${url}?${query}`);
      assert.equal(refused.status, status, query);
      assert.match(await refused.text(), says);
    }
  }));
