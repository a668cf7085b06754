/**
 * What operators ask for, against the service under a virtual clock: cordon,
 * drain, removal, what is recorded, and what survives a restart.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { Event } from "../model/event.ts";
import {
  cluster,
  failing,
  type MasterScenario,
  rejects,
  web,
} from "../../tests/support/master.ts";

const by = { role: "operator", name: "night shift", tokenId: "t1" };
const calm = { deadlineMs: 0, force: false, reason: "" };

/** Everything that is kept, in order. */
async function eventsOf(
  scenario: MasterScenario,
  request: { audit?: boolean; after?: number } = {},
): Promise<Event[]> {
  const events: Event[] = [];
  const { signal } = new AbortController();
  const all = { after: 0, topics: [], cluster: "", audit: false, tail: 0 };
  const pages = scenario.master.events.read({ ...all, ...request }, {
    follow: false,
    signal,
  });
  for await (const page of pages) events.push(...page.events);
  return events;
}

function vmsOn(scenario: MasterScenario, worker: string): string[] {
  return scenario.status().vms.filter((vm) => vm.worker === worker)
    .map(({ id }) => id);
}

Deno.test("a cordoned worker keeps its VMs and gets no new ones, also after a restart", async () => {
  const scenario = await cluster(2);
  await scenario.publish([web("1", { replicas: 2 })]);
  await scenario.untilActive(1);
  const before = vmsOn(scenario, "w1");
  const { operations } = scenario.master;
  const made = await operations.cordon("w1", "new disks", by);
  assert.deepEqual([made.state, made.by.name, made.reason], [
    "done",
    "night shift",
    "new disks",
  ]);
  const again = await operations.cordon("w1", "once more", by);
  assert.equal(again.id, made.id, "asking again is ignored");
  await scenario.restart();
  await scenario.publish([web("1", { replicas: 4 })]);
  await scenario.untilActive(2);
  assert.deepEqual(vmsOn(scenario, "w1"), before);
  assert.match(
    scenario.status().workers[0]?.cordoned ?? "",
    /night shift: new disks/,
  );
  await scenario.master.operations.uncordon("w1", by);
  assert.equal(scenario.status().workers[0]?.cordoned, null);
});

Deno.test("a drain empties a worker without taking a VM down, and a restart of the master continues it", async () => {
  const scenario = await cluster(3);
  await scenario.publish([web("1", { replicas: 6 })]);
  await scenario.untilActive(1);
  const made = await scenario.master.operations.drain("w1", calm, by);
  assert.deepEqual([made.id, made.state, made.total], [
    "drain-1",
    "running",
    2,
  ]);
  await scenario.run(2000);
  await scenario.restart();
  let least = Infinity;
  await scenario.runUntil(
    "the drain has ended",
    () => scenario.master.operations.get(made.id).state !== "running",
    120_000,
    () => least = Math.min(least, scenario.healthy("web")),
  );
  const ended = scenario.master.operations.get(made.id);
  assert.deepEqual([ended.state, ended.done, ended.total], ["done", 2, 2]);
  assert.match(ended.message, /w1 is empty.*procurator uncordon w1/);
  assert.deepEqual(vmsOn(scenario, "w1"), []);
  assert.ok(least >= 6, `as few as ${least} of 6 were healthy`);
  const moved = (await eventsOf(scenario)).filter(({ message }) =>
    message.includes("w1 is drained (drain-1)")
  );
  assert.ok(moved.length > 0, "the events say why they moved");
});

Deno.test("a drain that cannot end says what is left; it is cancelled, and denied while it runs", async () => {
  const scenario = await cluster(1);
  await scenario.publish([web("1")]);
  await scenario.untilActive(1);
  const { operations } = scenario.master;
  const late = await operations.drain(
    "w1",
    { ...calm, deadlineMs: 5000 },
    by,
  );
  await rejects(
    operations.uncordon("w1", by),
    "refused",
    /Cannot uncordon w1: drain-1 drains it/,
  );
  await scenario.run(10_000);
  const failed = operations.get(late.id);
  assert.equal(failed.state, "failed");
  assert.match(failed.message, /not drained in time, 3 left: shop\/web-0/);
  assert.equal(scenario.healthy("web"), 3, "nothing was given up");

  const next = await operations.drain("w1", calm, by);
  const same = await operations.drain("w1", calm, by);
  assert.equal(same.id, next.id, "asking again is ignored");
  const cancelled = await operations.cancel(next.id, by);
  assert.equal(cancelled.state, "cancelled");
  assert.match(cancelled.message, /night shift cancelled it after 0 of 3/);
  assert.equal((await operations.cancel(next.id, by)).state, "cancelled");
  await rejects(
    operations.cancel(late.id, by),
    "refused",
    /Cannot cancel drain-1: it is failed already/,
  );
  await operations.uncordon("w1", by);
});

