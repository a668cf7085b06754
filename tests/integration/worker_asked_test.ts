/**
 * `createVm` and `deleteVm` over RPC, asked of a worker in a process of its
 * own as its master asks: on the capability that it registered.
 */
import assert from "node:assert/strict";
import { dirname } from "node:path";
import { type Assignment, type Order } from "../../roles/model/mod.ts";
import { type RpcMaster, serveRpcMaster } from "../support/rpc_master.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { orderFor, startWorkerProcess, testVmSpec } from "../support/worker.ts";

const WAIT = { timeoutMs: 60_000 };
const WEB = "shop/web-0";
const ONCE = "shop/once-0";
/** Ended by itself, and left so by its policy. */
const POWERS_OFF = "simulated.boot_ms=50 simulated.outcome=poweroff " +
  "simulated.after_ms=300";

function assignmentOf(orders: Order[], revision = 1): Assignment {
  return { worker: "w1", leaseEpoch: 1, revision, leaseMs: 3000, orders };
}

const web = orderFor(
  WEB,
  testVmSpec({
    cmdline: "simulated.boot_ms=50",
    spec: {
      update: { minHealthyTimeMs: 100 },
    },
  }),
);
const once = orderFor(
  ONCE,
  testVmSpec({
    cmdline: POWERS_OFF,
    spec: {
      name: "once",
      update: { minHealthyTimeMs: 100 },
      restart: { policy: "on-failure" },
    },
  }),
);

/** A worker process whose VMs are simulated, and its master. */
async function start(dir: string, master: RpcMaster) {
  await Deno.writeTextFile(`${dir}/worker.token`, "master pcr_x\n", {
    mode: 0o600,
  });
  const config = { masterUrl: master.url, tokenFile: `${dir}/worker.token` };
  const begin = () => startWorkerProcess(dir, { driver: "simulated", config });
  let process = begin();
  return {
    /** kill -9, and the next one. */
    async replace() {
      await process.kill();
      process = begin();
    },
    [Symbol.asyncDispose]: () => process.kill(),
  };
}

/** The VM as it is reported, when `look` is content. */
const vmOf = (
  master: RpcMaster,
  id: string,
  what: string,
  look: (vm: NonNullable<ReturnType<typeof find>>) => boolean,
) =>
  until(what, () => {
    const vm = find(master, id);
    return vm !== undefined && look(vm) ? vm : null;
  }, WAIT).catch((cause) => {
    throw new Error(JSON.stringify(find(master, id)), { cause });
  });

function find(master: RpcMaster, id: string) {
  return master.report()?.vms.find(({ vm }) => vm === id);
}

async function workerOf(master: RpcMaster) {
  return await until("it has registered", () => master.worker(), WAIT);
}

/** Which boots have a log. */
async function bootsOf(master: RpcMaster, vm: string) {
  const { boot } = await (await workerOf(master)).readLog({
    ...{ vm, generation: 0, boot: 0, offset: 0, incarnation: 0 },
    ...{ maxBytes: 10, waitMs: 0 },
  });
  return Number(boot);
}

Deno.test("worker over RPC: createVm starts what its policy left, and leaves what runs; an unknown VM is told of", async () => {
  await using dir = await tempDir("asked");
  using master = await serveRpcMaster();
  await using _process = await start(dir.path, master);
  master.assign(assignmentOf([web, once]));
  const settled = (vm: { settled: boolean }) => vm.settled;
  await vmOf(master, WEB, "the web server settles", settled);
  await vmOf(
    master,
    ONCE,
    "the other has ended",
    ({ state }) => state === "Shutdown",
  );
  const worker = await workerOf(master);
  assert.equal(await bootsOf(master, ONCE), 1);
  await worker.createVm({ vm: ONCE });
  await until(
    "it boots again",
    async () => await bootsOf(master, ONCE) === 2,
    WAIT,
  );
  await worker.createVm({ vm: WEB });
  assert.equal(await bootsOf(master, WEB), 1);
  assert.equal(find(master, WEB)?.restarts, 0);
  for (const ask of ["createVm", "deleteVm"] as const) {
    await assert.rejects(
      async () => await worker[ask]({ vm: "shop/nobody-0" }),
      { code: "not_found", message: /nobody-0/ },
    );
    await assert.rejects(async () => await worker[ask]({ vm: "../x" }), {
      code: "invalid",
    });
  }
});

Deno.test("worker over RPC: deleteVm makes a VM anew with its volumes, also when the worker is killed right after", async () => {
  await using dir = await tempDir("asked");
  using master = await serveRpcMaster();
  await using process = await start(dir.path, master);
  master.assign(assignmentOf([web]));
  const isUp = (
    { settled, health }: { settled: boolean; health: string },
  ) => settled && health === "healthy";
  await vmOf(master, WEB, "it settles", isUp);
  // Simulated guests have no disks: this one is as another driver leaves it.
  const volume = `${dir.path}/state/volumes/shop/web-0/data`;
  await Deno.mkdir(dirname(volume), { recursive: true });
  await Deno.writeTextFile(volume, "kept");
  const worker = await workerOf(master);
  // A second boot, so that counting anew shows.
  await worker.snapshot({ vm: WEB, name: "before" });
  await worker.restore({ vm: WEB, name: "before" });
  await until("boot 2", async () => await bootsOf(master, WEB) === 2, WAIT);
  await vmOf(master, WEB, "it settles again", isUp);

  await worker.deleteVm({ vm: WEB });
  await until(
    "it is made anew",
    async () => await bootsOf(master, WEB) === 1,
    WAIT,
  );
  const anew = await vmOf(master, WEB, "it is healthy", isUp);
  assert.deepEqual([anew.restarts, anew.rolledBack], [0, null]);
  assert.deepEqual(
    (await worker.snapshots({ vm: WEB })).snapshots,
    [],
    "its snapshots went with it",
  );
  assert.equal(await Deno.readTextFile(volume), "kept");

  // Answered or not: what is ordered runs in the end, once.
  for (let round = 0; round < 3; round++) {
    const before = master.report()?.process;
    const current = await workerOf(master);
    const asked = Promise.resolve(current.deleteVm({ vm: WEB }))
      .catch(() => undefined);
    if (round > 0) await asked;
    await process.replace();
    await asked;
    await until(
      "the next worker reports",
      () => master.report()?.process !== before,
      WAIT,
    );
    const vm = await vmOf(master, WEB, "it is healthy again", isUp);
    assert.equal(vm.rolledBack, null);
  }
});
