import assert from "node:assert/strict";
import type { Assignment, Order, VmSpec } from "../../roles/model/mod.ts";
import { copyKey } from "../../roles/model/ids.ts";
import { SimulatedChecks } from "../../roles/worker/vms/checks.ts";
import { noClosures } from "../../roles/worker/closures/closures.ts";
import { LedgerStore } from "../../roles/worker/vms/ledger_store.ts";
import { Vms } from "../../roles/worker/vms/vms.ts";
import {
  copyDirectoryName,
  directoryName,
  MemoryHost,
  SimulatedVmm,
} from "../../vmm/mod.ts";
import { tempDir } from "../support/temp.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { until } from "../support/wait.ts";
import { fallbackTo, orderFor, testVmSpec } from "../support/worker.ts";

const A = "shop/web-0";
const WAIT = { timeoutMs: 60_000 };
const PUBLISHED = 8080;

/** A simulated VM with a published port. */
function web(version: number, more: Record<string, unknown> = {}): VmSpec {
  return testVmSpec({
    cmdline: `simulated.boot_ms=50 version=${version}`,
    spec: {
      network: { ports: [{ name: "http", guest: 80, publish: PUBLISHED }] },
      update: { minHealthyTimeMs: 100, healthyDeadlineMs: 60_000 },
      ...more,
    },
  });
}

function copy(incarnation: number) {
  return { id: A, incarnation };
}

function order(
  incarnation: number,
  spec: VmSpec,
  more: Partial<Order> = {},
): Order {
  return { ...orderFor(A, spec), incarnation, ...more };
}

/** A worker's VMs over a disk and a simulated host; more than one after another may be opened. */
async function openVms(
  dir: string,
  parts: { host: MemoryHost; clock: VirtualClock; bootId?: string },
) {
  const { host, clock, bootId = "boot-1" } = parts;
  const unreadable: string[] = [];
  const store = new LedgerStore({
    stateDir: `${dir}/state`,
    runDir: `${dir}/run`,
    bootId,
    onUnreadable: (path) => unreadable.push(path),
  });
  await store.prepare();
  const vmm = new SimulatedVmm({ host, clock });
  const vms = new Vms({
    name: "w1",
    bootId,
    clock,
    vmm,
    closures: noClosures,
    checks: new SimulatedChecks((copy) => vmm.answers(copy)),
    store,
    volumesDir: `${dir}/state/volumes`,
    stopGraceMs: 0,
    onWarning: () => undefined,
    onChange: () => undefined,
  });
  await vms.start();
  let revision = vms.fence.revision;
  const seen = (incarnation: number) =>
    vms.observed().find((vm) => vm.incarnation === incarnation);
  return {
    vms,
    vmm,
    unreadable,
    seen,
    async assign(orders: Order[]): Promise<void> {
      const { kind } = await vms.accept(assignmentOf(++revision, orders));
      assert.equal(kind, "accepted");
    },
    /** Lets time pass until it is so. */
    async until(what: string, look: () => boolean): Promise<void> {
      await until(what, () => {
        clock.advance(50);
        return look();
      }, WAIT);
    },
    settled: (incarnation: number) => () => seen(incarnation)?.settled === true,
    async [Symbol.asyncDispose]() {
      await vms.stop();
      await vmm.close();
    },
  };
}

function assignmentOf(revision: number, orders: Order[]): Assignment {
  return { worker: "w1", leaseEpoch: 1, revision, leaseMs: 10_000, orders };
}

async function filesIn(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) names.push(name);
  return names.sort();
}

