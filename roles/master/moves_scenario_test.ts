import assert from "node:assert/strict";
import {
  cluster,
  type MasterScenario,
  web,
} from "../../tests/support/master.ts";
import { SYSTEM } from "../model/event.ts";

const volumes = [{ name: "data", sizeMib: 10, mount: "/data" }];

function drain(s: MasterScenario, worker: string, force = false) {
  const options = { deadlineMs: 0, force, reason: "a new disk" };
  return s.master.operations.drain(worker, options, SYSTEM);
}

function worker(s: MasterScenario, name: string) {
  const found = s.workers.get(name);
  assert.ok(found !== undefined);
  return found;
}

/** Copies of a VM that run anywhere, in the master's sight or not. */
function copiesOf(s: MasterScenario, vm: string): number {
  let count = 0;
  for (
    const { running } of [...s.workers.values()].map((worker) => ({
      running: worker.running(vm),
    }))
  ) count += running.length;
  return count;
}

async function guarded(...names: string[]): Promise<MasterScenario> {
  const s = await cluster(0);
  for (const name of names) {
    await s.addWorker(name, { attributes: { guard: "true" } });
  }
  return s;
}

function messageOf(s: MasterScenario, vm: string): string {
  return s.status().vms.filter(({ id }) => id === vm)
    .map(({ message }) => message).join(" | ");
}

Deno.test("a drain starts copies elsewhere first: nothing is ever down", async () => {
  const s = await cluster(2);
  await s.publish([web("1")]);
  await s.untilActive(1);
  await drain(s, "w1");
  await s.runUntil(
    "w1 is empty",
    () => worker(s, "w1").vms.size === 0,
    120_000,
    () => {
      const up = new Set(
        [...s.workers.values()].flatMap((worker) =>
          worker.report().vms.filter(({ health }) => health === "healthy")
            .map(({ vm }) => vm)
        ),
      );
      assert.equal(up.size, 3);
    },
  );
  await s.untilActive(1);
  assert.ok(s.status().vms.every((vm) => vm.worker === "w2" && !vm.surge));
});

Deno.test("a drain without room elsewhere waits and says so; force ends the VM", async () => {
  const s = await cluster(2);
  await s.publish([web("1", { replicas: 2, memoryMib: 600 })]);
  await s.untilActive(1);
  await drain(s, "w1");
  await s.run(10_000);
  const vm = s.status().vms.find((vm) => vm.worker === "w1");
  assert.match(vm?.message ?? "", /w1 is drained.*; no other place/);
  await drain(s, "w1", true);
  await s.runUntil("w1 is empty", () => worker(s, "w1").vms.size === 0);
  assert.equal(s.healthy("web"), 1);
  await s.addWorker("w3");
  await s.untilActive(1);
});

Deno.test("a drain moves an exclusive VM by stop, then start, one at a time", async () => {
  const s = await guarded("w1", "w2");
  await s.publish([web("1", { replicas: 3, fencing: "exclusive" })]);
  await s.untilActive(1);
  await drain(s, "w1");
  await s.runUntil(
    "w1 is empty and all are healthy",
    () => worker(s, "w1").vms.size === 0 && s.healthy("web") === 3,
    120_000,
    () => {
      for (const ordinal of [0, 1, 2]) {
        assert.ok(copiesOf(s, `shop/web-${ordinal}`) <= 1);
      }
      assert.ok(s.healthy("web") >= 2);
    },
  );
});

Deno.test("a VM with volumes stays in a drain; forced, it waits for its worker and its data", async () => {
  const s = await cluster(2);
  await s.publish([web("1", { replicas: 1, volumes })]);
  await s.untilActive(1);
  const name = s.status().vms[0]?.worker ?? "";
  await drain(s, name);
  await s.run(10_000);
  assert.match(messageOf(s, "shop/web-0"), /it stays, for its volume is on/);
  await drain(s, name, true);
  await s.runUntil("it is empty", () => worker(s, name).vms.size === 0);
  await s.run(10_000);
  assert.match(messageOf(s, "shop/web-0"), new RegExp(`volume is on ${name}`));
  assert.equal(s.healthy("web"), 0);
  await s.master.operations.uncordon(name, SYSTEM);
  await s.untilActive(1);
  assert.equal(s.status().vms[0]?.worker, name);
});

