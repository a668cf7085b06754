import assert from "node:assert/strict";
import { observedVm } from "../../../tests/support/specs.ts";
import type { ObservedVm } from "../../model/observed.ts";
import type { PlacementDoc } from "./documents.ts";
import {
  isReady,
  Observations,
  refusedReason,
  type WorkerView,
} from "./snapshot.ts";

const HASH = "a".repeat(64);

const placement: PlacementDoc = {
  vm: "shop/web-0",
  incarnation: 3,
  worker: "w1",
  generation: 1,
  startedIn: 1,
  runtimeHash: HASH,
  policyHash: "b".repeat(64),
  orderRevision: 7,
  fallbackGeneration: 0,
  reserved: { cpuMilli: 500, memoryMib: 128 },
  ports: [],
  acknowledged: true,
  leaving: true,
  avoid: [],
  surge: false,
  decision: null,
};

function seen(over: Partial<ObservedVm> = {}): ObservedVm {
  return observedVm({ incarnation: 3, runtimeHash: HASH, ...over });
}

function observations(
  vms: ObservedVm[],
  fence: { leaseEpoch: number; revision: number },
  state: WorkerView["state"] = "alive",
): Observations {
  const size = { cpuMilli: 1000, memoryMib: 1024 };
  const doc = {
    name: "w1",
    term: 0,
    revision: 9,
    capacity: size,
    attributes: {},
    versions: {},
    cordon: null,
  };
  const report = {
    worker: "w1",
    bootId: "",
    sequence: 1,
    process: "0".repeat(32),
    ...fence,
    capacity: size,
    attributes: {},
    versions: {},
    vms,
    metrics: {},
    roots: [],
  };
  return new Observations(
    new Map([["w1", { doc, state, epoch: 100, report }]]),
  );
}

Deno.test("a copy is gone only by a report that knew of its end", () => {
  const told = { leaseEpoch: 100, revision: 7 };
  const ended = seen({ state: "Shutdown", runtimeHash: null });
  const cases: [string, Observations, boolean][] = [
    ["absent and told", observations([], told), true],
    ["ended and told", observations([ended], told), true],
    ["still there", observations([seen()], told), false],
    ["not told yet", observations([], { ...told, revision: 6 }), false],
    [
      "an older epoch",
      observations([], { leaseEpoch: 99, revision: 50 }),
      false,
    ],
    ["a silent worker", observations([], told, "disconnected"), false],
    ["another copy", observations([seen({ incarnation: 4 })], told), true],
  ];
  for (const [what, observed, isGone] of cases) {
    assert.equal(observed.isGone(placement), isGone, what);
  }
});

Deno.test("a refusal counts for exactly the order that was refused", () => {
  const refused = (runtimeHash: string, orderRevision: number) =>
    refusedReason(
      placement,
      seen({
        rolledBack: { runtimeHash, orderRevision, generation: 1, reason: "x" },
      }),
    );
  assert.equal(refused(HASH, 7), "x");
  assert.equal(refused(HASH, 6), null, "an order that was tried again since");
  assert.equal(refused("c".repeat(64), 7), null);
  assert.equal(refusedReason(placement, undefined), null);
});

Deno.test("ready is healthy, settled and running what was ordered", () => {
  assert.equal(isReady(placement, seen()), true);
  const not: Partial<ObservedVm>[] = [
    { health: "unhealthy" },
    { settled: false },
    { state: "Paused" },
    { runtimeHash: "c".repeat(64) },
  ];
  for (const over of not) assert.equal(isReady(placement, seen(over)), false);
});