Deno.test("copies: a surge copy runs beside the main one, is adopted with it, and takes its place without a restart", async () => {
  await using dir = await tempDir("wc");
  const parts = { host: new MemoryHost(), clock: new VirtualClock() };
  const blue = order(1, web(1));
  const green = order(2, web(2), { surge: true, fallback: { kind: "stop" } });
  {
    await using worker = await openVms(dir.path, parts);
    await worker.assign([blue]);
    await worker.until("blue settles", worker.settled(1));
    await worker.assign([blue, green]);
    await worker.until("green settles", worker.settled(2));
    assert.equal(worker.seen(1)?.ports[0]?.host, PUBLISHED);
    assert.notEqual(worker.seen(2)?.ports[0]?.host, PUBLISHED);
  }
  await using worker = await openVms(dir.path, parts);
  const before = await worker.vmm.list();
  assert.deepEqual(before.map(copyKey), [copyKey(copy(1)), copyKey(copy(2))]);
  assert.equal(worker.seen(1)?.settled, true);
  assert.equal(worker.seen(2)?.settled, true);

  // Promoted before blue is told to leave: green waits for the port, and nothing else.
  await worker.assign([blue, { ...green, surge: false }]);
  await worker.until(
    "green wants the port",
    () => /port 8080 .*taken/.test(worker.seen(2)?.message ?? ""),
  );
  assert.equal(worker.seen(2)?.health, "healthy");
  await worker.assign([{ ...green, surge: false }]);
  await worker.until(
    "green has the port",
    () => worker.seen(2)?.address === `127.0.0.1:${PUBLISHED}`,
  );
  await worker.until("blue is gone", () => worker.seen(1) === undefined);
  const after = await worker.vmm.list();
  assert.deepEqual(after.map(copyKey), [copyKey(copy(2))]);
  assert.equal(after[0]?.startedAtMs, before[1]?.startedAtMs);
  assert.equal(worker.seen(2)?.restarts, 0);
  assert.equal(worker.seen(2)?.settled, true);
});

Deno.test("copies: a surge copy that is never healthy is refused alone; its main copy and a later one are not touched", async () => {
  await using dir = await tempDir("wc");
  const parts = { host: new MemoryHost(), clock: new VirtualClock() };
  await using worker = await openVms(dir.path, parts);
  const blue = order(1, web(1));
  const bad = testVmSpec({
    cmdline: "simulated.outcome=never",
    spec: { update: { minHealthyTimeMs: 100, healthyDeadlineMs: 2000 } },
  });
  await worker.assign([blue, order(2, bad, { surge: true })]);
  await worker.until(
    "green is refused",
    () => worker.seen(2)?.rolledBack?.runtimeHash !== undefined,
  );
  await worker.until("blue settles", worker.settled(1));
  assert.equal(worker.seen(1)?.rolledBack, null);
  await worker.until("it stops", () => worker.seen(2)?.state === "Shutdown");
  // Another copy of the same content is another try: what was refused belonged to the copy.
  await worker.assign([blue, order(3, bad, { surge: true })]);
  await worker.until("it is tried", () => worker.seen(3)?.state === "Running");
  assert.equal(worker.seen(2), undefined);
});

Deno.test("copies: the log of a VM is its main copy's", async () => {
  await using dir = await tempDir("wc");
  const parts = { host: new MemoryHost(), clock: new VirtualClock() };
  await using worker = await openVms(dir.path, parts);
  const never = testVmSpec({ cmdline: "simulated.outcome=never" });
  await worker.assign([
    order(1, web(1)),
    order(2, never, { surge: true }),
  ]);
  await worker.until("main settles", worker.settled(1));
  await worker.until(
    "the other runs",
    () => worker.seen(2)?.state === "Running",
  );
  assert.match((await worker.vms.logs(A, 1000)).text, /ready/);
  await worker.assign([
    order(1, web(1), { surge: true }),
    order(2, never),
  ]);
  assert.doesNotMatch((await worker.vms.logs(A, 1000)).text, /ready/);
});

Deno.test("copies: with a volume the next one starts when the former one has stopped", async () => {
  await using dir = await tempDir("wc");
  const parts = { host: new MemoryHost(), clock: new VirtualClock() };
  await using worker = await openVms(dir.path, parts);
  const volumes = [{ name: "data", sizeMib: 8, mount: "/data" }];
  const release = Promise.withResolvers<void>();
  const stop = worker.vmm.stop.bind(worker.vmm);
  worker.vmm.stop = async (copy) => {
    await release.promise;
    await stop(copy);
  };
  await worker.assign([order(1, web(1, { volumes }))]);
  await worker.until("it settles", worker.settled(1));
  await worker.assign([order(2, web(1, { volumes }))]);
  await worker.until(
    "it waits",
    () => /former copy/.test(worker.seen(2)?.message ?? ""),
  );
  // Longer than its deadline: waiting is not its fault.
  for (let seconds = 0; seconds < 120; seconds++) {
    parts.clock.advance(1000);
    await Promise.resolve();
  }
  assert.equal((await worker.vmm.list()).length, 1);
  assert.equal(worker.seen(2)?.rolledBack, null);
  assert.equal(worker.seen(2)?.hostFailure, null);
  release.resolve();
  await worker.until("it settles", worker.settled(2));
  assert.equal((await worker.vmm.list()).length, 1);
});

