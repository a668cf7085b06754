/**
 * cloud-hypervisor's driver and what it cannot start: bad machines, bad
 * programs, and VMMs that hang or die.
 *
 * @module
 */
import assert from "node:assert/strict";
import { COPY } from "../../vmm/contract/host.ts";
import { findByMarker, killNow } from "../../vmm/host/process_table.ts";
import { type VmConfig } from "../../vmm/mod.ts";
import {
  STAND_IN_TIMEOUT_MS,
  standInDriver,
  standInMachine,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import { installStandIn } from "../support/cloud_hypervisor/install.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { leftOf } from "../support/cloud_hypervisor/left.ts";

const WAIT = { timeoutMs: STAND_IN_TIMEOUT_MS };
/** Of VMMs that are meant to hang. */
const SHORT_MS = 1000;

interface Refused {
  faults?: string[];
  program?: string;
  more?: Partial<VmConfig>;
  requestTimeoutMs?: number;
}

/** Starting ends with this error, and nothing is left. */
async function isRefused(
  { faults = [], program, more = {}, requestTimeoutMs }: Refused,
  expected: { code: string; message: RegExp; hint: RegExp },
): Promise<void> {
  await using dir = await tempDir("ch");
  await using made = await standInPlace(dir.path, faults);
  const place = { ...made, program: program ?? made.program };
  const vmm = standInDriver(
    place,
    requestTimeoutMs === undefined ? {} : { requestTimeoutMs },
  );
  const config = { ...standInMachine(place, COPY, "silent"), ...more };
  try {
    await assert.rejects(vmm.start(config), expected);
    assert.deepEqual(await vmm.list(), []);
    assert.deepEqual(await leftOf(place), []);
  } finally {
    await vmm.close();
  }
}

Deno.test("cloud-hypervisor driver: a kernel that is missing or none is told before a VMM runs", async () => {
  await isRefused({ more: { kernelPath: "/nowhere/kernel" } }, {
    code: "not_found",
    message: /\/nowhere\/kernel is not on this host/,
    hint: /closure is in the cache/,
  });
  await isRefused({ more: { kernelPath: "/etc/passwd" } }, {
    code: "invalid",
    message: /\/etc\/passwd is no kernel for cloud-hypervisor: .*bzImage/,
    hint: /image\.kernelPath/,
  });
  await isRefused({ more: { kernelPath: "/etc" } }, {
    code: "invalid",
    message: /\/etc is no file/,
    hint: /image\.kernelPath/,
  });
  await isRefused({ more: { initrdPath: "/nowhere/initrd" } }, {
    code: "not_found",
    message: /initrd/,
    hint: /closure is in the cache/,
  });
});

Deno.test("cloud-hypervisor driver: an image too large for its guest, and a guest too large for its host", async () => {
  await using dir = await tempDir("ch");
  const large = `${dir.path}/large`;
  await Deno.writeFile(large, new Uint8Array(0));
  await Deno.truncate(large, 200 * 2 ** 20);
  await isRefused({ more: { initrdPath: large } }, {
    code: "invalid",
    message: /with 128 MiB: its kernel and initrd have 201 MiB/,
    hint: /raise memoryMib/,
  });
  await isRefused({ more: { memoryMib: 60_000_000 } }, {
    code: "overloaded",
    message: /needs 60000000 MiB: this host has \d+ MiB/,
    hint: /lower memoryMib/,
  });
  await isRefused({ more: { cpus: 400 } }, {
    code: "invalid",
    message: /cpus/,
    hint: /change its cpuMilli/,
  });
});

Deno.test("cloud-hypervisor driver: ports without a network card are refused", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const { nic: _nic, ...config } = standInMachine(place, COPY, "silent");
  const vmm = standInDriver(place);
  await assert.rejects(vmm.start(config), {
    code: "missing_dependency",
    message: /ports need a network card/,
  });
  await vmm.start({ ...config, ports: [] });
  await vmm.stop(COPY, { graceMs: 0 });
  await vmm.close();
});

Deno.test("cloud-hypervisor driver: a program that is missing, another one or too old", async () => {
  await isRefused({ program: "/nowhere/cloud-hypervisor" }, {
    code: "missing_dependency",
    message: /\/nowhere\/cloud-hypervisor: it is not installed/,
    hint: /install cloud-hypervisor v50/,
  });
  await isRefused({ program: "/bin/echo" }, {
    code: "missing_dependency",
    message: /it says "echo .*", which is no version of cloud-hypervisor/,
    hint: /install cloud-hypervisor v50/,
  });
  await isRefused({ program: "/etc/passwd" }, {
    code: "missing_dependency",
    message: /\/etc\/passwd/,
    hint: /install cloud-hypervisor v50/,
  });
  await isRefused({ faults: ["version=v49.1"] }, {
    code: "missing_dependency",
    message: /it is version 49, and versions before 50 are not driven/,
    hint: /install cloud-hypervisor v50/,
  });
});

