import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { GuardFence } from "../../roles/worker/fencing/guard_fence.ts";
import {
  QemuVmm,
  type VmConfig,
  type VmExit,
  type VmInstance,
} from "../../vmm/mod.ts";
import { processFacts } from "../../vmm/host/process_table.ts";
import { FencedCluster } from "../support/fenced_hosts.ts";
import { startGuardProcess } from "../support/guard_process.ts";
import { tempDir } from "../support/temp.ts";
import { BOOT_TIMEOUT_MS, httpBody, testMachine } from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import { until } from "../support/wait.ts";
import { testVmSpec } from "../support/worker.ts";

const WAIT = { timeoutMs: BOOT_TIMEOUT_MS };
const LONG_MS = 300_000;
const COPY = { id: "shop/db-0", incarnation: 1 };

/** A guard, and the QEMU driver as the worker uses it. */
class GuardedQemu implements AsyncDisposable {
  readonly #dir: string;
  readonly guard: Awaited<ReturnType<typeof startGuardProcess>>;
  fence: GuardFence;
  vmm: QemuVmm;
  readonly exits: VmExit[] = [];

  private constructor(
    dir: string,
    guard: Awaited<ReturnType<typeof startGuardProcess>>,
  ) {
    this.#dir = dir;
    this.guard = guard;
    [this.fence, this.vmm] = this.#open();
  }

  static async start(dir: string): Promise<GuardedQemu> {
    const it = new GuardedQemu(dir, await startGuardProcess(`${dir}/guard`));
    await it.fence.open();
    return it;
  }

  /** A new process of the worker. */
  async reopen(): Promise<void> {
    await this.vmm.close();
    await this.fence.close();
    [this.fence, this.vmm] = this.#open();
    await this.fence.open();
  }

  /** Renews for `ms`; the machine under that lease. */
  async config(ms: number, over: Partial<VmConfig> = {}): Promise<VmConfig> {
    await this.fence.extend(systemClock.bootMs() + ms);
    const { state } = this.fence;
    assert.equal(state.kind, "held");
    const lease = state.kind === "held" ? state.lease : "";
    const machine = testMachine(await testImage(), COPY, "serves");
    return { ...machine, lease, ...over };
  }

  async untilExit(): Promise<VmExit> {
    return await until("the exit is told", () => this.exits[0], WAIT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vmm.close();
    await this.fence.close();
    await this.guard.end("SIGKILL");
  }

  #open(): [GuardFence, QemuVmm] {
    const clock = systemClock;
    const fence = new GuardFence({
      socketPath: this.guard.socket,
      worker: "w1",
      clock,
      onNews: () => undefined,
    });
    const vmm = new QemuVmm({
      runDir: `${this.#dir}/vms`,
      tempDir: `${this.#dir}/tmp`,
      clock,
      spawner: fence,
    });
    vmm.watch((exit) => this.exits.push(exit));
    return [fence, vmm];
  }
}

async function answers({ ports }: VmInstance): Promise<boolean> {
  return await httpBody(ports[0]?.host ?? 0) === "ok\n";
}

async function isDead({ pid }: VmInstance): Promise<boolean> {
  const facts = await processFacts(pid);
  return facts === null || facts.zombie;
}

Deno.test("guarded qemu: it boots, is adopted by the next worker, and stops gently", async () => {
  await using dir = await tempDir("gq");
  await using it = await GuardedQemu.start(dir.path);
  const started = await it.vmm.start(await it.config(LONG_MS));
  await until("the guest answers", () => answers(started), WAIT);
  await it.reopen();
  assert.deepEqual(await it.vmm.list(), [started]);
  await it.vmm.stop(COPY, { graceMs: 20_000 });
  assert.ok(await isDead(started));
  assert.deepEqual(it.exits, []);
  const again = await it.vmm.start(await it.config(LONG_MS));
  assert.notEqual(again.pid, started.pid);
});

Deno.test("guarded qemu: it dies with the guard, and that is told as the fence's doing", async () => {
  await using dir = await tempDir("gq");
  await using it = await GuardedQemu.start(dir.path);
  const started = await it.vmm.start(await it.config(LONG_MS));
  await it.guard.end("SIGKILL");
  await until("QEMU is dead", () => isDead(started), WAIT);
  const exit = await it.untilExit();
  assert.deepEqual([exit.clean, exit.fenced], [false, true]);
  await assert.rejects(
    it.vmm.start({ ...await testConfig(), lease: "any" }),
    { code: "unavailable", message: /guard/ },
  );
});

