import assert from "node:assert/strict";
import { VirtualClock } from "../../../tests/support/master.ts";
import { logger } from "../../log/mod.ts";
import type { Fence } from "../fencing/fence.ts";
import { Lease } from "../fencing/lease.ts";
import { Reporter } from "./reporter.ts";
import type { Vms } from "../vms/vms.ts";

Deno.test("Reporter: polls that a worker of the same name ends do not go round as fast as they can", async () => {
  let polls = 0;
  const clock = new VirtualClock();
  const reporter = new Reporter({
    link: {
      getAssignment: () => {
        polls++;
        return Promise.resolve(null);
      },
      pushData: (_, signal) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        ),
      close: () => Promise.resolve(),
    },
    vms: {
      fence: { leaseEpoch: 1, revision: 1 },
      leaseMs: 10_000,
      observed: () => [],
    } as unknown as Vms,
    base: {
      worker: "w1",
      bootId: "boot",
      process: "0".repeat(32),
      capacity: { cpuMilli: 0, memoryMib: 0 },
      attributes: {},
      versions: {},
    },
    clock,
    random: { hex: () => "00000000" },
    log: logger("worker"),
    pollWaitMs: 30_000,
  });
  reporter.start();
  for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
  assert.equal(polls, 1);
  clock.advance(1000);
  for (let turn = 0; turn < 1000; turn++) await Promise.resolve();
  assert.equal(polls, 2);
  await reporter.stop();
});

Deno.test("Reporter: a lease counts from when the report was sent, as long as the answer says", async () => {
  const clock = new VirtualClock();
  const deadlines: number[] = [];
  const fence: Fence = {
    state: { kind: "lapsed" },
    extend: (deadlineMs) => Promise.resolve(void deadlines.push(deadlineMs)),
    watch: () => ({ [Symbol.dispose]: () => undefined }),
    close: () => Promise.resolve(),
  };
  const asked: Record<string, string>[] = [];
  const answer = Promise.withResolvers<void>();
  const sentMs = clock.bootMs();
  const reporter = new Reporter({
    link: {
      getAssignment: (_fence, _waitMs, signal) =>
        new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        ),
      async pushData({ attributes }) {
        asked.push(attributes);
        await answer.promise;
        return { leaseEpoch: 1, revision: 1, leaseMs: 2000 };
      },
      close: () => Promise.resolve(),
    },
    vms: {
      fence: { leaseEpoch: 1, revision: 1 },
      leaseMs: 10_000,
      observed: () => [],
      roots: () => [],
    } as unknown as Vms,
    lease: new Lease({ fence, clock, onWarning: () => undefined }),
    base: {
      worker: "w1",
      bootId: "boot",
      process: "0".repeat(32),
      capacity: { cpuMilli: 0, memoryMib: 0 },
      attributes: { guard: "yes", disk: "ssd" },
      versions: {},
    },
    clock,
    random: { hex: () => "00000000" },
    log: logger("worker"),
    pollWaitMs: 30_000,
  });
  reporter.start();
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  clock.advance(700);
  answer.resolve();
  for (let turn = 0; turn < 100; turn++) await Promise.resolve();
  assert.deepEqual(deadlines, [sentMs + 2000]);
  // Whether it is guarded is not for the configuration to say.
  assert.deepEqual(asked, [{ guard: "true", disk: "ssd" }]);
  await reporter.stop();
});
