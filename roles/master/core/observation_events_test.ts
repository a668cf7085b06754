import assert from "node:assert/strict";
import type { ObservedVm } from "../../model/observed.ts";
import { observationEvents } from "./observation_events.ts";

const VM: ObservedVm = {
  vm: "shop/web-0",
  incarnation: 1,
  state: "Running",
  runtimeHash: "a".repeat(64),
  generation: 1,
  health: "healthy",
  healthyForMs: 0,
  settled: true,
  restarts: 0,
  address: "",
  ports: [],
  rolledBack: null,
  hostFailure: null,
  message: "",
  seconds: { copy: null, boot: null, healthy: null },
  closureBytes: null,
};

Deno.test("how a VM was changed is told once for each change, with why", () => {
  const b = { runtimeHash: "b".repeat(64) };
  const c = { runtimeHash: "c".repeat(64) };
  const change = "switched in place";
  const restarted = "restarted: the kernel changed";
  const reports: Partial<ObservedVm>[] = [
    {},
    { ...b, change },
    { ...b, change, health: "starting" },
    // The next one before that was committed.
    { ...c, change },
    { ...c },
    { ...c, change: restarted },
    { runtimeHash: null, change: restarted },
    { ...b, change: restarted },
    { ...b },
  ];
  const told: string[] = [];
  let before = [VM];
  for (const report of reports) {
    const after = [{ ...VM, ...report }];
    const events = observationEvents("w1", { before, after, nowMs: 1 });
    told.push(...events.map(({ subject, message }) => `${subject} ${message}`));
    before = after;
  }
  assert.deepEqual(told, [
    "shop/web-0 on w1: switched in place",
    "shop/web-0 on w1: switched in place",
    "shop/web-0 on w1: restarted: the kernel changed",
  ]);
});