Deno.test("with force a drain ends what has no other place", async () => {
  const scenario = await cluster(1);
  await scenario.publish([web("1")]);
  await scenario.untilActive(1);
  const { operations } = scenario.master;
  const gentle = await operations.drain("w1", calm, by);
  await scenario.run(3000);
  assert.equal(operations.get(gentle.id).state, "running");
  const forced = await operations.drain("w1", { ...calm, force: true }, by);
  assert.equal(forced.id, gentle.id, "the same drain, more pressing");
  await scenario.runUntil(
    "w1 is empty",
    () => operations.get(gentle.id).state === "done",
  );
  assert.equal(scenario.healthy("web"), 0);
  assert.match(
    scenario.status().vms[0]?.message ?? "",
    /cordoned|Cannot place/,
  );
  await operations.uncordon("w1", by);
  await scenario.runUntil("all are back", () => scenario.healthy("web") === 3);
});

Deno.test("only a lost worker without VMs is removed, and one that comes back is new", async () => {
  const scenario = await cluster(2);
  await scenario.publish([web("1", { replicas: 2 })]);
  await scenario.untilActive(1);
  const { operations } = scenario.master;
  await rejects(
    operations.removeWorker("w1", by),
    "refused",
    /Cannot remove w1: it is alive, not lost/,
  );
  await rejects(
    operations.removeWorker("w9", by),
    "not_found",
    /There is no worker "w9"/,
  );
  const w1 = scenario.workers.get("w1");
  assert.ok(w1 !== undefined);
  w1.isConnected = false;
  await scenario.runUntil(
    "its VMs are elsewhere",
    () => vmsOn(scenario, "w2").length === 2,
  );
  const removed = await operations.removeWorker("w1", by);
  assert.match(removed.message, /w1 is forgotten/);
  assert.deepEqual(scenario.status().workers.map(({ id }) => id), ["w2"]);
  w1.isConnected = true;
  await scenario.runUntil(
    "it has joined",
    () => scenario.status().workers.length === 2 && w1.vms.size === 0,
  );
  await scenario.runUntil("all are up", () => scenario.healthy("web") === 2);
});

Deno.test("a lost worker's volumes keep their VMs until somebody gives them up", async () => {
  const scenario = await cluster(2);
  const volumes = [{ name: "data", sizeMib: 64, mount: "/data" }];
  await scenario.publish([web("1", { replicas: 1, volumes })]);
  await scenario.untilActive(1);
  const home = scenario.status().vms[0]?.worker ?? "";
  const lost = scenario.workers.get(home);
  assert.ok(lost !== undefined);
  lost.isConnected = false;
  await scenario.run(30_000);
  const { operations } = scenario.master;
  await rejects(
    operations.removeWorker(home, by),
    "refused",
    /Cannot remove w\d: there is no other place for shop\/web-0/,
  );
  const drained = await operations.drain(home, { ...calm, force: true }, by);
  await scenario.runUntil(
    "it has given up",
    () => operations.get(drained.id).state === "done",
  );
  const removed = await operations.removeWorker(home, by);
  assert.match(
    removed.message,
    /the volumes of shop\/web-0 were there and are given up/,
  );
  await scenario.runUntil(
    "it runs elsewhere",
    () => {
      const [vm] = scenario.status().vms;
      return vm?.health === "healthy" && vm.worker !== home;
    },
  );
});

