import assert from "node:assert/strict";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import {
  DirectoryMaster,
  fallbackTo,
  orderFor,
  startWorkerProcess,
  testVmSpec,
} from "../support/worker.ts";

const VMS = ["shop/web-0", "shop/web-1", "shop/web-2"];
const WAIT = { timeoutMs: 60_000 };

function simulated(script: string, healthyDeadlineMs = 60_000) {
  const update = { minHealthyTimeMs: 100, healthyDeadlineMs };
  return testVmSpec({
    cmdline: `simulated.boot_ms=50 ${script}`,
    spec: { update },
  });
}

// The same places as with QEMU, on the simulated driver: fast enough for several VMs and every place.
for (
  const failpoint of [
    "worker.ledger.armed:2",
    "worker.vm.spawned:3",
    "worker.vm.started:2",
    "worker.vm.stopped",
    "worker.vm.settled:3",
    "worker.rollback.recorded:2",
  ]
) {
  Deno.test(`worker, simulated driver: killed at ${failpoint}, everything still ends as ordered`, async () => {
    await using dir = await tempDir("wk");
    await Deno.mkdir(`${dir.path}/master`);
    const master = new DirectoryMaster(`${dir.path}/master`);
    const good = simulated("version=1");
    const bad = simulated("simulated.outcome=never", 800);
    const fallback = fallbackTo(good, 1);
    const first = startWorkerProcess(dir.path, {
      driver: "simulated",
      failpoint,
    });
    let process = first;
    let finished = false;
    const all = async (
      what: string,
      look: (vm: NonNullable<Awaited<ReturnType<typeof master.vm>>>) => boolean,
    ) =>
      await until(what, async () => {
        const report = await master.report();
        return report !== null && report.vms.length === VMS.length &&
          report.vms.every(look);
      }, WAIT);
    const restartWhenKilled = first.ended.then((signal) => {
      if (signal !== "SIGKILL" || finished) return;
      process = startWorkerProcess(dir.path, { driver: "simulated" });
    });
    try {
      await master.assign(1, VMS.map((vm) => orderFor(vm, good)));
      await all("all settle", (vm) => vm.settled && vm.health === "healthy");
      await master.assign(
        2,
        VMS.map((vm) => orderFor(vm, bad, { revision: 2, fallback })),
      );
      await all(
        "all are back",
        (vm) =>
          vm.rolledBack?.orderRevision === 2 && vm.health === "healthy" &&
          vm.generation === 1 && vm.restarts === 0,
      );
      assert.equal(await first.ended, "SIGKILL", "the failpoint was reached");
    } finally {
      finished = true;
      await first.kill();
      await restartWhenKilled;
      await process.kill();
    }
  });
}
