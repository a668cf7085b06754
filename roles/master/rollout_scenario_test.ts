import assert from "node:assert/strict";
import {
  cluster,
  commitOf,
  failing,
  quick,
  rejects,
  web,
} from "../../tests/support/master.ts";

Deno.test("a first publish ends healthy, spread over the workers, with its stages", async () => {
  const s = await cluster();
  const reply = await s.publish([web("1")]);
  assert.deepEqual([reply.state, reply.created], ["rolling", true]);
  await s.untilActive(1);
  const { vms, commit, rollout } = s.status();
  assert.equal(commit, commitOf(1));
  assert.equal(rollout, null);
  assert.equal(vms.length, 3);
  assert.deepEqual(new Set(vms.map((vm) => vm.worker)), new Set(["w1", "w2"]));
  const { seconds } = s.generation(1);
  assert.equal(seconds.boot, 2);
  assert.equal(seconds.copy, 0.5);
  assert.equal(seconds.healthy, 1);
  assert.ok(seconds.place !== null && seconds.place > 0);
});

Deno.test("an update goes one at a time and never below n-1 healthy", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([web("2")]);
  let lowest = 3;
  await s.untilActive(2, () => lowest = Math.min(lowest, s.healthy("web")));
  assert.equal(lowest, 2);
  assert.equal(s.generation(1).state, "superseded");
});

Deno.test("a publish right after an order was given takes no second instance down", async () => {
  const s = await cluster(1);
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([web("2")]);
  const orders = async () => {
    const never = new AbortController().signal;
    const known = { leaseEpoch: 0, revision: 0 };
    const assignment = await s.master.getAssignment("w1", known, 0, never);
    return assignment?.orders ?? [];
  };
  let given = 0;
  while (given < 2) {
    await s.run(500);
    given = (await orders()).filter(({ generation }) =>
      generation === 2
    ).length;
  }
  // The second instance is still up: its worker has not heard of the order.
  assert.equal(s.healthy("web"), 3);
  await s.publish([web("3")]);
  await s.settle();
  let lowest = 3;
  await s.untilActive(3, () => lowest = Math.min(lowest, s.healthy("web")));
  assert.equal(lowest, 2);
});

Deno.test("maxParallel allows more at a time", async () => {
  const s = await cluster();
  const wide = { update: { ...quick, maxParallel: 2 } };
  await s.publish([web("1", wide)]);
  await s.untilActive(1);
  await s.publish([web("2", wide)]);
  let lowest = 3;
  await s.untilActive(2, () => lowest = Math.min(lowest, s.healthy("web")));
  assert.equal(lowest, 1);
});

Deno.test("a policy change reaches the worker and touches no VM", async () => {
  const s = await cluster(1);
  await s.publish([web("1")]);
  await s.untilActive(1);
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  const before = worker.starts.length;
  await s.publish([web("1", { labels: { tier: "front" } })]);
  await s.untilActive(2);
  await s.run(1000);
  assert.equal(worker.starts.length, before);
  const labels = [...worker.vms.values()].map((vm) =>
    vm.order.spec.labels.tier
  );
  assert.deepEqual(labels, ["front", "front", "front"]);
});

Deno.test("a failing image rolls itself back, and is refused until retry", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([failing]);
  let lowest = 3;
  await s.runUntil(
    "generation 2 failed",
    () => s.generation(2).state === "failed",
    60_000,
    () => lowest = Math.min(lowest, s.healthy("web")),
  );
  await s.untilActive(1, () => lowest = Math.min(lowest, s.healthy("web")));
  assert.equal(lowest, 2, "only one instance was tried");
  assert.match(s.generation(2).reason, /shop\/web-\d on w\d: not healthy/);
  assert.equal(s.status().rollout?.state, "failed");
  await rejects(s.publish([failing]), "refused", /failed as generation 2/);
  await s.master.retry("shop", 2);
  assert.equal(s.generation(2).state, "rolling");
  await s.runUntil("tried again", () => s.generation(2).state === "failed");
  await s.untilActive(1);
});

Deno.test("a retry can succeed", async () => {
  const s = await cluster(1);
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([failing]);
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  await s.untilActive(1);
  // The outside world is mended: what failed works now.
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  await s.master.retry("", 2);
  await s.run(1000);
  for (const vm of worker.vms.values()) {
    if (vm.runs !== null) {
      vm.runs = { ...vm.runs, spec: { ...vm.runs.spec, env: {} } };
    }
  }
  await s.run(2000, () => {
    for (const vm of worker.vms.values()) {
      if (vm.runs !== null) {
        vm.runs = { ...vm.runs, spec: { ...vm.runs.spec, env: {} } };
      }
    }
  });
  await s.runUntil("active", () => {
    for (const vm of worker.vms.values()) {
      if (vm.runs !== null) {
        vm.runs = { ...vm.runs, spec: { ...vm.runs.spec, env: {} } };
      }
    }
    return s.status().activeGeneration === 2;
  });
});

