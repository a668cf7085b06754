import assert from "node:assert/strict";
import { vmSpec } from "../../tests/support/specs.ts";
import { commitOf, MasterScenario } from "../../tests/support/master.ts";
import { AppError, type ErrorCode } from "../model/errors.ts";

const quick = {
  minHealthyTimeMs: 1000,
  healthyDeadlineMs: 8000,
  progressDeadlineMs: 60_000,
};

function web(
  version: string,
  over: Parameters<typeof vmSpec>[0] = {},
) {
  return vmSpec({ env: { version }, update: quick, replicas: 3, ...over });
}

const failing = web("broken", { env: { version: "x", behave: "fail" } });

async function rejects(
  promise: Promise<unknown>,
  code: ErrorCode,
  says: RegExp,
): Promise<void> {
  const error = await promise.then(() => null, (error) => error);
  assert.ok(error instanceof AppError, `was not refused: ${error}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, says);
}

async function cluster(workers = 2): Promise<MasterScenario> {
  const scenario = await MasterScenario.create();
  for (let i = 1; i <= workers; i++) await scenario.addWorker(`w${i}`);
  return scenario;
}

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
    "conflict",
    /revision/,
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

Deno.test("VMs of a lost worker are placed again, and end there when it returns", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  const lost = s.workers.get("w1");
  assert.ok(lost !== undefined && lost.vms.size > 0);
  lost.isConnected = false;
  await s.run(11_000);
  assert.equal(s.master.views.getWorker("w1").worker.state, "disconnected");
  assert.equal(s.workers.get("w2")?.vms.size, 3 - lost.vms.size);
  const state = () => s.master.views.getWorker("w1").worker.state;
  await s.runUntil("w1 lost", () => state() === "lost");
  await s.untilActive(1);
  assert.equal(s.workers.get("w2")?.vms.size, 3);
  const epoch = lost.fence.leaseEpoch;
  lost.isConnected = true;
  await s.run(3000);
  assert.equal(lost.vms.size, 0);
  assert.ok(lost.fence.leaseEpoch > epoch, "a new lease has a new epoch");
  await s.untilActive(1);
});

Deno.test("a restart counts every lease as renewed and moves nothing", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  const starts = [...s.workers.values()].map((worker) => worker.starts.length);
  s.clock.advance(60_000);
  await s.restart();
  await s.settle();
  await s.run(5000);
  assert.deepEqual(
    [...s.workers.values()].map((worker) => worker.starts.length),
    starts,
  );
});

Deno.test("a master that was frozen waits a full term before it moves anything", async () => {
  const s = await cluster();
  await s.publish([web("1")]);
  await s.untilActive(1);
  s.clock.advance(3_600_000);
  const [first, second] = [...s.workers.values()];
  assert.ok(first !== undefined && second !== undefined);
  await s.settle();
  await first.step(s.master);
  await s.settle();
  const before = first.starts.length;
  await s.run(5000);
  assert.equal(first.starts.length, before);
  assert.equal(s.status().convergencePercent, 100);
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
    /no progress for 120 s: shop\/more-0 Cannot place/,
  );
  await s.untilActive(1);
});

Deno.test("a host failure moves the VM and fails no generation", async () => {
  const s = await cluster();
  await s.publish([web("1", { env: { behave: "broken-on:w1" } })]);
  await s.untilActive(1);
  assert.deepEqual(
    new Set(s.status().vms.map((vm) => vm.worker)),
    new Set(["w2"]),
  );
});

Deno.test("a VM that fails on every host does not go round and round", async () => {
  const s = await cluster();
  await s.publish([web("1", { replicas: 1, env: { behave: "broken-on:w1" } })]);
  const other = s.workers.get("w2");
  assert.ok(other !== undefined);
  await s.runUntil("on w2", () => other.vms.size === 1);
  // Now w2 breaks as well.
  for (const vm of other.vms.values()) {
    if (vm.runs !== null) {
      vm.runs.spec = { ...vm.runs.spec, env: { behave: "broken-on:w2" } };
    }
  }
  await s.run(50_000);
  const moves = [...s.workers.values()]
    .reduce((sum, worker) => sum + worker.starts.length, 0);
  assert.ok(moves <= 5, `${moves} starts in 50 s`);
});

Deno.test("nothing is placed without room, and the reason is shown", async () => {
  const s = await cluster(1);
  await s.publish([web("1", { replicas: 4, memoryMib: 300 })]);
  await s.run(10_000);
  const waiting = s.status().vms.filter((vm) => vm.worker === "");
  assert.equal(waiting.length, 1);
  assert.match(
    waiting[0]?.message ?? "",
    /"w1" has 124 MiB free, it needs 300/,
  );
  await s.addWorker("w2");
  await s.untilActive(1);
});

Deno.test("an exclusive VM waits for a guard", async () => {
  const s = await cluster(1);
  await s.publish([web("1", { replicas: 1, fencing: "exclusive" })]);
  await s.run(3000);
  assert.match(s.status().vms[0]?.message ?? "", /no live guard/);
});

Deno.test("constraints and host ports decide where a VM goes", async () => {
  const s = await MasterScenario.create();
  await s.addWorker("w1", { attributes: { disk: "hdd" } });
  await s.addWorker("w2", { attributes: { disk: "ssd" } });
  const port = { ports: [{ name: "http", guest: 80, publish: 8080 }] };
  await s.publish([
    web("1", {
      name: "db",
      replicas: 1,
      constraints: [{ attribute: "disk", value: "ssd" }],
    }),
    web("1", { name: "web", replicas: 2, network: port }),
  ]);
  await s.untilActive(1);
  const where = new Map(s.status().vms.map((vm) => [vm.id, vm.worker]));
  assert.equal(where.get("shop/db-0"), "w2");
  assert.notEqual(where.get("shop/web-0"), where.get("shop/web-1"));
});

Deno.test("dependsOn waits until the other is healthy", async () => {
  const s = await cluster();
  await s.publish([
    web("1", { name: "app", replicas: 1, dependsOn: ["db"] }),
    web("1", { name: "db", replicas: 1 }),
  ]);
  await s.settle();
  assert.match(
    s.status().vms.find((vm) => vm.id === "shop/app-0")?.message ?? "",
    /waits until db is healthy/,
  );
  await s.untilActive(1);
  const starts = [...s.workers.values()].flatMap((worker) => worker.starts);
  const at = (vm: string) => starts.find((start) => start.vm === vm)?.atMs ?? 0;
  assert.ok(at("shop/app-0") >= at("shop/db-0") + 2000);
});

Deno.test("scaling down ends what is not asked for, after the rollout", async () => {
  const s = await cluster();
  await s.publish([web("1"), web("1", { name: "old", replicas: 1 })]);
  await s.untilActive(1);
  await s.publish([web("2", { replicas: 2 })]);
  await s.settle();
  assert.equal(s.status().vms.length, 4, "extra ones wait for the outcome");
  await s.untilActive(2);
  assert.deepEqual(
    s.status().vms.map((vm) => vm.id),
    ["shop/web-0", "shop/web-1"],
  );
});

Deno.test("a wiped store begins above every epoch its workers know", async () => {
  const s = await cluster(1);
  await s.publish([web("1")]);
  await s.untilActive(1);
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  const before = worker.fence.leaseEpoch;
  const fresh = await MasterScenario.create();
  fresh.workers.set("w1", worker);
  await fresh.run(3000);
  assert.ok(worker.fence.leaseEpoch > before);
  assert.equal(worker.vms.size, 0, "orders of the new store are obeyed");
});

Deno.test("a report that claims an impossible epoch is refused", async () => {
  const s = await cluster(1);
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  await rejects(
    s.master.pushData({
      ...worker.report(),
      leaseEpoch: Number.MAX_SAFE_INTEGER,
    }),
    "refused",
    /claims lease epoch/,
  );
});

Deno.test("a long poll ends at once when there are orders, and with its session", async () => {
  const s = await cluster(1);
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  await worker.step(s.master);
  const session = new AbortController();
  const poll = s.master.getAssignment(
    "w1",
    worker.fence,
    30_000,
    session.signal,
  );
  await s.publish([web("1")]);
  await s.settle();
  const got = await poll;
  assert.equal(got?.orders.length, 3);
  assert.ok(got !== null);
  const idle = s.master.getAssignment("w1", got, 30_000, session.signal);
  session.abort();
  assert.equal(await idle, null);
  const { signal } = new AbortController();
  const timed = s.master.getAssignment("w1", got, 5000, signal);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  s.clock.advance(5000);
  assert.equal(await timed, null);
});

Deno.test("late reports of an older process or sequence are dropped", async () => {
  const s = await cluster(1);
  await s.publish([web("1")]);
  await s.untilActive(1);
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  const late = { ...worker.report(), sequence: 1, vms: [] };
  await s.master.pushData(late);
  assert.equal(s.status().convergencePercent, 100);
});