Deno.test("who asked is recorded, and is all that the audit record shows", async () => {
  const scenario = await cluster(2);
  await scenario.publish([web("1")]);
  await scenario.untilActive(1);
  await scenario.publish([web("2")]);
  await scenario.run(1000);
  await scenario.master.pause("", "the day shift looks", by);
  await scenario.run(20_000);
  assert.equal(scenario.status().rollout?.state, "paused");
  await scenario.master.resume("", by);
  await scenario.untilActive(2);
  await scenario.publish([web("3")]);
  await scenario.run(1000);
  await scenario.master.fail("", "orders are lost", by);
  await scenario.run(20_000);
  assert.equal(scenario.status().activeGeneration, 2);
  assert.match(scenario.generation(3).reason, /orders are lost/);
  await scenario.master.retry("", 3, by);
  await scenario.untilActive(3);
  await scenario.master.rollback("", 0, by);
  assert.deepEqual(
    scenario.master.operations.list(10).map(({ kind, id }) => [kind, id]),
    [
      ["rollback", "rollback-5"],
      ["retry", "retry-4"],
      ["fail", "fail-3"],
      ["resume", "resume-2"],
      ["pause", "pause-1"],
    ],
  );
  const audit = await eventsOf(scenario, { audit: true });
  assert.ok(audit.every((event) => event.by.name === "night shift"));
  assert.ok(
    audit.some(({ topic, subject }) =>
      topic === "operation" && subject === "fail-3"
    ),
  );
  const all = await eventsOf(scenario);
  assert.deepEqual(
    all.map(({ index }) => index),
    all.map((_, at) => at + 1),
    "the index rises by one",
  );
  assert.ok(
    all.some(({ message }) => /^updated to generation 2/.test(message)),
  );
});

Deno.test("a rollback by a worker, and one that is cut off, are events", async () => {
  const scenario = await cluster(2);
  await scenario.publish([web("1")]);
  await scenario.untilActive(1);
  await scenario.publish([failing]);
  await scenario.runUntil(
    "it has failed",
    () => scenario.generation(2).state === "failed",
  );
  const w2 = scenario.workers.get("w2");
  assert.ok(w2 !== undefined);
  w2.isConnected = false;
  await scenario.run(60_000);
  w2.isConnected = true;
  await scenario.run(5000);
  const messages = (await eventsOf(scenario)).map(
    ({ subject, message }) => `${subject} ${message}`,
  );
  for (
    const says of [
      /^w1 joined with 4 cores, 1024 MiB$/,
      /^1 published by shop, commit 0000000001: rolling$/,
      /^1 active/,
      /^shop\/web-\d rolled back on w\d from generation 2: not healthy within/,
      /^2 failed: /,
      /^w2 is disconnected/,
      /^w2 is lost/,
      /^shop\/web-\d moved from w2 to w1: /,
      /^w2 answers again/,
    ]
  ) {
    assert.ok(
      messages.some((text) => says.test(text)),
      `${says} is missing in\n${messages.join("\n")}`,
    );
  }
});

Deno.test("a rebalance is shown first, moves a few VMs at a time, and is not begun twice", async () => {
  const scenario = await cluster(1);
  await scenario.publish([web("1", { replicas: 6 })]);
  await scenario.untilActive(1);
  await scenario.addWorker("w2");
  const { operations } = scenario.master;
  const shown = await operations.rebalance(
    "shop",
    { maxMoves: 10, apply: false },
    by,
  );
  assert.equal(shown.operation, null);
  assert.ok(shown.proposal.moves.length >= 2, shown.proposal.message);
  assert.deepEqual(operations.list(10), [], "nothing was done");
  const { operation } = await operations.rebalance(
    "shop",
    { maxMoves: 2, apply: true },
    by,
  );
  assert.ok(operation !== null);
  assert.deepEqual([operation.state, operation.total], ["running", 2]);
  await rejects(
    operations.rebalance("shop", { maxMoves: 2, apply: true }, by),
    "refused",
    /Cannot rebalance "shop": rebalance-1 does already/,
  );
  let least = Infinity;
  await scenario.runUntil(
    "it has ended",
    () => operations.get(operation.id).state !== "running",
    120_000,
    () => least = Math.min(least, scenario.healthy("web")),
  );
  const ended = operations.get(operation.id);
  assert.deepEqual([ended.state, ended.done], ["done", 2], ended.message);
  assert.equal(vmsOn(scenario, "w2").length, 2);
  assert.ok(least >= 6, `as few as ${least} of 6 were healthy`);
});
