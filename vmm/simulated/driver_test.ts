import assert from "node:assert/strict";
import { VirtualClock } from "../../tests/support/virtual_clock.ts";
import { AppError } from "../../roles/model/errors.ts";
import { MemoryHost, SimulatedVmm } from "../mod.ts";

/** A host whose table cannot be written for a while. */
class FullHost extends MemoryHost {
  isFull = false;

  override save(vms: Parameters<MemoryHost["save"]>[0]): Promise<void> {
    if (this.isFull) {
      return Promise.reject(new AppError("storage", "the disk is full"));
    }
    return super.save(vms);
  }
}

Deno.test("a stop that could not be written down is not taken for done", async () => {
  const host = new FullHost();
  const vmm = new SimulatedVmm({ host, clock: new VirtualClock() });
  const copy = { id: "shop/web-0", incarnation: 1 };
  await vmm.start({
    ...copy,
    runtimeHash: "a".repeat(64),
    cpus: 1,
    memoryMib: 64,
    kernelPath: "/kernel",
    initrdPath: "/initrd",
    cmdline: "",
    ports: [],
    volumes: [],
  });
  host.isFull = true;
  await assert.rejects(vmm.stop(copy), { code: "storage" });
  host.isFull = false;
  await vmm.stop(copy);
  assert.deepEqual(await host.load(), []);
  await vmm.close();
});