Deno.test("a worker that is removed frees its volumes: the VM begins anew elsewhere", async () => {
  const s = await cluster(2);
  await s.publish([web("1", { replicas: 1, volumes })]);
  await s.untilActive(1);
  const name = s.status().vms[0]?.worker ?? "";
  worker(s, name).isConnected = false;
  await s.run(20_000);
  assert.match(messageOf(s, "shop/web-0"), /it stays, for its volume is on/);
  await drain(s, name, true);
  await s.run(5000);
  s.workers.delete(name);
  await s.master.operations.removeWorker(name, SYSTEM);
  await s.untilActive(1);
  assert.notEqual(s.status().vms[0]?.worker, name);
});

Deno.test("a drain during a rollout moves what is updated with its update", async () => {
  const s = await cluster(3);
  await s.publish([web("1")]);
  await s.untilActive(1);
  await s.publish([web("2")]);
  await s.run(1000);
  await drain(s, "w1");
  let lowest = 3;
  await s.untilActive(2, () => lowest = Math.min(lowest, s.healthy("web")));
  await s.runUntil("w1 is empty", () => worker(s, "w1").vms.size === 0);
  assert.ok(lowest >= 2);
  await s.untilActive(2);
});

Deno.test("a cancelled drain ends the copies that it had started", async () => {
  const s = await cluster(2);
  await s.publish([web("1", { env: { bootMs: "6000" } })]);
  await s.untilActive(1);
  const { id } = await drain(s, "w1");
  await s.runUntil(
    "a copy starts",
    () => s.status().vms.some((vm) => vm.surge),
  );
  await s.master.operations.cancel(id, SYSTEM);
  await s.runUntil("it is ended", () => s.status().vms.length === 3);
  await s.untilActive(1);
});

Deno.test("a VM of higher priority takes the room of the lowest, which is told and comes back", async () => {
  const s = await cluster(1);
  const low = web("1", { name: "low", replicas: 3, memoryMib: 300 });
  await s.publish([low]);
  await s.untilActive(1);
  const high = web("1", {
    name: "high",
    replicas: 1,
    memoryMib: 400,
    priority: 10,
  });
  await s.publish([low, high]);
  await s.runUntil(
    "high is healthy",
    () => s.healthy("high") === 1 && s.healthy("low") === 2,
  );
  const told = s.status().vms.find(({ worker }) => worker === "");
  assert.match(
    told?.message ?? "",
    /^preempted by shop\/high-0, which has priority 10; Cannot place/,
  );
  // Who gave way is no fault of the generation: it waits, and says for what.
  await s.run(120_000);
  assert.equal(s.healthy("low"), 2, "no more than needed");
  assert.equal(s.generation(2).state, "rolling");
  assert.equal(s.status().rollout?.waitingOn, "300 MiB more");
  await s.addWorker("w2");
  await s.untilActive(2);
});

Deno.test("a copy that moves off a lost worker says that it may run twice", async () => {
  const s = await cluster(2);
  await s.publish([web("1", { replicas: 1 })]);
  await s.untilActive(1);
  const name = s.status().vms[0]?.worker ?? "";
  worker(s, name).isConnected = false;
  await s.runUntil(
    "elsewhere",
    () => s.status().vms.some((vm) => vm.worker !== name && vm.worker !== ""),
  );
  assert.match(
    (await s.events()).join("\n"),
    /w\d is lost; it may run there too until that worker is heard of again/,
  );
});