Deno.test("copies: what is remembered goes with each copy", async () => {
  await using dir = await tempDir("wc");
  const parts = { host: new MemoryHost(), clock: new VirtualClock() };
  await using worker = await openVms(dir.path, parts);
  for (let incarnation = 1; incarnation <= 10; incarnation++) {
    await worker.assign([order(incarnation, web(1))]);
    await worker.until("it settles", worker.settled(incarnation));
  }
  await worker.until("one is left", () => worker.vms.observed().length === 1);
  const name = copyDirectoryName(copy(10));
  assert.deepEqual(await filesIn(`${dir.path}/state/memory`), [`${name}.json`]);
  assert.deepEqual(await filesIn(`${dir.path}/run`), [name]);
});

/** Turns what a worker left into what versions before copies left. */
async function makeFormer(dir: string, incarnation: number): Promise<void> {
  const name = copyDirectoryName(copy(incarnation));
  const former = directoryName(A);
  await Deno.rename(`${dir}/run/${name}`, `${dir}/run/${former}`);
  await Deno.rename(
    `${dir}/state/memory/${name}.json`,
    `${dir}/state/memory/${former}.json`,
  );
  for (
    const path of [
      `${dir}/run/${former}/ledger.json`,
      `${dir}/state/memory/${former}.json`,
    ]
  ) {
    const { incarnation: _, ...rest } = JSON.parse(
      await Deno.readTextFile(path),
    );
    await Deno.writeTextFile(path, JSON.stringify(rest));
  }
  const path = `${dir}/state/assignment.json`;
  const assignment = JSON.parse(await Deno.readTextFile(path));
  for (const order of assignment.orders) delete order.surge;
  await Deno.writeTextFile(path, JSON.stringify(assignment));
}

Deno.test("copies: VMs that a worker of a version before copies left run on, with what it remembered", async () => {
  await using dir = await tempDir("wc");
  const parts = { host: new MemoryHost(), clock: new VirtualClock() };
  {
    await using worker = await openVms(dir.path, parts);
    await worker.assign([order(7, web(1))]);
    await worker.until("it settles", worker.settled(7));
  }
  const [before] = await parts.host.load();
  await makeFormer(dir.path, 7);
  {
    await using worker = await openVms(dir.path, parts);
    assert.equal(worker.seen(7)?.settled, true);
    assert.equal(worker.seen(7)?.restarts, 0);
    assert.equal(
      (await worker.vmm.list())[0]?.startedAtMs,
      before?.startedAtMs,
    );
    assert.deepEqual(worker.unreadable, []);
    const name = copyDirectoryName(copy(7));
    assert.deepEqual(await filesIn(`${dir.path}/state/memory`), [
      `${name}.json`,
    ]);
    const ledger = `${dir.path}/run/${name}/ledger.json`;
    assert.equal(JSON.parse(await Deno.readTextFile(ledger)).incarnation, 7);
    assert.deepEqual(
      await filesIn(`${dir.path}/run/${directoryName(A)}`),
      [],
    );
    await worker.assign([]);
    await worker.until("it is gone", () => worker.vms.observed().length === 0);
  }
  assert.deepEqual(await filesIn(`${dir.path}/state/memory`), []);
});

Deno.test("copies: what a version before copies refused is not tried again after a reboot", async () => {
  await using dir = await tempDir("wc");
  const parts = { host: new MemoryHost(), clock: new VirtualClock() };
  const good = web(1);
  const bad = testVmSpec({
    cmdline: "simulated.outcome=never",
    spec: { update: { minHealthyTimeMs: 100, healthyDeadlineMs: 2000 } },
  });
  const tried = order(7, bad, {
    orderRevision: 2,
    fallback: fallbackTo(good, 1),
  });
  {
    await using worker = await openVms(dir.path, parts);
    await worker.assign([order(7, good)]);
    await worker.until("it settles", worker.settled(7));
    await worker.assign([tried]);
    await worker.until(
      "it is back",
      () =>
        worker.seen(7)?.rolledBack !== null &&
        worker.seen(7)?.health === "healthy",
    );
  }
  await makeFormer(dir.path, 7);
  await Deno.remove(`${dir.path}/run`, { recursive: true });
  parts.host.reboot();
  await using worker = await openVms(dir.path, { ...parts, bootId: "boot-2" });
  await worker.until("it runs", () => worker.seen(7)?.health === "healthy");
  assert.equal(worker.seen(7)?.rolledBack?.runtimeHash, tried.runtimeHash);
  assert.notEqual(worker.seen(7)?.runtimeHash, tried.runtimeHash);
});
