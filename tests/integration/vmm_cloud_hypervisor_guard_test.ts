import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { GuardFence } from "../../roles/worker/fencing/guard_fence.ts";
import { COPY } from "../../vmm/contract/host.ts";
import {
  type CloudHypervisorVmm,
  type VmConfig,
  type VmExit,
  type VmInstance,
} from "../../vmm/mod.ts";
import { processFacts } from "../../vmm/host/process_table.ts";
import {
  answersHttp,
  STAND_IN_TIMEOUT_MS,
  standInDriver,
  standInMachine,
  type StandInPlace,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import { startGuardProcess } from "../support/guard_process.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: STAND_IN_TIMEOUT_MS };
const LONG_MS = 300_000;

/** A guard, and the driver as the worker uses it. */
class Guarded implements AsyncDisposable {
  readonly place: StandInPlace;
  readonly guard: Awaited<ReturnType<typeof startGuardProcess>>;
  fence: GuardFence;
  vmm: CloudHypervisorVmm;
  readonly exits: VmExit[] = [];

  private constructor(
    place: StandInPlace,
    guard: Awaited<ReturnType<typeof startGuardProcess>>,
  ) {
    this.place = place;
    this.guard = guard;
    [this.fence, this.vmm] = this.#open();
  }

  static async start(
    dir: string,
    faults: readonly string[] = [],
  ): Promise<Guarded> {
    const place = await standInPlace(dir, faults);
    const it = new Guarded(place, await startGuardProcess(`${dir}/guard`));
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
    const lease = state.kind === "held" ? state.lease : "";
    return { ...standInMachine(this.place, COPY, "serves"), lease, ...over };
  }

  async untilExit(): Promise<VmExit> {
    return await until("the exit is told", () => this.exits[0], WAIT);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.vmm.close();
    await this.fence.close();
    await this.guard.end("SIGKILL");
    await this.place[Symbol.asyncDispose]();
  }

  #open(): [GuardFence, CloudHypervisorVmm] {
    const fence = new GuardFence({
      socketPath: this.guard.socket,
      worker: "w1",
      clock: systemClock,
      onNews: () => undefined,
    });
    const vmm = standInDriver(this.place, { spawner: fence });
    vmm.watch((exit) => this.exits.push(exit));
    return [fence, vmm];
  }
}

async function isDead({ pid }: VmInstance): Promise<boolean> {
  const facts = await processFacts(pid);
  return facts === null || facts.zombie;
}

Deno.test("guarded cloud-hypervisor: it boots, is adopted by the next worker, and stops gently", async () => {
  await using dir = await tempDir("gc");
  await using it = await Guarded.start(dir.path);
  const started = await it.vmm.start(await it.config(LONG_MS));
  await until("it answers", () => answersHttp(it.vmm, COPY), WAIT);
  await it.reopen();
  assert.deepEqual(await it.vmm.list(), [started]);
  await it.vmm.stop(COPY, { graceMs: STAND_IN_TIMEOUT_MS });
  assert.ok(await isDead(started));
  assert.deepEqual(it.exits, []);
});

Deno.test("guarded cloud-hypervisor: it dies with the guard, and that is told as the fence's doing", async () => {
  await using dir = await tempDir("gc");
  await using it = await Guarded.start(dir.path);
  const started = await it.vmm.start(await it.config(LONG_MS));
  await it.guard.end("SIGKILL");
  await until("it is dead", () => isDead(started), WAIT);
  const exit = await it.untilExit();
  assert.deepEqual([exit.clean, exit.fenced], [false, true]);
  await assert.rejects(
    it.vmm.start({
      ...standInMachine(it.place, COPY, "serves"),
      lease: "any",
    }),
    { code: "unavailable", message: /guard/ },
  );
});

Deno.test("guarded cloud-hypervisor: what the guard does not know is ended, not adopted", async () => {
  await using dir = await tempDir("gc");
  await using it = await Guarded.start(dir.path);
  const started = await it.vmm.start(await it.config(LONG_MS));
  await it.vmm.close();
  await it.fence.close();
  const blind = standInDriver(it.place);
  assert.deepEqual(await blind.list(), []);
  assert.ok(await isDead(started));
  await blind.close();
});

Deno.test("guarded cloud-hypervisor: a start that fails says why, as without a guard", async () => {
  await using dir = await tempDir("gc");
  await using it = await Guarded.start(dir.path, ["no-kvm"]);
  await assert.rejects(it.vmm.start(await it.config(LONG_MS)), {
    code: "missing_dependency",
    message: /Permission denied/,
  });
  await assert.rejects(
    it.vmm.start(await it.config(LONG_MS, { lease: "another.1" })),
    { code: "refused" },
  );
  assert.deepEqual(await it.vmm.list(), []);
});
