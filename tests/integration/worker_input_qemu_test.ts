/** Bad orders and damaged state of a worker over QEMU: what its master is told, and that the other VM does not notice. */
import assert from "node:assert/strict";
import { copyDirectoryName } from "../../vmm/mod.ts";
import {
  badOrdersAreTold,
  InputWorker,
  isUnharmed,
  WEB,
} from "../support/input_worker.ts";
import { testImage } from "../support/vmm_image.ts";

Deno.test("worker: orders that cannot be started say why and what to do, and harm nobody (qemu)", async () => {
  await using host = await InputWorker.make({
    config: () => ({ driver: "qemu" }),
    cmdline: "quiet",
    spec: {},
    image: testImage,
  });
  await host.start();
  await badOrdersAreTold(host, {
    "shop/absent-0": {
      image: "absent-kernel",
      failure: "cache",
      message:
        /\/nowhere\/kernel is not on this host \(check that its closure is in the cache\)/,
    },
    "shop/text-0": {
      image: "text-kernel",
      failure: null,
      message: /kernel .*\(image\.kernelPath must name a bzImage/,
    },
    "shop/large-0": {
      image: "large-initrd",
      failure: null,
      message:
        /with 128 MiB: its kernel and initrd have 2\d\d MiB \(raise memoryMib/,
    },
    "shop/huge-0": {
      memoryMib: 60_000_000,
      failure: "capacity",
      message:
        /needs 60000000 MiB: this host has \d+ MiB with its swap \(lower memoryMib/,
    },
  });

  // The same guest, with what tells of it damaged.
  const before = await host.pids();
  const web = `run/vms/${copyDirectoryName({ id: WEB, incarnation: 1 })}`;
  await host.stop();
  const files = ["state/assignment.json", "run/driver.json", `${web}/vm.json`];
  for (const file of files) {
    await Deno.writeTextFile(`${host.dir}/${file}`, '{"version":1,');
  }
  await host.start();
  assert.deepEqual(await host.pids(), before);
  for (const file of files) {
    assert.ok(host.warnings.join().includes(`${host.dir}/${file}`), file);
  }
  await isUnharmed(host, before);
});
