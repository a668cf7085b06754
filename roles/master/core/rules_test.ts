import assert from "node:assert/strict";
import { vmSpec } from "../../../tests/support/specs.ts";
import { AppError } from "../../model/errors.ts";
import { applyActions } from "./actions.ts";
import { avoidWorker } from "./backoff.ts";
import type { ClusterDoc, GenerationDoc, PlacementDoc } from "./documents.ts";
import { generationKey } from "./documents.ts";
import { incarnationAbove, leaseEpochOf, MAX_INCARNATION } from "./epoch.ts";
import { type ClusterState, resume, retry, rollback } from "./generations.ts";
import { livenessOf, lostAfterMs } from "./liveness.ts";
import { checkPlacements } from "./plan_check.ts";
import { prunable } from "./pruning.ts";
import { dependencyCircle } from "./publish_specs.ts";

function placement(over: Partial<PlacementDoc> = {}): PlacementDoc {
  return {
    vm: "shop/web-0",
    incarnation: 1,
    worker: "w1",
    generation: 1,
    startedIn: 1,
    runtimeHash: "a".repeat(64),
    policyHash: "b".repeat(64),
    orderRevision: 1,
    fallbackGeneration: 0,
    reserved: { cpuMilli: 500, memoryMib: 128 },
    ports: [],
    acknowledged: false,
    leaving: false,
    avoid: [],
    surge: false,
    decision: null,
    ...over,
  };
}

function generation(
  number: number,
  over: Partial<GenerationDoc> = {},
): GenerationDoc {
  return {
    cluster: "shop",
    generation: number,
    commit: "abcdef",
    repository: "shop",
    intentHash: String(number).padStart(64, "0"),
    parent: number - 1,
    state: "superseded",
    reason: "",
    publishedAtMs: 0,
    endedAtMs: 0,
    vms: 1,
    seconds: { copy: null, place: null, boot: null, healthy: null },
    traceparent: null,
    wasActive: true,
    placement: "spread",
    ...over,
  };
}

function state(
  cluster: Partial<ClusterDoc>,
  ...generations: GenerationDoc[]
): ClusterState {
  return {
    cluster: {
      name: "shop",
      repository: "shop",
      highest: generations.at(-1)?.generation ?? 0,
      active: 0,
      previous: 0,
      held: false,
      planRevision: 1,
      incarnations: 0,
      rollout: null,
      failures: [],
      ...cluster,
    },
    generations: new Map(generations.map((doc) => [doc.generation, doc])),
  };
}

function codeOf(action: () => unknown): string {
  try {
    action();
    return "nothing";
  } catch (error) {
    return error instanceof AppError ? error.code : String(error);
  }
}

Deno.test("a lease is alive, then disconnected, then lost", () => {
  const table: [number, string][] = [
    [0, "alive"],
    [9_999, "alive"],
    [10_000, "disconnected"],
    [12_099, "disconnected"],
    [12_100, "lost"],
  ];
  for (const [silentMs, expected] of table) {
    assert.equal(livenessOf(500, 500 + silentMs, 10_000), expected);
  }
  assert.equal(lostAfterMs(10_000), 12_100);
});

Deno.test("epochs hold the incarnation above the term and stay JS-safe", () => {
  assert.ok(leaseEpochOf(2, 0) > leaseEpochOf(1, 2 ** 32 - 1));
  assert.ok(
    Number.isSafeInteger(leaseEpochOf(MAX_INCARNATION, 2 ** 32 - 1)),
  );
  const ours = { leaseEpoch: leaseEpochOf(1, 0), revision: 5 };
  const raise = (leaseEpoch: number, revision: number) =>
    incarnationAbove(1, ours, { leaseEpoch, revision });
  assert.equal(raise(ours.leaseEpoch, 5), 1);
  assert.equal(raise(ours.leaseEpoch, 6), 2, "a pair that we never gave");
  assert.equal(raise(leaseEpochOf(7, 3), 0), 8);
  assert.equal(codeOf(() => raise(Number.MAX_SAFE_INTEGER, 0)), "refused");
});

