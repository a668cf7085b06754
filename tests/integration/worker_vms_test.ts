import assert from "node:assert/strict";
import { type CopyId, copyKey } from "../../roles/model/ids.ts";
import { emptyLedger } from "../../roles/worker/vms/core/ledger.ts";
import { noClosures } from "../../roles/worker/closures/closures.ts";
import { LedgerStore } from "../../roles/worker/vms/ledger_store.ts";
import { Vms } from "../../roles/worker/vms/vms.ts";
import type { VmConfig, VmExit, VmInstance, Vmm } from "../../vmm/mod.ts";
import { VirtualClock } from "../support/master.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { orderFor, testVmSpec } from "../support/worker.ts";

const A = "shop/web-0";
const COPY = { id: A, incarnation: 1 };
const WAIT = { timeoutMs: 20_000 };

/** A driver whose VM may end at any moment the test chooses. */
class ScriptedVmm implements Partial<Vmm> {
  readonly startsAtOnce = 4;
  readonly running = new Map<string, VmInstance>();
  readonly starts: string[] = [];
  /** Called when `list` has looked and not answered yet. */
  afterList = () => {};
  #watchers = new Set<(exit: VmExit) => void>();

  start(config: VmConfig): Promise<VmInstance> {
    const { id, incarnation, runtimeHash } = config;
    const instance: VmInstance = {
      id,
      incarnation,
      runtimeHash,
      pid: 0,
      host: "127.0.0.1",
      ports: [],
      startedAtMs: this.starts.length,
      paused: false,
    };
    this.running.set(copyKey(config), instance);
    this.starts.push(runtimeHash);
    return Promise.resolve(instance);
  }

  stop(copy: CopyId): Promise<void> {
    this.running.delete(copyKey(copy));
    return Promise.resolve();
  }

  list(): Promise<VmInstance[]> {
    const found = [...this.running.values()];
    this.afterList();
    return Promise.resolve(found);
  }

  watch(onExit: (exit: VmExit) => void): Disposable {
    this.#watchers.add(onExit);
    return { [Symbol.dispose]: () => void this.#watchers.delete(onExit) };
  }

  end(copy: CopyId): void {
    this.running.delete(copyKey(copy));
    for (const tell of this.#watchers) {
      tell({ ...copy, kind: "exited", clean: false, reason: "ended" });
    }
  }
}

/** VMs over a driver and a disk, whose probes find what the test says. */
async function vmsOver(dir: string, vmm: ScriptedVmm, clock: VirtualClock) {
  const store = new LedgerStore({
    stateDir: `${dir}/state`,
    runDir: `${dir}/run`,
    bootId: "boot-1",
    onUnreadable: () => undefined,
  });
  await store.prepare();
  const answers = { ok: true };
  const vms = new Vms({
    name: "w1",
    bootId: "boot-1",
    clock,
    vmm: vmm as unknown as Vmm,
    closures: noClosures,
    checks: {
      probe: () => Promise.resolve({ ...answers, message: "" }),
      forget: () => undefined,
    },
    store,
    volumesDir: `${dir}/volumes`,
    stopGraceMs: 0,
    onWarning: () => undefined,
    onChange: () => undefined,
  });
  return { vms, store, answers };
}

Deno.test("worker: a VM that ends while it is being taken over is started again", async () => {
  await using dir = await tempDir("wv");
  const clock = new VirtualClock();
  const vmm = new ScriptedVmm();
  const order = orderFor(A, testVmSpec());
  const { vms, store } = await vmsOver(dir.path, vmm, clock);
  const { incarnation, runtimeHash, generation, spec } = order;
  const target = { incarnation, runtimeHash, generation, spec };
  await store.save({
    ...emptyLedger(COPY, "boot-1"),
    order,
    lastHealthy: target,
  });
  await vmm.start({ id: A, ...target } as unknown as VmConfig);
  vmm.afterList = () => vmm.end(COPY);
  await vms.start();
  await until("it is started again", () => {
    clock.advance(100);
    return vmm.starts.length === 2 && vmm.running.has(copyKey(COPY));
  }, WAIT);
  await vms.stop();
});

Deno.test("worker: a change is not rolled back for the time the host was suspended", async () => {
  await using dir = await tempDir("wv");
  const clock = new VirtualClock();
  const vmm = new ScriptedVmm();
  const { vms, answers } = await vmsOver(dir.path, vmm, clock);
  await vms.start();
  answers.ok = false;
  const order = orderFor(A, testVmSpec());
  await vms.accept({
    worker: "w1",
    leaseEpoch: 1,
    revision: 1,
    leaseMs: 10_000,
    orders: [order],
  });
  const look = () => vms.observed()[0];
  await until("it starts", () => look()?.state === "Running", WAIT);
  clock.advance(24 * 3_600_000);
  answers.ok = true;
  await until("it settles", () => {
    clock.advance(20);
    return look()?.settled;
  }, WAIT);
  assert.equal(look()?.rolledBack, null);
  assert.equal(vmm.starts.length, 1);
  await vms.stop();
});
