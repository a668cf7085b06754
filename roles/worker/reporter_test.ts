import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/support/master.ts";
import { logger } from "../log/mod.ts";
import { Reporter } from "./reporter.ts";
import type { Vms } from "./vms.ts";

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
