import assert from "node:assert/strict";
import { FencedCluster } from "../support/fenced_hosts.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { testVmSpec } from "../support/worker.ts";

const WAIT = { timeoutMs: 120_000 };
/** Short enough to lose a worker in a test, long enough for one that lives to renew on a busy machine. */
const LEASE_MS = 3000;
const DB = "shop/db-0";
const WEB = "shop/web-0";

function vm(name: string, fencing: "none" | "exclusive") {
  return testVmSpec({
    cmdline: "simulated.boot_ms=50",
    spec: {
      name,
      fencing,
      update: { minHealthyTimeMs: 100, healthyDeadlineMs: 60_000 },
    },
  });
}

/** Hosts "w1" and "w2", and the exclusive VM healthy on one of them. */
async function started(dir: string, leaseMs = LEASE_MS) {
  const cluster = new FencedCluster(dir, { leaseMs });
  try {
    await cluster.start(["w1", "w2"]);
    await cluster.publish([vm("db", "exclusive")]);
    const at = await cluster.untilHealthy(DB);
    return { cluster, at };
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

async function untilNoneOn(cluster: FencedCluster, name: string) {
  await until(`nothing exclusive runs on ${name}`, async () => {
    const alive = await cluster.watch.alive();
    return alive.every(({ host }) => host !== name);
  }, WAIT);
}

Deno.test("fencing: a frozen worker's exclusive VM is ended at the deadline, runs elsewhere, and never twice", async () => {
  await using dir = await tempDir("fence");
  const { cluster, at } = await started(dir.path);
  await using _ = cluster;
  cluster.host(at).worker.signal("SIGSTOP");
  await untilNoneOn(cluster, at);
  const elsewhere = await cluster.untilHealthy(DB, (worker) => worker !== at);

  // Awake again it knows nothing of all that, and must neither start nor keep anything.
  cluster.host(at).worker.signal("SIGCONT");
  await until("the worker reports that it has let go", async () => {
    const { workers, vms } = await cluster.status();
    const worker = workers.find(({ id }) => id === at);
    return worker?.state === "alive" && vms.length === 1 &&
      vms[0]?.worker === elsewhere && vms[0].health === "healthy";
  }, WAIT);
  assert.deepEqual(
    (await cluster.watch.alive()).map(({ host }) => host),
    [elsewhere],
  );
  assert.deepEqual(cluster.watch.doubles, []);
});

Deno.test("fencing: a killed worker's exclusive VM runs on, and one that comes back in time adopts it", async () => {
  await using dir = await tempDir("fence");
  const { cluster, at } = await started(dir.path, 60_000);
  await using _ = cluster;
  const before = await cluster.watch.alive();
  await cluster.host(at).worker.kill();
  assert.deepEqual(await cluster.watch.alive(), before);
  await cluster.restartWorker(at);
  await until("it is reported as healthy by the new process", async () => {
    const response = await fetch(`${cluster.host(at).worker.http}/api/v1/vms`);
    const { vms } = await response.json();
    return vms[0]?.health === "healthy" && vms[0].restarts === 0;
  }, WAIT);
  assert.deepEqual(await cluster.watch.alive(), before);
});

Deno.test("fencing: a killed worker that does not come back loses its exclusive VM to another host", async () => {
  await using dir = await tempDir("fence");
  const { cluster, at } = await started(dir.path);
  await using _ = cluster;
  await cluster.host(at).worker.kill();
  await untilNoneOn(cluster, at);
  await cluster.untilHealthy(DB, (worker) => worker !== at);
  assert.deepEqual(cluster.watch.doubles, []);
});

Deno.test("fencing: with the guard exclusive VMs die at once, others live; without one they wait", async () => {
  await using dir = await tempDir("fence");
  await using cluster = new FencedCluster(dir.path, { leaseMs: 60_000 });
  await cluster.start(["w1"]);
  await cluster.publish([vm("db", "exclusive"), vm("web", "none")]);
  await cluster.untilHealthy(DB);
  await cluster.untilHealthy(WEB);
  const { guard, worker } = cluster.host("w1");
  assert.equal((await cluster.watch.alive()).length, 1);
  await guard.end("SIGKILL");
  await untilNoneOn(cluster, "w1");
  await until("readyz and status say why", async () => {
    const response = await fetch(`${worker.http}/readyz`);
    const { ok, reasons } = await response.json();
    const { vms } = await cluster.status();
    const db = vms.find(({ id }) => id === DB);
    return !ok && /guard/.test(reasons.join()) && db?.health !== "healthy" &&
      /guard/.test(db?.message ?? "");
  }, WAIT);
  const { vms } = await cluster.status();
  const web = vms.find(({ id }) => id === WEB);
  assert.deepEqual([web?.health, web?.restarts], ["healthy", 0]);

  await cluster.restartGuard("w1");
  await cluster.untilHealthy(DB);
  const db = (await cluster.status()).vms.find(({ id }) => id === DB);
  assert.equal(db?.restarts, 0);
});

Deno.test("fencing: a VM whose guard died moves to a host that has one", async () => {
  await using dir = await tempDir("fence");
  const { cluster, at } = await started(dir.path, 60_000);
  await using _ = cluster;
  await cluster.host(at).guard.end("SIGKILL");
  await cluster.untilHealthy(DB, (worker) => worker !== at);
  assert.deepEqual(cluster.watch.doubles, []);
});

Deno.test("fencing: a master that starts again waits until no lease that it gave can be in force", async () => {
  await using dir = await tempDir("fence");
  const { cluster, at } = await started(dir.path);
  await using _ = cluster;
  cluster.host(at).worker.signal("SIGSTOP");
  await cluster.stopMaster();
  await cluster.startMaster();
  await cluster.untilHealthy(DB, (worker) => worker !== at);
  assert.deepEqual(cluster.watch.doubles, []);
});
