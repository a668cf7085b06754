import assert from "node:assert/strict";
import type { ObservedVm, Order } from "../../roles/model/mod.ts";
import { run } from "../../roles/worker/mod.ts";
import { freePort } from "../../vmm/host/host_ports.ts";
import { findByMarker, processFacts } from "../../vmm/host/process_table.ts";
import { tempDir } from "../support/temp.ts";
import { BOOT_TIMEOUT_MS, httpBody, testQemu } from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import {
  DirectoryMaster,
  fallbackTo,
  imageClosures,
  MISSING_PATH,
  orderFor,
  startWorkerProcess,
  testVmSpec,
  workerConfig,
} from "../support/worker.ts";
import { until } from "../support/wait.ts";

const A = "shop/web-0";
const B = "shop/web-1";

/** A directory with a master in it; what a failed test left running is ended. */
async function hostWithMaster() {
  const dir = await tempDir("wk");
  await Deno.mkdir(`${dir.path}/master`);
  await Deno.mkdir(`${dir.path}/run`);
  const master = new DirectoryMaster(`${dir.path}/master`);
  return {
    path: dir.path,
    master,
    async [Symbol.asyncDispose]() {
      const vmm = testQemu(`${dir.path}/run`, "vms");
      for (const copy of await vmm.list()) {
        await vmm.stop(copy, { graceMs: 0 });
      }
      await vmm.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

async function untilVm(
  master: DirectoryMaster,
  id: string,
  what: string,
  look: (vm: ObservedVm) => boolean,
): Promise<ObservedVm> {
  try {
    return await until(`${id} ${what}`, async () => {
      const vm = await master.vm(id);
      return vm !== undefined && look(vm) ? vm : null;
    }, { timeoutMs: BOOT_TIMEOUT_MS });
  } catch (error) {
    throw new Error(JSON.stringify(await master.vm(id)), { cause: error });
  }
}

const isSettled = (vm: ObservedVm) => vm.settled && vm.health === "healthy";

/** The pids of the QEMUs of one run directory. */
async function qemus(dir: string): Promise<number[]> {
  return (await findByMarker(`${dir}/run/vms/`))
    .filter(({ cmdline }) => cmdline.includes("qemu-system"))
    .map(({ pid }) => pid);
}

Deno.test("worker: two VMs become healthy, outlive kill -9 and are adopted by the next process", async () => {
  await using host = await hostWithMaster();
  const { master } = host;
  await using first = startWorkerProcess(host.path);
  const spec = testVmSpec();
  await master.assign(1, [orderFor(A, spec), orderFor(B, spec)]);
  const before = await untilVm(master, A, "settles", isSettled);
  await untilVm(master, B, "settles", isSettled);
  const pids = await qemus(host.path);
  assert.equal(pids.length, 2);
  for (const key of ["copy", "boot", "healthy"] as const) {
    assert.equal(typeof before.seconds[key], "number", key);
  }
  const port = before.ports[0]?.host ?? 0;
  assert.equal(before.address, `127.0.0.1:${port}`);
  const { process } = await master.report() ?? {};
  await first.kill();
  assert.equal(await httpBody(port), "ok\n", "the VM outlives the worker");

  await using second = startWorkerProcess(host.path);
  await until(
    "the second worker reports",
    async () => (await master.report())?.process !== process,
    { timeoutMs: BOOT_TIMEOUT_MS },
  );
  const after = await untilVm(master, A, "is adopted", isSettled);
  assert.deepEqual((await qemus(host.path)).sort(), pids.sort());
  assert.equal(after.restarts, 0);
  assert.equal(after.address, before.address);
  assert.ok((after.healthyForMs ?? 0) > (before.healthyForMs ?? 0));

  await master.assign(2, [orderFor(B, spec)]);
  await until(
    "A is stopped",
    async () => (await qemus(host.path)).length === 1,
    {
      timeoutMs: BOOT_TIMEOUT_MS,
    },
  );
  await until("A is forgotten", async () => await master.vm(A) === undefined, {
    timeoutMs: BOOT_TIMEOUT_MS,
  });
  assert.equal(await httpBody(port), null);
  // A lower pair changes nothing, whatever it says.
  await master.assign(1, [], { leaseEpoch: 0 });
  await second.kill();
});

Deno.test("worker: a promoted copy takes the published port over while its guest runs on", async () => {
  await using host = await hostWithMaster();
  const { master } = host;
  await using _worker = startWorkerProcess(host.path);
  const published = (version: number) =>
    testVmSpec({
      cmdline: `quiet VERSION=${version}`,
      spec: {
        network: { ports: [{ name: "http", guest: 80, publish: port }] },
      },
    });
  const port = freePort("127.0.0.1", new Set());
  const blue = orderFor(A, published(1));
  const green = { ...orderFor(A, published(2)), incarnation: 2, surge: true };
  const untilCopy = async (
    { incarnation }: Order,
    look: (vm: ObservedVm) => boolean,
  ) =>
    await until(`copy ${incarnation}`, async () => {
      const vms = (await master.report())?.vms ?? [];
      return vms.find((vm) => vm.incarnation === incarnation && look(vm));
    }, { timeoutMs: BOOT_TIMEOUT_MS });
  await master.assign(1, [blue, green]);
  const main = await untilCopy(blue, isSettled);
  await untilCopy(green, isSettled);
  assert.equal(main.address, `127.0.0.1:${port}`);
  const [bluePid, greenPid] = await qemus(host.path);

  await master.assign(2, [{ ...green, surge: false }]);
  await untilCopy(green, ({ address }) => address === main.address);
  assert.equal(await httpBody(port), "ok\n");
  const left = await qemus(host.path);
  assert.equal(left.length, 1);
  assert.ok(left[0] === bluePid || left[0] === greenPid);
  const vm = await untilCopy(green, isSettled);
  assert.equal(vm.restarts, 0);
  assert.equal(vm.runtimeHash, green.runtimeHash);
});

Deno.test("worker: an image that is never healthy falls back, with the master away", async () => {
  await using host = await hostWithMaster();
  const { master } = host;
  await using _worker = startWorkerProcess(host.path);
  const good = testVmSpec();
  await master.assign(1, [orderFor(A, good)]);
  await untilVm(master, A, "settles", isSettled);
  const bad = testVmSpec({
    cmdline: "quiet MODE=silent",
    spec: { update: { healthyDeadlineMs: 4000, minHealthyTimeMs: 500 } },
  });
  const order = orderFor(A, bad, {
    revision: 2,
    generation: 2,
    fallback: fallbackTo(good, 1),
  });
  await master.assign(2, [order]);
  await until(
    "the worker has the order",
    async () => (await master.report())?.revision === 2,
    { timeoutMs: BOOT_TIMEOUT_MS },
  );
  await master.setReachable(false);
  const vmm = testQemu(`${host.path}/run`, "vms");
  await vmm.close();
  const ledger = async () => {
    const dirs = [...Deno.readDirSync(`${host.path}/run/vms`)];
    const dir = dirs.find(({ isDirectory }) => isDirectory)?.name;
    return JSON.parse(
      await Deno.readTextFile(`${host.path}/run/vms/${dir}/ledger.json`),
    );
  };
  await until("the fallback is healthy, by the ledger", async () => {
    const { refused, attempt } = await ledger();
    return refused?.runtimeHash === order.runtimeHash &&
      attempt?.healthySinceMs !== null && attempt?.target.generation === 1;
  }, { timeoutMs: BOOT_TIMEOUT_MS });
  await master.setReachable(true);
  const vm = await untilVm(
    master,
    A,
    "is told",
    (vm) => vm.rolledBack !== null,
  );
  assert.equal(vm.rolledBack?.orderRevision, 2);
  assert.match(
    vm.rolledBack?.reason ?? "",
    /not healthy within 4000 ms: http: /,
  );
  assert.equal(vm.generation, 1);
  assert.equal(vm.health, "healthy");
});

for (
  const failpoint of [
    "worker.ledger.armed",
    "worker.vm.spawned",
    "worker.vm.started",
    "worker.vm.settled",
  ]
) {
  Deno.test(`worker: killed at ${failpoint}, the next process ends with one healthy VM`, async () => {
    await using host = await hostWithMaster();
    const { master } = host;
    await using first = startWorkerProcess(host.path, { failpoint });
    await master.assign(1, [orderFor(A, testVmSpec())]);
    assert.equal(await first.ended, "SIGKILL");
    await using _second = startWorkerProcess(host.path);
    const vm = await untilVm(master, A, "settles", isSettled);
    assert.equal(vm.restarts, 0);
    assert.equal((await qemus(host.path)).length, 1);
  });
}

for (const failpoint of ["worker.vm.stopped", "worker.rollback.recorded"]) {
  Deno.test(`worker: killed at ${failpoint} during a rollback, the next process ends in the fallback`, async () => {
    await using host = await hostWithMaster();
    const { master } = host;
    const good = testVmSpec();
    const bad = testVmSpec({
      cmdline: "quiet MODE=silent",
      spec: { update: { healthyDeadlineMs: 2000, minHealthyTimeMs: 100 } },
    });
    await master.assign(1, [orderFor(A, good)]);
    {
      await using _first = startWorkerProcess(host.path);
      await untilVm(master, A, "settles", isSettled);
    }
    const fallback = fallbackTo(good, 1);
    await using second = startWorkerProcess(host.path, { failpoint });
    await master.assign(2, [orderFor(A, bad, { revision: 2, fallback })]);
    assert.equal(await second.ended, "SIGKILL");
    await using _third = startWorkerProcess(host.path);
    const vm = await untilVm(
      master,
      A,
      "is back",
      (vm) => vm.rolledBack !== null && vm.health === "healthy",
    );
    assert.equal(vm.rolledBack?.orderRevision, 2);
    assert.equal((await qemus(host.path)).length, 1);
  });
}

Deno.test("worker: a path the cache does not have is the host's failure, and the old VM runs on", async () => {
  await using host = await hostWithMaster();
  const { master } = host;
  const image = await testImage();
  const worker = await run(workerConfig(host.path), {
    link: () => master,
    closures: imageClosures(image),
  });
  const good = testVmSpec();
  await master.assign(1, [orderFor(A, good)]);
  const before = await untilVm(master, A, "settles", isSettled);
  const absent = testVmSpec({ storePath: MISSING_PATH });
  const fallback = fallbackTo(good, 1);
  await master.assign(2, [orderFor(A, absent, { revision: 2, fallback })]);
  const vm = await untilVm(master, A, "tells", (vm) => vm.hostFailure !== null);
  assert.equal(vm.hostFailure?.kind, "cache");
  assert.match(vm.hostFailure?.message ?? "", /is not in the cache/);
  assert.equal(vm.runtimeHash, before.runtimeHash);
  assert.equal(vm.health, "healthy");
  assert.equal(vm.rolledBack, null);

  const logs = await worker.view.logs(A, 65_536);
  assert.match(logs.text, /test-vm: ready/);
  await assert.rejects(worker.view.logs("shop/none-0", 10), {
    code: "not_found",
  });
  const { http } = worker.endpoints;
  const health = await fetch(`${http}/healthz`);
  assert.equal(health.status, 200);
  await health.body?.cancel();
  const metrics = await (await fetch(`${http}/metrics`)).text();
  assert.match(
    metrics,
    /procurator_worker_vms\{state="Running",health="healthy"\} 1/,
  );
  await assert.rejects(
    run(workerConfig(host.path), { link: () => master }),
    { code: "refused", message: /in use by process/ },
  );
  const [pid = 0] = await qemus(host.path);
  await worker.stop();
  assert.notEqual(await processFacts(pid), null, "VMs outlive the worker");
});

Deno.test("worker: without qemu the VM waits with a reason that names the package", async () => {
  await using host = await hostWithMaster();
  const { master } = host;
  const worker = await run(
    workerConfig(host.path, { qemuPath: "qemu-not-installed" }),
    { link: () => master, closures: imageClosures(await testImage()) },
  );
  await master.assign(1, [orderFor(A, testVmSpec())]);
  const vm = await untilVm(master, A, "tells", (vm) => vm.hostFailure !== null);
  assert.equal(vm.hostFailure?.kind, "driver");
  assert.match(
    vm.hostFailure?.message ?? "",
    /apt-get install .*qemu-system-x86/,
  );
  assert.equal(vm.rolledBack, null);
  await worker.stop();
});