Deno.test("a back-off doubles per failure, counts an order once, and is bounded", () => {
  const disk = { reason: "disk", isHost: true };
  const first = avoidWorker(placement(), disk, 0);
  assert.equal(first[0]?.untilMs, 30_000);
  const again = avoidWorker(placement({ avoid: first }), disk, 5);
  assert.equal(again, first, "the same order is counted once");
  const second = avoidWorker(
    placement({ avoid: first, orderRevision: 9 }),
    disk,
    0,
  );
  assert.deepEqual([second.length, second[0]?.untilMs], [1, 60_000]);
  const own = avoidWorker(
    placement({ avoid: second, orderRevision: 10 }),
    { reason: "not healthy", isHost: false },
    0,
  );
  assert.equal(own[0]?.untilMs, 30_000, "the host's failures are not its own");
  const many = Array.from({ length: 16 }, (_, i) => ({
    worker: `x${i}`,
    orderRevision: 1,
    count: 20,
    untilMs: 1,
    reason: "",
    isHost: true,
  }));
  assert.equal(avoidWorker(placement({ avoid: many }), disk, 0).length, 16);
  const [long] = avoidWorker(
    placement({ worker: "x0", orderRevision: 2, avoid: many.slice(0, 1) }),
    disk,
    0,
  );
  assert.equal(long?.untilMs, 600_000);
});

Deno.test("a plan raises each worker's revision once, and only changed orders carry it", () => {
  const kept = placement({ vm: "shop/a-0" });
  const applied = applyActions([
    {
      kind: "acknowledge",
      before: kept,
      after: { ...kept, acknowledged: true },
      reason: "",
    },
    {
      kind: "place",
      before: null,
      after: placement({ vm: "shop/b-0", orderRevision: 0 }),
      reason: "",
    },
    {
      kind: "place",
      before: null,
      after: placement({ vm: "shop/c-0", orderRevision: 0 }),
      reason: "",
    },
    {
      kind: "forget",
      before: placement({ vm: "shop/d-0", worker: "w2" }),
      after: null,
      reason: "",
    },
  ], () => 7);
  assert.deepEqual([...applied.revisions], [["w1", 8]]);
  assert.deepEqual(
    applied.put.map((doc) => [doc.vm, doc.orderRevision, doc.acknowledged]),
    [["shop/a-0", 1, true], ["shop/b-0", 8, false], ["shop/c-0", 8, false]],
  );
  assert.deepEqual(applied.removed, ["shop/d-0#1"]);
});

Deno.test("the plan check finds what a plan must never do", () => {
  const w1 = { name: "w1", capacity: { cpuMilli: 1000, memoryMib: 256 } };
  const touched = new Set(["w1"]);
  const cases: [string, PlacementDoc[], RegExp | null][] = [
    [
      "fine",
      [placement(), placement({ vm: "shop/b-0", incarnation: 2 })],
      null,
    ],
    [
      "overcommitted",
      [
        placement(),
        placement({ vm: "shop/b-0" }),
        placement({ vm: "shop/c-0" }),
      ],
      /w1 is overcommitted/,
    ],
    ["two orders", [placement(), placement({ incarnation: 2 })], /has orders/],
    [
      "a move",
      [
        placement({ leaving: true }),
        placement({ incarnation: 2, worker: "w2" }),
      ],
      null,
    ],
    ["twice", [placement({ leaving: true }), placement()], /twice/],
    ["no revision", [placement({ orderRevision: 0 })], /no order revision/],
    [
      "port",
      [placement({ ports: [80] }), placement({ vm: "shop/b-0", ports: [80] })],
      /host port w1:80/,
    ],
  ];
  for (const [what, placements, says] of cases) {
    const broken = checkPlacements(placements, [w1], touched).join("; ");
    if (says === null) assert.equal(broken, "", what);
    else assert.match(broken, says, what);
  }
});

