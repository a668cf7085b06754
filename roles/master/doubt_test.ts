import assert from "node:assert/strict";
import { MasterScenario } from "../../tests/support/master.ts";
import { vmSpec } from "../../tests/support/specs.ts";
import { AppError } from "../model/errors.ts";
import { Room } from "./core/placing.ts";
import { refusalOf } from "./core/scheduler.ts";

const quick = {
  minHealthyTimeMs: 1000,
  healthyDeadlineMs: 8000,
  progressDeadlineMs: 60_000,
};

function one(version: string, over: Parameters<typeof vmSpec>[0] = {}) {
  return vmSpec({ env: { version }, update: quick, ...over });
}

function broken(over: Parameters<typeof vmSpec>[0] = {}) {
  return one("broken", { env: { behave: "fail" }, ...over });
}

/** A scenario with workers, and the worker by its name. */
async function cluster(...names: string[]) {
  const s = await MasterScenario.create();
  for (const name of names) await s.addWorker(name);
  const worker = (name: string) => {
    const found = s.workers.get(name);
    assert.ok(found !== undefined);
    return found;
  };
  return { s, worker };
}

Deno.test("a retry tries again what was left as it was", async () => {
  const { s, worker } = await cluster("w1");
  await s.publish([one("1")]);
  await s.untilActive(1);
  const update = { ...quick, autoRevert: false };
  await s.publish([broken({ update })]);
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  const before = worker("w1").starts.length;
  await s.master.retry("shop", 2);
  await s.run(2000);
  assert.equal(s.generation(2).state, "rolling");
  assert.equal(worker("w1").starts.length, before + 1);
  await s.runUntil("failed again", () => s.generation(2).state === "failed");
});

Deno.test("a generation that only relabels what nobody has proven waits for the proof", async () => {
  const { s } = await cluster("w1");
  await s.publish([one("1")]);
  await s.untilActive(1);
  await s.publish([broken()]);
  await s.run(3000);
  await s.publish([broken({ labels: { tier: "front" } })]);
  await s.run(1000);
  assert.equal(s.generation(3).state, "rolling");
  await s.runUntil("failed", () => s.generation(3).state === "failed");
  await s.untilActive(1);
});

Deno.test("a generation that relabels what was proven does not wait for a silent worker", async () => {
  const { s, worker } = await cluster("w1");
  await s.publish([one("1")]);
  await s.untilActive(1);
  worker("w1").isConnected = false;
  await s.run(11_000);
  await s.publish([one("1", { labels: { tier: "front" } })]);
  await s.run(1000);
  assert.equal(s.status().activeGeneration, 2);
});

Deno.test("orders of a store that was made anew are above every refusal its workers remember", async () => {
  const { s, worker } = await cluster("w1");
  const update = { ...quick, autoRevert: false };
  for (const version of ["1", "2", "3"]) {
    await s.publish([one(version)]);
    await s.untilActive(Number(version));
  }
  await s.publish([broken({ update })]);
  await s.runUntil("failed", () => s.generation(4).state === "failed");
  const before = worker("w1").starts.length;

  const fresh = await MasterScenario.create();
  await fresh.publish([broken({ update })]);
  fresh.workers.set("w1", worker("w1"));
  await fresh.run(3000);
  assert.equal(worker("w1").starts.length, before + 1);
  assert.equal(fresh.generation(1).state, "rolling");
});

Deno.test("a worker that comes back is believed when it reports, not by its last words", async () => {
  const { s, worker } = await cluster("w1");
  await s.publish([one("1")]);
  await s.untilActive(1);
  const w1 = worker("w1");
  w1.isConnected = false;
  await s.run(60_000);
  const { signal } = new AbortController();
  await s.master.getAssignment("w1", w1.fence, 0, signal);
  await s.settle();
  assert.equal(s.status().workers[0]?.state, "alive");
  assert.equal(s.status().convergencePercent, 0);
  w1.isConnected = true;
  await s.untilActive(1);
});

