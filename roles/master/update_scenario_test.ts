import assert from "node:assert/strict";
import {
  activeWeb,
  cluster,
  quick,
  running,
  web,
} from "../../tests/support/master.ts";

Deno.test("a VM over its boot budget fails the rollout with both figures", async () => {
  const s = await activeWeb();
  const env = { version: "2", bootMs: "2310" };
  await s.publish([web("2", { env, budget: { bootMs: 2000 } })]);
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  assert.match(
    s.generation(2).reason,
    /shop\/web-\d on w\d: boot took 2310 ms, its budget is 2000 ms/,
  );
  await s.untilActive(1);
});

Deno.test("a VM over its closure budget fails the rollout; what ran before is not measured", async () => {
  const s = await activeWeb({ env: { version: "1", closureMib: "500" } });
  const budget = { closureMib: 400 };
  await s.publish([
    web("1", { env: { version: "1", closureMib: "500" }, budget }),
  ]);
  await s.untilActive(2);
  await s.publish([
    web("2", { env: { version: "2", closureMib: "500" }, budget }),
  ]);
  await s.runUntil("failed", () => s.generation(3).state === "failed");
  assert.match(
    s.generation(3).reason,
    /its closure is 500 MiB, its budget is 400 MiB/,
  );
});

Deno.test("minAvailable stays, whatever maxParallel allows", async () => {
  const s = await cluster(2);
  const update = { ...quick, maxParallel: 3, minAvailable: 2 };
  await s.publish([web("1", { update })]);
  await s.untilActive(1);
  await s.publish([web("2", { update })]);
  let lowest = 3;
  await s.untilActive(2, () => lowest = Math.min(lowest, s.healthy("web")));
  assert.equal(lowest, 2);
});

Deno.test("a minAvailable that leaves nothing to take down ends by the progress deadline", async () => {
  const update = { ...quick, minAvailable: 3 };
  const s = await activeWeb({ update });
  await s.publish([web("2", { update })]);
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  assert.match(s.generation(2).reason, /3 must stay available/);
  assert.equal(running(s, "1").inService, 3);
});

Deno.test("updates follow dependsOn", async () => {
  const s = await cluster(2);
  const specs = (version: string) => [
    web(version, { name: "app", replicas: 2, dependsOn: ["db"] }),
    web(version, { name: "db", replicas: 2 }),
  ];
  await s.publish(specs("1"));
  await s.untilActive(1);
  await s.publish(specs("2"));
  await s.run(1000);
  assert.match(
    s.status().vms.find(({ id }) => id === "shop/app-0")?.message ?? "",
    /waits until db is healthy on its new content/,
  );
  await s.untilActive(2);
});

Deno.test("a rollout waits for a pinned volume's worker and is not charged", async () => {
  const volumes = [{ name: "data", sizeMib: 10, mount: "/data" }];
  const s = await activeWeb({ replicas: 1, volumes });
  const name = s.status().vms[0]?.worker ?? "";
  const worker = s.workers.get(name);
  assert.ok(worker !== undefined);
  worker.isConnected = false;
  await s.run(20_000);
  await s.publish([web("2", { replicas: 1, volumes })]);
  await s.run(2 * quick.progressDeadlineMs);
  assert.equal(s.generation(2).state, "rolling");
  assert.match(s.status().rollout?.waitingOn ?? "", new RegExp(name));
  worker.isConnected = true;
  await s.untilActive(2);
});

Deno.test("a volume is found again by a later generation", async () => {
  const volumes = [{ name: "data", sizeMib: 10, mount: "/data" }];
  const s = await cluster(3);
  const db = web("1", { name: "db", replicas: 1, volumes });
  await s.publish([web("1"), db]);
  await s.untilActive(1);
  const at = () => s.status().vms.find(({ id }) => id === "shop/db-0")?.worker;
  const before = at();
  await s.publish([web("1")]);
  await s.untilActive(2);
  await s.publish([web("1", { replicas: 1 }), db]);
  await s.untilActive(3);
  assert.equal(at(), before);
});

