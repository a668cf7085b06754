import assert from "node:assert/strict";
import { cluster, MasterScenario, web } from "../../tests/support/master.ts";
import { vmSpec } from "../../tests/support/specs.ts";
import { Agenda, SAFETY_NET_MS } from "./core/agenda.ts";
import { BrokenInvariant } from "./core/plan_check.ts";
import { PlacementDoc } from "./core/documents.ts";
import { openStore, type Store } from "./store.ts";

/** A store that counts its commits. */
function countedStore(): { store: Store; commits: () => number } {
  const store = openStore(":memory:");
  const transact = store.transact.bind(store);
  let commits = 0;
  store.transact = (...args) => {
    commits++;
    return transact(...args);
  };
  return { store, commits: () => commits };
}

Deno.test("a calm cluster costs no commit, and heartbeats make no work", async () => {
  const { store, commits } = countedStore();
  const s = await MasterScenario.create({ store });
  await s.addWorker("w1");
  await s.addWorker("w2");
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.run(3000);
  const before = commits();
  await s.run(60_000, () => assert.equal(s.master.hasWork, false));
  assert.equal(commits(), before, "two safety nets long nothing is written");
  assert.equal(s.status().convergencePercent, 100);
});

Deno.test("what waits for a worker is placed when one comes, not at the next period", async () => {
  const s = await cluster(1);
  await s.publish([
    vmSpec({
      name: "fast",
      constraints: [{ attribute: "disk", operator: "=", value: "ssd" }],
    }),
  ]);
  await s.settle();
  assert.equal(s.status().vms[0]?.worker, "");
  await s.addWorker("w2", { attributes: { disk: "ssd" } });
  assert.equal(s.master.hasWork, true);
  await s.settle();
  assert.equal(s.status().vms[0]?.worker, "w2");
});

Deno.test("what waits for room is placed when another cluster gives some back", async () => {
  const s = await cluster(1);
  const half = { memoryMib: 600 };
  await s.publish([vmSpec({ name: "a", ...half })], { cluster: "first" });
  await s.run(15_000);
  await s.publish([vmSpec({ name: "b", ...half })], { cluster: "second" });
  await s.settle();
  assert.equal(s.status("second").vms[0]?.worker, "");
  await s.publish([vmSpec({ name: "a", ...half, replicas: 0 })], {
    cluster: "first",
  });
  const isGone = () => s.status("first").vms.length === 0;
  await s.runUntil("the first VM ends", isGone);
  assert.equal(s.status("second").vms[0]?.worker, "w1");
});

Deno.test("a plan on placements that break an invariant stops the master and is not committed", async () => {
  const store = openStore(":memory:");
  const s = await MasterScenario.create({ store });
  await s.addWorker("w1");
  await s.publish([web("1", { replicas: 2 })]);
  await s.untilActive(1);
  // As a bug, or somebody with an SQL prompt, could leave it: two VMs on one port.
  for (const { kind, id, revision, json } of await store.list("placement")) {
    const doc = PlacementDoc.parse(JSON.parse(json));
    await store.transact([{
      kind,
      id,
      expectedRevision: revision,
      json: JSON.stringify({ ...doc, ports: [8080] }),
    }]);
  }
  await s.restart();
  for (const worker of s.workers.values()) await worker.step(s.master);
  const stored = await store.list("placement");
  const network = { ports: [{ name: "http", guest: 80, publish: 8081 }] };
  await s.publish([
    web("1", { replicas: 2 }),
    vmSpec({ name: "other", network }),
  ]);
  await assert.rejects(
    () => s.settle(),
    (error) =>
      error instanceof BrokenInvariant && /port w1:8080/.test(error.message),
  );
  assert.deepEqual(await store.list("placement"), stored);
});

Deno.test("without a single hint everything happens all the same, a safety net later", async () => {
  const { touch, touchWaiting } = Agenda.prototype;
  Agenda.prototype.touch = () => undefined;
  Agenda.prototype.touchWaiting = () => undefined;
  try {
    const s = await cluster(2);
    const publish = async (generation: number) => {
      await s.publish([web(String(generation))]);
      const isBegun = () =>
        s.status().vms.some(({ generation: on }) => on === generation);
      await s.runUntil("it begins", isBegun, SAFETY_NET_MS + 5000);
      await s.untilActive(generation);
    };
    await publish(1);
    await s.run(10_000);
    await publish(2);
    const worker = s.workers.get("w1");
    assert.ok(worker !== undefined);
    worker.isConnected = false;
    const isMoved = () => s.status().vms.every(({ worker }) => worker === "w2");
    await s.runUntil("its VMs are placed again", isMoved, SAFETY_NET_MS * 2);
  } finally {
    Object.assign(Agenda.prototype, { touch, touchWaiting });
  }
});

Deno.test("the numbers of metrics follow what changed", async () => {
  const s = await cluster(2);
  await s.publish([web("1")]);
  const [before] = s.master.views.numbers();
  assert.equal(before?.convergencePercent, 0);
  await s.untilActive(1);
  const [after] = s.master.views.numbers();
  assert.equal(after?.convergencePercent, 100);
  assert.deepEqual([...after?.vms ?? []], [["healthy", 3]]);
  assert.equal(s.master.views.numbers()[0], after, "counted once while calm");
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  worker.isConnected = false;
  await s.run(15_000);
  await s.untilActive(1);
  assert.equal(s.master.views.workerStates().get("lost"), 1);
});