Deno.test("after a restart nothing is placed on a worker that has not reported yet", async () => {
  const { s, worker } = await cluster("w1", "w2");
  await s.publish([one("1", { memoryMib: 500 })]);
  await s.untilActive(1);
  const [used] = s.status().vms.map((vm) => vm.worker);
  const free = used === "w1" ? "w2" : "w1";
  worker(free).isConnected = false;
  await s.run(60_000);
  await s.restart();
  await s.publish([one("1", { memoryMib: 500 }), one("1", { name: "more" })]);
  await s.run(1000);
  assert.deepEqual(
    s.status().vms.map((vm) => [vm.id, vm.worker]),
    [["shop/more-0", used], ["shop/web-0", used]],
  );
});

Deno.test("a worker that offers less than before does not stop the planning", async () => {
  const { s, worker } = await cluster("w1");
  await s.publish([one("1", { memoryMib: 500 })]);
  await s.untilActive(1);
  await s.publish([broken({ memoryMib: 800 })]);
  await s.run(2000);
  worker("w1").capacity = { cpuMilli: 4000, memoryMib: 600 };
  await s.runUntil("failed", () => s.generation(2).state === "failed");
  await s.untilActive(1);
});

Deno.test("a cache that fails ends no VM that runs", async () => {
  const { s, worker } = await cluster("w1", "w2");
  await s.publish([one("1")]);
  await s.untilActive(1);
  const name = s.status().vms[0]?.worker ?? "";
  await s.publish([one("2")]);
  await s.settle();
  const report = worker(name).report();
  const hostFailure = { kind: "cache", message: "no answer" } as const;
  await s.master.pushData({
    ...report,
    vms: report.vms.map((vm) => ({ ...vm, hostFailure })),
  });
  await s.settle();
  const { vms } = s.status();
  assert.deepEqual(vms.map((vm) => vm.worker), [name]);
  assert.match(vms[0]?.message ?? "", /cache: no answer/);
});

Deno.test("a second worker of the same name is told so", async () => {
  const { s, worker } = await cluster("w1");
  const first = worker("w1").report();
  const second = { ...first, process: "f".repeat(32), sequence: 1 };
  await s.master.pushData(second);
  const error = await s.master.pushData({
    ...first,
    sequence: first.sequence + 1,
  }).then(() => null, (error) => error);
  assert.ok(error instanceof AppError);
  assert.equal(error.code, "conflict");
  assert.match(error.message, /another process .* "w1"/);
});

Deno.test("a VM that publishes one host port twice is refused", async () => {
  const { s } = await cluster("w1");
  const ports = [
    { name: "a", guest: 80, publish: 8080 },
    { name: "b", guest: 81, publish: 8080 },
  ];
  const error = await s.publish([one("1", { network: { ports } })])
    .then(() => null, (error) => error);
  assert.ok(error instanceof AppError);
  assert.equal(error.code, "invalid");
  assert.match(error.message, /"web" publishes host port 8080 twice/);
});

Deno.test("Room: a copy that is gone does not give away the port of another copy of its VM", () => {
  const capacity = { cpuMilli: 4000, memoryMib: 1024 };
  const copy = {
    vm: "shop/web-0",
    worker: "w1",
    reserved: { cpuMilli: 1, memoryMib: 1 },
    ports: [8080],
  };
  const room = new Room(
    [{ name: "w1", state: "alive", capacity, attributes: {} }],
    [copy, copy],
  );
  const network = { ports: [{ name: "a", guest: 80, publish: 8080 }] };
  const spec = vmSpec({ name: "other", network });
  const refusal = () => {
    const w1 = room.workers.get("w1");
    assert.ok(w1 !== undefined);
    const size = { cpuMilli: 1, memoryMib: 1 };
    return refusalOf(
      { vm: "shop/other-0", spec, size, avoid: [], nowMs: 0 },
      w1,
    );
  };
  room.release(copy);
  assert.match(refusal()?.reason ?? "", /taken by shop\/web-0/);
  room.release(copy);
  assert.equal(refusal(), null);
});