Deno.test("cloud-hypervisor driver: /dev/kvm without permission", async () => {
  await isRefused({ faults: ["no-kvm"] }, {
    code: "missing_dependency",
    message: /Failed to open hypervisor interface .*Permission denied/,
    hint: /read and write \/dev\/kvm/,
  });
});

Deno.test("cloud-hypervisor driver: a run directory that is too long for sockets", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const vmm = standInDriver(place, {
    runDir: `${dir.path}/${"long".repeat(20)}`,
  });
  await assert.rejects(vmm.start(standInMachine(place, COPY, "silent")), {
    code: "invalid",
    message: /unix socket below it would have more than 107 bytes/,
  });
  await vmm.close();
});

for (
  const fault of ["deaf", "hang=vmm.ping", "hang=vm.create", "hang=vm.boot"]
) {
  Deno.test(`cloud-hypervisor driver: a VMM with fault ${fault} is given up in time, and ended`, async () => {
    await isRefused({ faults: [fault], requestTimeoutMs: SHORT_MS }, {
      code: "timeout",
      message: /Cannot start VM "contract\/vm-0": .*did not answer.* within/,
      hint: /host swaps/,
    });
  });
}

for (const fault of ["die=vm.create", "die=vm.boot"]) {
  Deno.test(`cloud-hypervisor driver: a VMM with fault ${fault} is told by its last words`, async () => {
    const endpoint = fault.slice("die=".length);
    await isRefused({ faults: [fault] }, {
      code: "failed",
      message: new RegExp(`thread 'vmm' panicked at ${endpoint}`),
      hint: /logLevel debug/,
    });
  });
}

Deno.test("cloud-hypervisor driver: a VMM that ends at once is told so", async () => {
  await isRefused({ faults: ["no-start"] }, {
    code: "failed",
    message: /cloud-hypervisor ended at once/,
    hint: /logLevel debug/,
  });
});

Deno.test("cloud-hypervisor driver: requests to a VMM that hangs end in time, and a stop ends it", async () => {
  const asked: Record<
    string,
    (vmm: ReturnType<typeof standInDriver>) => Promise<unknown>
  > = {
    "vm.info": (vmm) => vmm.pause(COPY),
    "vm.pause": (vmm) => vmm.pause(COPY),
    "vm.resume": async (vmm) => {
      await vmm.pause(COPY);
      await vmm.resume(COPY);
    },
    "vm.resize": (vmm) => vmm.resize(COPY, { cpus: 1 }),
  };
  for (const [endpoint, ask] of Object.entries(asked)) {
    await using dir = await tempDir("ch");
    await using place = await standInPlace(dir.path, [`hang=${endpoint}`]);
    const vmm = standInDriver(place, { requestTimeoutMs: SHORT_MS });
    await started(vmm, standInMachine(place, COPY, "silent"));
    await assert.rejects(ask(vmm), {
      code: "timeout",
      message: new RegExp(`did not answer ${endpoint} within ${SHORT_MS} ms`),
    });
    // With grace it is asked in vain first, which takes its time.
    await vmm.stop(COPY, { graceMs: endpoint === "vm.info" ? 1 : 0 });
    assert.deepEqual(await leftOf(place), []);
    await vmm.close();
  }
});

/** A start under a short time-out, on a machine that may be busy: tried until it has been quick enough. */
async function started(
  vmm: ReturnType<typeof standInDriver>,
  config: VmConfig,
) {
  return await until("it starts", () => vmm.start(config), WAIT);
}

Deno.test("cloud-hypervisor driver: without Landlock VMs run, and it is told once", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path, ["no-landlock"]);
  const warnings: string[] = [];
  const vmm = standInDriver(place, {
    onWarning: (message) => warnings.push(message),
  });
  for (const incarnation of [1, 2]) {
    const copy = { ...COPY, incarnation };
    await vmm.start(standInMachine(place, copy, "silent"));
  }
  assert.equal((await vmm.list()).length, 2);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /not confined by Landlock/);
  for (const copy of await vmm.list()) await vmm.stop(copy, { graceMs: 0 });
  await vmm.close();
});

Deno.test("cloud-hypervisor driver: the program is installed anew while VMs run", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const vmm = standInDriver(place);
  await vmm.start(standInMachine(place, COPY, "silent"));
  await installStandIn(place.program, ["version=v49.0"]);
  const other = { ...COPY, incarnation: 2 };
  await assert.rejects(vmm.start(standInMachine(place, other, "silent")), {
    code: "missing_dependency",
    message: /version 49/,
  });
  assert.equal((await vmm.list()).length, 1);
  await vmm.stop(COPY, { graceMs: 0 });
  await vmm.close();
  for (const { pid } of await findByMarker(dir.path)) killNow(pid);
});