async function testConfig(): Promise<VmConfig> {
  return testMachine(await testImage(), COPY, "serves");
}

Deno.test("guarded qemu: it dies at the deadline while the worker is gone, and is not adopted", async () => {
  await using dir = await tempDir("gq");
  await using it = await GuardedQemu.start(dir.path);
  const config = await it.config(15_000);
  const started = await it.vmm.start(config);
  await until("QEMU is dead", () => isDead(started), WAIT);
  await it.reopen();
  assert.deepEqual(await it.vmm.list(), []);
});

Deno.test("guarded qemu: what the guard does not know is ended, not adopted", async () => {
  await using dir = await tempDir("gq");
  await using it = await GuardedQemu.start(dir.path);
  const started = await it.vmm.start(await it.config(LONG_MS));
  await it.vmm.close();
  await it.fence.close();
  const blind = new QemuVmm({
    runDir: `${dir.path}/vms`,
    tempDir: `${dir.path}/tmp`,
    clock: systemClock,
  });
  assert.deepEqual(await blind.list(), []);
  assert.ok(await isDead(started));
  await blind.close();
});

Deno.test("guarded qemu: a start that fails says why, as without a guard", async () => {
  await using dir = await tempDir("gq");
  await using it = await GuardedQemu.start(dir.path);
  await assert.rejects(
    it.vmm.start(await it.config(LONG_MS, { kernelPath: "/nowhere/kernel" })),
    { code: "not_found" },
  );
  await assert.rejects(
    it.vmm.start(await it.config(LONG_MS, { lease: "another.1" })),
    { code: "refused" },
  );
  const missing = new QemuVmm({
    runDir: `${dir.path}/other`,
    tempDir: `${dir.path}/tmp`,
    clock: systemClock,
    qemuPath: "no-such-qemu",
    spawner: it.fence,
  });
  await assert.rejects(missing.start(await it.config(LONG_MS)), {
    code: "missing_dependency",
  });
  await missing.close();
  const started = await it.vmm.start(await it.config(LONG_MS));
  await until("the guest answers", () => answers(started), WAIT);
});

/** Hosts "w1" and "w2", and the exclusive VM healthy on one of them. */
async function started(dir: string) {
  const cluster = new FencedCluster(dir, { leaseMs: 5000, driver: "qemu" });
  try {
    await cluster.start(["w1", "w2"]);
    const spec = testVmSpec({
      spec: {
        name: "db",
        fencing: "exclusive",
        update: { minHealthyTimeMs: 500, healthyDeadlineMs: 60_000 },
      },
    });
    await cluster.publish([spec]);
    return { cluster, at: await cluster.untilHealthy(COPY.id) };
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

Deno.test("fencing with qemu: a guard that is frozen is no guard, and its worker ends the VM itself", async () => {
  await using dir = await tempDir("gq");
  const { cluster, at } = await started(dir.path);
  await using _ = cluster;
  cluster.host(at).guard.signal("SIGSTOP");
  await cluster.untilHealthy(COPY.id, (worker) => worker !== at);
  cluster.host(at).guard.signal("SIGCONT");
  assert.deepEqual(cluster.watch.doubles, []);
});

Deno.test("fencing with qemu: a frozen worker's VM is ended and healthy elsewhere, never twice", async () => {
  await using dir = await tempDir("gq");
  const { cluster, at } = await started(dir.path);
  await using _ = cluster;
  cluster.host(at).worker.signal("SIGSTOP");
  const elsewhere = await cluster.untilHealthy(
    COPY.id,
    (worker) => worker !== at,
  );
  cluster.host(at).worker.signal("SIGCONT");
  await until("the worker reports that it has let go", async () => {
    const { vms } = await cluster.status();
    return vms.length === 1 && vms[0]?.worker === elsewhere &&
      vms[0].health === "healthy";
  }, { timeoutMs: 120_000 });
  assert.deepEqual(cluster.watch.doubles, []);
});