Deno.test("an exclusive VM that was told to leave a silent worker starts elsewhere when that is lost", async () => {
  const s = await guarded("w1", "w2");
  await s.publish([web("1", { replicas: 1, fencing: "exclusive" })]);
  await s.untilActive(1);
  const name = s.status().vms[0]?.worker ?? "";
  worker(s, name).isConnected = false;
  await drain(s, name);
  const look = () => assert.ok(copiesOf(s, "shop/web-0") <= 1);
  await s.runUntil(
    "healthy elsewhere",
    () =>
      s.status().vms.some((vm) =>
        vm.worker !== name && vm.health === "healthy"
      ),
    120_000,
    look,
  );
  worker(s, name).isConnected = true;
  await s.runUntil(
    "the old one is ended",
    () => worker(s, name).vms.size === 0,
    60_000,
    look,
  );
});

Deno.test("a VM that becomes exclusive waits for the copy that nobody fences", async () => {
  const s = await guarded("w1", "w2");
  await s.publish([web("1", { replicas: 1 })]);
  await s.untilActive(1);
  const name = s.status().vms[0]?.worker ?? "";
  worker(s, name).isConnected = false;
  await s.runUntil(
    "elsewhere",
    () => s.status().vms.some((vm) => vm.worker !== name && vm.worker !== ""),
  );
  await s.untilActive(1);
  assert.equal(copiesOf(s, "shop/web-0"), 2, "it is not fenced");
  await s.publish([web("2", { replicas: 1, fencing: "exclusive" })]);
  await s.run(2 * 60_000);
  assert.match(
    messageOf(s, "shop/web-0"),
    new RegExp(`waits until ${name} has ended its copy`),
  );
  assert.equal(s.generation(2).state, "rolling");
  worker(s, name).isConnected = true;
  await s.untilActive(2, () => {
    const exclusive = [...s.workers.values()]
      .flatMap((worker) => worker.running("shop/web-0"))
      .filter(({ runs }) => runs?.spec.fencing === "exclusive");
    if (exclusive.length > 0) assert.equal(copiesOf(s, "shop/web-0"), 1);
  });
});

Deno.test("a VM that becomes exclusive ends first, and starts nowhere while an unguarded copy may run", async () => {
  const s = await guarded("w1", "w2");
  await s.publish([web("1", { replicas: 1 })]);
  await s.untilActive(1);
  const [home, other] = [...s.workers.values()].sort((a, b) =>
    b.vms.size - a.vms.size
  );
  assert.ok(home !== undefined && other !== undefined);
  home.isConnected = false;
  await s.publish([web("2", { replicas: 1, fencing: "exclusive" })]);
  await s.run(60_000, () => assert.equal(other.vms.size, 0));
  assert.match(
    s.status().vms[0]?.message ?? "",
    new RegExp(`${home.name} .*lost|${home.name} has ended its copy`),
  );
  home.isConnected = true;
  await s.untilActive(2, () =>
    assert.ok(
      home.running("shop/web-0").length +
          other.running("shop/web-0").length <= 1,
    ));
});

Deno.test("an order never falls back to content of another fencing", async () => {
  const s = await guarded("w1");
  await s.publish([web("1", { replicas: 1 })]);
  await s.untilActive(1);
  await s.publish([
    web("2", {
      replicas: 1,
      fencing: "exclusive",
      env: { version: "2", behave: "fail" },
    }),
  ]);
  const isUnguarded: string[] = [];
  await s.runUntil("it has failed", () => {
    for (const { order } of s.workers.get("w1")?.vms.values() ?? []) {
      const { spec, fallback } = order;
      if (fallback.kind === "spec" && fallback.spec.fencing !== spec.fencing) {
        isUnguarded.push(order.vm);
      }
    }
    return s.generation(2).state === "failed";
  });
  assert.deepEqual(isUnguarded, []);
  await s.runUntil("it is back", () => s.status().convergencePercent === 100);
});