Deno.test("a lost worker in the middle of a rollout neither hangs nor fails it", async () => {
  const s = await cluster(3);
  await s.publish([web("1", { replicas: 4 })]);
  await s.untilActive(1);
  await s.publish([web("2", { replicas: 4 })]);
  await s.run(3000);
  const lost = s.workers.get("w1");
  assert.ok(lost !== undefined);
  lost.isConnected = false;
  await s.untilActive(2);
  assert.match(s.generation(1).state, /superseded/);
});

Deno.test("an exclusive VM is started elsewhere only when its worker is lost", async () => {
  const s = await cluster(0);
  for (const name of ["w1", "w2"]) {
    await s.addWorker(name, { attributes: { guard: "true" } });
  }
  await s.publish([web("1", { replicas: 1, fencing: "exclusive" })]);
  await s.untilActive(1);
  const first = s.workers.get(s.status().vms[0]?.worker ?? "");
  assert.ok(first !== undefined);
  first.isConnected = false;
  const check = () => {
    const copies = [...s.workers.values()].flatMap((worker) =>
      worker.running("shop/web-0")
    );
    assert.ok(copies.length <= 1, "two copies of an exclusive VM");
  };
  await s.runUntil(
    "healthy elsewhere",
    () =>
      s.status().vms.some((vm) =>
        vm.worker !== first.name && vm.health === "healthy"
      ),
    120_000,
    check,
  );
  first.isConnected = true;
  await s.run(10_000, check);
  assert.equal(first.vms.size, 0, "the old copy was ended");
});

Deno.test("a retry is measured from the retry", async () => {
  const s = await activeWeb();
  const env = { version: "2", behave: "fail" };
  await s.publish([web("2", { env })]);
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  await s.untilActive(1);
  await s.run(60_000);
  await s.master.retry("shop", 2);
  assert.equal(s.generation(2).seconds.place, null);
  await s.runUntil("placed", () => s.generation(2).seconds.place !== null);
  assert.ok((s.generation(2).seconds.place ?? 99) < 10);
});

Deno.test("a VM that grows beyond all room fails its rollout, and stays as it was", async () => {
  const s = await activeWeb({ memoryMib: 300 });
  const db = web("1", { name: "db", replicas: 1, memoryMib: 300 });
  await s.publish([web("1", { memoryMib: 300 }), db]);
  await s.untilActive(2);
  await s.publish([web("2", { memoryMib: 1024 }), db]);
  await s.runUntil("failed", () => s.generation(3).state === "failed");
  assert.match(s.generation(3).reason, /no progress for 60 s.*no other place/);
  assert.equal(running(s, "1").inService, 4);
});

Deno.test("the next instance is changed when the one before was healthy for minHealthyTimeMs", async () => {
  const update = { ...quick, minHealthyTimeMs: 20_000 };
  const s = await activeWeb({ replicas: 2, update });
  await s.publish([web("2", { replicas: 2, update })]);
  await s.untilActive(2);
  const [, , first, second] = [...s.workers.values()]
    .flatMap(({ starts }) => starts).sort((a, b) => a.atMs - b.atMs);
  assert.ok(first !== undefined && second !== undefined);
  assert.ok(second.atMs - first.atMs >= 20_000);
});

Deno.test("a rollback goes to any generation that is kept, in place and within its floors", async () => {
  const s = await activeWeb();
  for (const version of ["2", "3", "4", "5", "6"]) {
    await s.publish([web(version)]);
    await s.untilActive(Number(version));
  }
  let lowest = 3;
  await s.master.rollback("shop", 1);
  await s.untilActive(1, () => lowest = Math.min(lowest, s.healthy("web")));
  assert.equal(lowest, 2);
  assert.equal(s.status().held, "held at 1, Git is 5 ahead");
  assert.equal(running(s, "1").inService, 3);
});
