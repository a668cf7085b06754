import assert from "node:assert/strict";
import type { Clock } from "../model/ports.ts";
import { BrokenInvariant } from "./core/plan_check.ts";
import { runTickLoop } from "./loop.ts";

Deno.test("the tick loop gives way before each look, and ends when told to", async () => {
  const ended = new AbortController();
  const events: string[] = [];
  let ticks = 0;
  const clock: Clock = {
    now: () => 0,
    bootMs: () => 0,
    sleep(ms) {
      events.push(`sleep ${ms}`);
      return Promise.resolve();
    },
  };
  await runTickLoop({
    async tick() {
      events.push("tick");
      if (++ticks === 2) throw new Error("the disk is full");
    },
    get hasWork() {
      return ticks === 0;
    },
    async waitForWork() {
      events.push("wait");
      if (ticks === 3) ended.abort();
    },
  }, {
    clock,
    tickMs: 500,
    signal: ended.signal,
    onError: (error) => events.push(String(error)),
  });
  assert.deepEqual(events, [
    ...["sleep 0", "tick", "wait"],
    ...["sleep 0", "tick", "Error: the disk is full", "sleep 500"],
    ...["sleep 0", "tick", "wait"],
  ]);
});

Deno.test("a plan that breaks an invariant ends the loop: it is not repeated", async () => {
  let ticks = 0;
  const ending = runTickLoop({
    async tick() {
      ticks++;
      throw new BrokenInvariant("w1 is overcommitted");
    },
    hasWork: true,
    waitForWork: () => Promise.resolve(),
  }, {
    clock: { now: () => 0, bootMs: () => 0, sleep: () => Promise.resolve() },
    tickMs: 500,
    signal: new AbortController().signal,
    onError: () => assert.fail("it is no error that passes"),
  });
  await assert.rejects(ending, /w1 is overcommitted/);
  assert.equal(ticks, 1);
});
