import assert from "node:assert/strict";
import type { ObservedVm } from "../../model/observed.ts";
import { observedVm } from "../../../tests/support/specs.ts";
import { observationEvents } from "./observation_events.ts";

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
  let before = [observedVm()];
  for (const report of reports) {
    const after = [observedVm(report)];
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
