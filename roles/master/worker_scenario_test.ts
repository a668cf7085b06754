import assert from "node:assert/strict";
import {
  cluster,
  MasterScenario,
  rejects,
  web,
} from "../../tests/support/master.ts";

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

Deno.test("a dead process' report that arrives after its successor's displaces nobody", async () => {
  const s = await cluster(1);
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  const report = worker.report();
  // It was sent in the same boot by a process that began before.
  const late = {
    ...report,
    process: "d".repeat(32),
    sequence: 0,
  };
  await rejects(s.master.pushData(late), "conflict", /another process/);
  await s.publish([web("1")]);
  await s.untilActive(1);
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

Deno.test("a process in whose place another one reports gets no orders and renews no lease", async () => {
  const s = await cluster(1);
  const worker = s.workers.get("w1");
  assert.ok(worker !== undefined);
  await worker.step(s.master);
  const old = worker.report();
  const { signal } = new AbortController();
  const poll = (process: string) =>
    s.master.getAssignment("w1", worker.fence, 60_000, signal, process);
  const open = poll(old.process);
  for (let i = 0; i < 10; i++) await Promise.resolve();
  const other = "f".repeat(32);
  await s.master.pushData({
    ...old,
    process: other,
    sequence: old.sequence + 1,
  });
  assert.equal(await open, null, "its open poll ends");
  await rejects(
    poll(old.process),
    "conflict",
    /another process reports as worker/,
  );
  s.clock.advance(s.leaseMs);
  await rejects(
    s.master.pushData({ ...old, sequence: old.sequence + 1 }),
    "conflict",
    /another process reports as worker/,
  );
  assert.equal(s.master.views.getWorker("w1").worker.state, "disconnected");
});