Deno.test("a first generation that fails is stopped", async () => {
  const s = await cluster();
  await s.publish([failing]);
  await s.runUntil("failed", () => s.generation(1).state === "failed");
  await s.run(2000);
  const status = s.status();
  assert.equal(status.activeGeneration, 0);
  assert.deepEqual(status.vms, []);
  assert.match(status.rollout?.message ?? "", /stopped/);
  for (const worker of s.workers.values()) assert.equal(worker.vms.size, 0);
});

Deno.test("autoRevert false leaves everything as it is", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  const update = { ...quick, autoRevert: false };
  await s.publish([web("x", { env: { behave: "fail" }, update })]);
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  const before = JSON.stringify(s.status().vms.map((vm) => vm.observed));
  await s.run(20_000);
  assert.equal(JSON.stringify(s.status().vms.map((vm) => vm.observed)), before);
  assert.match(s.status().rollout?.message ?? "", /autoRevert is off/);
});

Deno.test("rollback holds, resume follows Git again", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([web("2")]);
  await s.untilActive(2);
  const status = await s.master.rollback("shop", 0);
  assert.equal(status.activeGeneration, 1);
  assert.equal(status.held, "held at 1, Git is 1 ahead");
  await s.untilActive(1);
  const reply = await s.publish([web("3")]);
  assert.equal(reply.state, "pending");
  await s.publish([web("4")]);
  assert.equal(s.status().held, "held at 1, Git is 3 ahead");
  assert.equal(s.status().rollout?.state, "pending");
  await s.run(10_000);
  assert.equal(s.status().activeGeneration, 1);
  await s.master.resume("shop");
  assert.equal(s.generation(3).state, "superseded");
  await s.untilActive(4);
  assert.equal(s.status().held, null);
});

Deno.test("an equal intent becomes active at once and starts nothing", async () => {
  const s = await cluster(1);
  await s.publish([web("1")]);
  await s.untilActive(1);
  const worker = s.workers.get("w1");
  const before = worker?.starts.length;
  const reply = await s.publish([web("1")]);
  assert.equal(reply.state, "active");
  await s.run(3000);
  assert.equal(worker?.starts.length, before);
  assert.equal(s.status().vms[0]?.generation, 2);
});

Deno.test("a publish during a rollout supersedes it", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([failing]);
  await s.run(1000);
  await s.publish([web("3")]);
  assert.equal(s.generation(2).state, "superseded");
  await s.untilActive(3);
  assert.equal(s.generation(1).state, "superseded");
});

Deno.test("publishes that are stale, known or too far are refused and change nothing", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.publish([web("2")], { generation: 5 });
  const before = JSON.stringify(s.master.views.generations("", 99));
  await rejects(
    s.publish([web("3")], { parent: 1 }),
    "conflict",
    /highest published generation is 5/,
  );
  await rejects(
    s.publish([web("3")], { generation: 3 }),
    "conflict",
    /above its parent 5/,
  );
  await rejects(
    s.publish([web("3")], { generation: 5 }),
    "conflict",
    /taken by commit/,
  );
  await rejects(
    s.publish([web("3")], { generation: 1_000_006 }),
    "refused",
    /at most 1000000/,
  );
  await rejects(
    s.publish([web("3")], { intentHash: "0".repeat(64) }),
    "refused",
    /0{64}.*[0-9a-f]{64}/,
  );
  await rejects(
    s.publish([web("3")], { repository: "other" }),
    "refused",
    /belongs to repository "shop"/,
  );
  await rejects(
    s.publish([web("3")], { expectedRevision: 0 }),
    "refused",
    /its plan was made at revision 0, "shop" is at revision [1-9]/,
  );
  await rejects(
    s.publish([web("3", { memoryMib: 4096 })]),
    "refused",
    /needs 4096 MiB and 0.5 cores: the largest worker "w\d" has 1024 MiB/,
  );
  assert.equal(JSON.stringify(s.master.views.generations("", 99)), before);
  const again = await s.publish([web("2")], { generation: 5, parent: 1 });
  assert.deepEqual([again.created, again.generation], [false, 5]);
});

Deno.test("a restart of the master in the middle of an update continues it", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([web("2")]);
  let lowest = 3;
  const look = () => lowest = Math.min(lowest, s.healthy("web"));
  for (let i = 0; i < 6; i++) {
    await s.run(1000, look);
    await s.restart();
  }
  await s.untilActive(2, look);
  assert.equal(lowest, 2);
});

Deno.test("a rollout without progress fails at its deadline, and time asleep is not counted", async () => {
  const s = await cluster(1);
  const update = { ...quick, progressDeadlineMs: 120_000 };
  const one = web("1", { replicas: 1, memoryMib: 800 });
  await s.publish([one]);
  await s.untilActive(1);
  await s.publish([one, {
    ...one,
    name: "more",
    update: { ...one.update, ...update },
  }]);
  await s.run(10_000);
  s.clock.advance(3_600_000);
  await s.settle();
  await s.run(500);
  assert.equal(s.generation(2).state, "rolling");
  await s.run(60_000);
  assert.equal(s.generation(2).state, "failed");
  assert.match(
    s.generation(2).reason,
    /no progress for 120 s: shop\/more-0 has no place/,
  );
  await s.untilActive(1);
});
