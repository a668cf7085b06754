import assert from "node:assert/strict";
import {
  activeWeb,
  cluster,
  type MasterScenario,
  quick,
  running,
  web,
} from "../../tests/support/master.ts";
import { vmSpec } from "../../tests/support/specs.ts";

type Spec = Parameters<typeof vmSpec>[0];

const canary = { ...quick, strategy: "canary" as const };
const green = { ...quick, strategy: "blue-green" as const };

function startsOf(s: MasterScenario): number {
  return [...s.workers.values()]
    .reduce((sum, { starts }) => sum + starts.length, 0);
}

Deno.test("canaries run beside all old copies and are promoted without a restart", async () => {
  const s = await activeWeb();
  await s.publish([web("2", { update: { ...canary, canary: 2 } })]);
  await s.runUntil("asks for promotion", () => {
    assert.equal(running(s, "1").inService, 3, "no old copy was touched");
    return s.status().rollout?.waitingOn ===
      "promotion: procurator promote shop";
  });
  assert.deepEqual(running(s, "2"), { all: 2, inService: 0 });
  assert.match(
    s.status().vms.find(({ surge }) => surge)?.message ?? "",
    /canary/,
  );
  // Waiting for an operator is not charged, however long it takes.
  await s.run(2 * quick.progressDeadlineMs);
  assert.equal(s.generation(2).state, "rolling");
  const before = startsOf(s);
  let lowest = 3;
  await s.master.promote("shop");
  await s.untilActive(2, () => lowest = Math.min(lowest, s.healthy("web")));
  assert.ok(lowest >= 2, `${lowest} answered`);
  assert.equal(startsOf(s), before + 1, "only the third was started");
  assert.deepEqual(running(s, "2"), { all: 3, inService: 3 });
});

Deno.test("a canary that fails leaves, and no old copy is ever touched", async () => {
  const s = await activeWeb();
  const before = startsOf(s);
  const update = { ...canary, autoPromote: true };
  await s.publish([
    web("2", { env: { version: "2", behave: "fail" }, update }),
  ]);
  await s.runUntil(
    "failed",
    () => s.generation(2).state === "failed",
    60_000,
    () => assert.equal(running(s, "1").inService, 3),
  );
  await s.untilActive(1, () => assert.equal(running(s, "1").inService, 3));
  await s.run(5000);
  assert.equal(s.status().vms.length, 3);
  assert.equal(startsOf(s), before + 1, "the canary alone was tried");
  assert.match(s.generation(2).reason, /shop\/web-0 on w\d: not healthy/);
});

Deno.test("autoPromote goes on by itself, once every VM of the generation allows it", async () => {
  const s = await activeWeb();
  const update = { ...canary, autoPromote: true };
  await s.publish([web("2", { update })]);
  await s.untilActive(2);
  const other = web("3", { name: "other", update: { ...green } });
  await s.publish([web("3", { update }), { ...other, env: { version: "2" } }]);
  await s.untilActive(3);
  await s.publish([web("4", { update }), { ...other, env: { version: "4" } }]);
  await s.runUntil(
    "asks",
    () => s.status().rollout?.waitingOn?.startsWith("promotion") ?? false,
  );
});

Deno.test("green copies take over all at once, and old ones stay until then", async () => {
  const s = await activeWeb();
  await s.publish([web("2", { update: green })]);
  await s.runUntil("asks", () => {
    assert.equal(running(s, "1").inService, 3);
    return s.status().rollout?.waitingOn?.startsWith("promotion") ?? false;
  });
  assert.deepEqual(running(s, "2"), { all: 3, inService: 0 });
  const before = startsOf(s);
  await s.master.promote("shop");
  await s.master.tick();
  const status = s.status().vms.filter(({ desired }) => desired !== null);
  assert.ok(
    status.every(({ surge, observed, desired }) =>
      !surge && observed === desired
    ),
  );
  await s.untilActive(2, () => assert.ok(s.healthy("web") >= 3));
  assert.equal(startsOf(s), before);
});

Deno.test("green copies that fail leave every old one as it was", async () => {
  const s = await activeWeb();
  const env = { version: "2", behave: "fail" };
  await s.publish([web("2", { env, update: { ...green, autoPromote: true } })]);
  await s.runUntil(
    "failed",
    () => s.generation(2).state === "failed",
    60_000,
    () => assert.equal(running(s, "1").inService, 3),
  );
  await s.untilActive(1, () => assert.equal(running(s, "1").inService, 3));
});

Deno.test("autoRevert false ends failed canaries all the same", async () => {
  const s = await activeWeb();
  const env = { version: "2", behave: "fail" };
  const update = { ...canary, autoRevert: false };
  await s.publish([web("2", { env, update })]);
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  await s.run(3000);
  assert.deepEqual(s.status().vms.map(({ surge }) => surge), [
    false,
    false,
    false,
  ]);
  assert.equal(running(s, "1").inService, 3);
});

Deno.test("nothing else of a generation changes before its canaries are promoted", async () => {
  const s = await cluster(2);
  const db = (version: string) =>
    web(version, { name: "db", replicas: 1, memoryMib: 64 });
  await s.publish([web("1"), db("1")]);
  await s.untilActive(1);
  await s.publish([
    web("2", { update: canary }),
    db("2"),
    web("2", { name: "fresh", replicas: 1, memoryMib: 64 }),
  ]);
  await s.runUntil(
    "asks",
    () => s.status().rollout?.waitingOn?.startsWith("promotion") ?? false,
  );
  const messages = new Map(s.status().vms.map((vm) => [vm.id, vm]));
  assert.match(
    messages.get("shop/db-0")?.message ?? "",
    /waits until the canary of web is promoted/,
  );
  // What is new takes nothing away: it is placed at once.
  assert.equal(messages.get("shop/fresh-0")?.health, "healthy");
  await s.master.promote("shop");
  await s.untilActive(2);
});