Deno.test("rollback takes what was active, and nothing else", () => {
  const s = state(
    { active: 3 },
    generation(1),
    generation(2, { state: "failed", wasActive: false }),
    generation(3, { state: "active" }),
  );
  const back = rollback(s, 0, 50);
  assert.deepEqual(
    [back.cluster.active, back.cluster.previous, back.cluster.held],
    [1, 3, true],
  );
  assert.deepEqual(
    back.generations.map((doc) => [doc.generation, doc.state]).sort(),
    [[1, "active"], [3, "superseded"]],
  );
  assert.equal(codeOf(() => rollback(s, 2, 0)), "refused");
  assert.equal(codeOf(() => rollback(s, 9, 0)), "not_found");
  const first = state({ active: 1 }, generation(1, { state: "active" }));
  assert.equal(codeOf(() => rollback(first, 0, 0)), "refused");
  const here = rollback(first, 1, 0);
  assert.deepEqual([here.cluster.active, here.cluster.held], [1, true]);
});

Deno.test("resume follows the newest, unless that one failed", () => {
  const held = (newest: GenerationDoc) =>
    resume(
      state(
        { active: 1, held: true },
        generation(1, { state: "active" }),
        newest,
      ),
      0,
    ).cluster;
  assert.equal(held(generation(2)).rollout?.generation, 2);
  const failed = generation(2, { state: "failed", wasActive: false });
  assert.deepEqual([held(failed).rollout, held(failed).held], [null, false]);
  const free = state({ active: 1 }, generation(1, { state: "active" }));
  assert.equal(resume(free, 0).cluster, free.cluster, "nothing to end");
});

Deno.test("retry is for what failed; an older one may only be published again", () => {
  const failed = generation(2, { state: "failed", wasActive: false });
  const failures = [
    { intentHash: failed.intentHash, generation: 2, reason: "x", atMs: 0 },
  ];
  const active = generation(1, { state: "active" });
  const now = retry(state({ active: 1, failures }, active, failed), 2, 0);
  assert.deepEqual(now.cluster.failures, []);
  assert.equal(now.cluster.rollout?.generation, 2);
  const newer = generation(3, { state: "active" });
  const old = retry(
    state({ active: 3, failures }, active, failed, newer),
    2,
    0,
  );
  assert.deepEqual([old.cluster.failures.length, old.cluster.rollout], [
    0,
    null,
  ]);
  assert.match(old.generations[0]?.reason ?? "", /published again/);
  assert.equal(codeOf(() => retry(state({}, active), 1, 0)), "refused");
  assert.equal(codeOf(() => retry(state({}, active), 7, 0)), "not_found");
});

Deno.test("old generations are dropped, those in use and the way back are not", () => {
  const all = Array.from(
    { length: 40 },
    (_, i) => generation(i + 1, { wasActive: i + 1 < 8 || i + 1 === 39 }),
  );
  const dropped = prunable(state({ active: 39 }, ...all), new Set([1, 5]));
  assert.deepEqual(dropped, [8], "six that were active are kept");
  assert.ok(generationKey("a", 9) < generationKey("a", 10));
});

Deno.test("a circle in dependsOn is found, a long chain is not one", () => {
  const chain = Array.from(
    { length: 5000 },
    (_, i) =>
      vmSpec({ name: `v${i}`, dependsOn: i === 4999 ? [] : [`v${i + 1}`] }),
  );
  assert.equal(dependencyCircle(chain), null);
  const a = vmSpec({ name: "a", dependsOn: ["b"] });
  const b = vmSpec({ name: "b", dependsOn: ["c"] });
  const c = vmSpec({ name: "c", dependsOn: ["b"] });
  assert.equal(dependencyCircle([a, b, c]), "b -> c -> b");
});
