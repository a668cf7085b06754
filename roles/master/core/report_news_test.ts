import assert from "node:assert/strict";
import type { ObservedVm, WorkerReport } from "../../model/observed.ts";
import { observedVm as seen } from "../../../tests/support/specs.ts";
import { clustersInNews, isNewsOfAll } from "./report_news.ts";

function news(before: ObservedVm[], after: ObservedVm[]): string[] {
  return [...clustersInNews({ vms: before }, { vms: after })].sort();
}

Deno.test("a heartbeat says nothing new", () => {
  const before = [seen(), seen({ vm: "blog/web-0" })];
  const after = before.map((vm) => ({
    ...structuredClone(vm),
    healthyForMs: 4000,
  }));
  assert.deepEqual(news(before, after), []);
});

Deno.test("what changed, came or went names its cluster alone", () => {
  const blog = seen({ vm: "blog/web-0" });
  const failure = { kind: "disk" as const, message: "full" };
  const changes: Partial<ObservedVm>[] = [
    { health: "unhealthy" },
    { settled: false },
    { runtimeHash: null },
    { hostFailure: failure },
    { seconds: { copy: 1, boot: null, healthy: null } },
    { incarnation: 2 },
    { message: "copying 3 paths" },
  ];
  for (const change of changes) {
    assert.deepEqual(news([seen(), blog], [seen(change), blog]), ["shop"]);
  }
  assert.deepEqual(news([seen(), blog], [blog]), ["shop"]);
  assert.deepEqual(news([blog], [blog, seen()]), ["shop"]);
});

Deno.test("another process, or other orders taken, are news of all that is placed there", () => {
  const report: WorkerReport = {
    worker: "w1",
    bootId: "boot",
    sequence: 1,
    process: "0".repeat(32),
    leaseEpoch: 1,
    revision: 1,
    capacity: { cpuMilli: 1, memoryMib: 1 },
    attributes: {},
    versions: {},
    vms: [],
    metrics: {},
    roots: [],
  };
  assert.equal(isNewsOfAll(report, { ...report, sequence: 2 }), false);
  assert.equal(isNewsOfAll(null, report), true);
  assert.equal(isNewsOfAll(report, { ...report, revision: 2 }), true);
  assert.equal(isNewsOfAll(report, { ...report, leaseEpoch: 2 }), true);
  assert.equal(
    isNewsOfAll(report, { ...report, process: "1".repeat(32) }),
    true,
  );
});
