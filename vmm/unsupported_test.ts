import assert from "node:assert/strict";
import { Unsupported } from "./unsupported.ts";
import type { VmConfig } from "./core/vm_config.ts";

class Bare extends Unsupported {
  readonly name = "bare";
}

Deno.test("a driver refuses what it leaves out, and says which driver and which VM", async () => {
  const driver = new Bare();
  const copy = { id: "shop/web-0", incarnation: 1 };
  const calls: Promise<unknown>[] = [
    driver.console(copy),
    driver.guestChannel(copy),
    driver.pause(copy),
    driver.resume(copy),
    driver.resize(copy, { cpus: 2 }),
    driver.snapshot(copy, "/snapshot"),
    driver.restore({ ...copy } as VmConfig, "/snapshot"),
  ];
  for (const call of calls) {
    await assert.rejects(call, {
      code: "refused",
      message: /shop\/web-0.*driver bare does not/,
    });
  }
});
