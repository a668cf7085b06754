import assert from "node:assert/strict";
import { cluster, MasterScenario, web } from "../../tests/support/master.ts";

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
    /needs 300 MiB: largest free is 124 MiB on "w1"/,
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