Deno.test("a surge copy without room waits for it, evicts nobody, and is not charged", async () => {
  const s = await activeWeb({ memoryMib: 300, replicas: 6 });
  await s.publish([
    web("2", { memoryMib: 300, replicas: 6, update: green }),
  ]);
  await s.run(2 * quick.progressDeadlineMs, () => {
    assert.equal(running(s, "1").inService, 6);
  });
  assert.equal(s.generation(2).state, "rolling");
  assert.equal(s.status().rollout?.waitingOn, "1800 MiB more");
  assert.match(
    s.status().vms[0]?.message ?? "",
    /its green copy has no place yet/,
  );
  for (const name of ["w3", "w4"]) await s.addWorker(name);
  await s.runUntil(
    "asks",
    () => s.status().rollout?.waitingOn?.startsWith("promotion") ?? false,
  );
  await s.master.promote("shop");
  await s.untilActive(2);
});

Deno.test("a canary whose worker is lost starts elsewhere, and the rollout goes on", async () => {
  const s = await cluster(3);
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([web("2", { update: canary })]);
  const surge = () => s.status().vms.find((vm) => vm.surge);
  await s.runUntil("canary runs", () => surge()?.health === "healthy");
  const worker = s.workers.get(surge()?.worker ?? "");
  assert.ok(worker !== undefined);
  worker.isConnected = false;
  await s.runUntil("asks again", () =>
    surge()?.worker !== worker.name &&
    (s.status().rollout?.waitingOn?.startsWith("promotion") ?? false));
  await s.master.promote("shop");
  await s.runUntil("active", () => s.status().activeGeneration === 2);
});

Deno.test("a published port follows the promotion", async () => {
  const network = { ports: [{ name: "http", guest: 80, publish: 8080 }] };
  const s = await activeWeb({ network, replicas: 2 });
  await s.publish([web("2", { network, replicas: 2, update: green })]);
  await s.runUntil(
    "asks",
    () => s.status().rollout?.waitingOn?.startsWith("promotion") ?? false,
  );
  await s.master.promote("shop");
  await s.untilActive(2);
  const where = s.status().vms.map(({ worker }) => worker);
  assert.equal(new Set(where).size, 2, "each port is on a worker of its own");
});

Deno.test("a promoted canary that is no longer healthy does not take over", async () => {
  const s = await activeWeb();
  await s.publish([web("2", { update: canary })]);
  await s.runUntil(
    "asks",
    () => s.status().rollout?.waitingOn?.startsWith("promotion") ?? false,
  );
  const name = s.status().vms.find(({ surge }) => surge)?.worker ?? "";
  const worker = s.workers.get(name);
  assert.ok(worker !== undefined);
  await s.master.promote("shop");
  const report = worker.report();
  await s.master.pushData({
    ...report,
    vms: report.vms.map((vm) =>
      worker.vms.get(`${vm.vm}#${vm.incarnation}`)?.order.surge
        ? { ...vm, health: "unhealthy", healthyForMs: null }
        : vm
    ),
  });
  await s.settle();
  assert.equal(running(s, "1").inService, 3);
  assert.ok(s.status().vms.some(({ surge }) => surge));
  await s.untilActive(2);
});

Deno.test("scaling up with canaries places the new instances at once", async () => {
  const s = await activeWeb({ memoryMib: 64 });
  await s.publish([web("2", { replicas: 5, memoryMib: 64, update: canary })]);
  await s.runUntil(
    "asks",
    () => s.status().rollout?.waitingOn?.startsWith("promotion") ?? false,
  );
  assert.equal(running(s, "1").inService, 3);
  await s.runUntil("new ones run", () => running(s, "2").inService === 2);
  await s.master.promote("shop");
  await s.untilActive(2);
});

Deno.test("a publish during a trial ends the copies of the one before", async () => {
  const s = await activeWeb();
  await s.publish([web("2", { update: green })]);
  await s.run(3000);
  await s.publish([web("3", { update: { ...green, autoPromote: true } })]);
  await s.untilActive(3, () => {
    const old = running(s, "1").inService + running(s, "3").inService;
    assert.ok(old >= 3, "old copies or their successors are in service");
  });
  await s.run(3000);
  assert.equal(s.status().vms.length, 3);
});

Deno.test("a rollback during a trial ends it, and a restart continues it", async () => {
  const s = await activeWeb();
  await s.publish([web("2", { update: canary })]);
  for (let i = 0; i < 4; i++) {
    await s.run(1000);
    await s.restart();
  }
  await s.runUntil(
    "asks",
    () => s.status().rollout?.waitingOn?.startsWith("promotion") ?? false,
  );
  await s.master.rollback("shop", 1);
  await s.untilActive(1);
  await s.run(3000);
  assert.equal(s.status().vms.length, 3);
  assert.equal(running(s, "1").inService, 3);
});

Deno.test("a canary does not wait for an ill VM that its own generation mends", async () => {
  const s = await cluster(2);
  const specs = (version: string, over: Spec = {}) => [
    web(version, { name: "app", dependsOn: ["db"], ...over }),
    web(version, { name: "db", replicas: 1 }),
  ];
  await s.publish(specs("1"));
  await s.untilActive(1);
  // The database falls ill in a way that no restart mends.
  for (const worker of s.workers.values()) {
    for (const vm of worker.running("shop/db-0")) {
      if (vm.runs === null) continue;
      const env = { version: "1", behave: "fail" };
      vm.runs = { ...vm.runs, spec: { ...vm.runs.spec, env } };
    }
  }
  const update = { ...canary, autoPromote: true };
  await s.publish(specs("2", { update }));
  await s.untilActive(2);
});
