import assert from "node:assert/strict";
import { COPY } from "../../vmm/contract/host.ts";
import { RunDirectory } from "../../vmm/host/run_directory.ts";
import { findByMarker, killNow } from "../../vmm/host/process_table.ts";
import { type VmConfig, type VmExit } from "../../vmm/mod.ts";
import {
  answersHttp,
  instanceOf,
  STAND_IN_TIMEOUT_MS,
  standInDriver,
  standInMachine,
  type StandInPlace,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import { installStandIn } from "../support/cloud_hypervisor/install.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: STAND_IN_TIMEOUT_MS };
/** Of VMMs that are meant to hang. */
const SHORT_MS = 1000;

/** What is left of VMMs below a place. */
async function leftOf({ dir }: StandInPlace): Promise<string[]> {
  const left: string[] = [];
  for (const { cmdline } of await findByMarker(`path=${dir}/run/`)) {
    left.push(cmdline);
  }
  for (const root of [`${dir}/run`, `${dir}/tmp`]) {
    for (const { name } of listing(root)) {
      for (const file of listing(`${root}/${name}`)) {
        if (!file.name.startsWith("serial-")) left.push(`${name}/${file.name}`);
      }
    }
  }
  return left;
}

function listing(dir: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(dir)];
  } catch {
    return [];
  }
}

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

Deno.test("cloud-hypervisor driver: a VMM that does not answer is ended, not adopted", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path, ["hang=vm.info"]);
  const first = standInDriver(place);
  await first.start(standInMachine(place, COPY, "silent"));
  await first.close();
  const second = standInDriver(place, { requestTimeoutMs: SHORT_MS });
  assert.deepEqual(await second.list(), []);
  assert.deepEqual(await leftOf(place), []);
  await second.close();
});

Deno.test("cloud-hypervisor driver: a VMM whose record was never finished is found by its marker", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const first = standInDriver(place);
  const instance = await first.start(standInMachine(place, COPY, "serves"));
  await first.close();
  const { record: path } = new RunDirectory(`${dir.path}/run`).paths(COPY);
  const record = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(
    path,
    JSON.stringify({ ...record, state: { kind: "starting" } }),
  );
  const second = standInDriver(place);
  assert.deepEqual(await second.list(), [instance]);
  await until("it answers", () => answersHttp(second, COPY), WAIT);
  await second.stop(COPY, { graceMs: 0 });
  assert.deepEqual(await leftOf(place), []);
  await second.close();
});

Deno.test("cloud-hypervisor driver: a VMM without a guest and one without a record are ended", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const first = standInDriver(place);
  await first.start(standInMachine(place, COPY, "silent"));
  const paths = new RunDirectory(`${dir.path}/run`).paths(COPY);
  // As a worker that died between the VMM's start and its guest's.
  const client = Deno.createHttpClient({
    proxy: { transport: "unix", path: paths.api },
  });
  const response = await fetch("http://localhost/api/v1/vm.shutdown", {
    method: "PUT",
    client,
  });
  assert.equal(response.status, 204);
  client.close();
  await first.close();
  const second = standInDriver(place);
  assert.deepEqual(await second.list(), []);
  await second.close();
  assert.deepEqual(await leftOf(place), []);

  const third = standInDriver(place);
  await third.start(standInMachine(place, COPY, "silent"));
  await third.close();
  await Deno.remove(paths.record);
  const fourth = standInDriver(place);
  assert.deepEqual(await fourth.list(), []);
  await until(
    "it is ended",
    async () => (await leftOf(place)).length === 0,
    WAIT,
  );
  await fourth.close();
});

Deno.test("cloud-hypervisor driver: a serial port that somebody else took is taken back", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const vmm = standInDriver(place);
  using _watch = vmm.watch(() => undefined);
  await vmm.start(standInMachine(place, COPY, "serves"));
  const { console } = new RunDirectory(`${dir.path}/run`).paths(COPY);
  const thief = await Deno.connect({ transport: "unix", path: console });
  await thief.write(new TextEncoder().encode("stolen\n"));
  const typist = await vmm.console(COPY);
  await until("what is typed is in the log again", async () => {
    await typist.write(new TextEncoder().encode("ours\n"));
    return /echo: ours/.test((await vmm.serialTail(COPY, 4096)).text);
  }, WAIT);
  typist.close();
  thief.close();
  await vmm.stop(COPY, { graceMs: 0 });
  await vmm.close();
});

Deno.test("cloud-hypervisor driver: a guest that a snapshot stopped runs on when its worker has died; one that was paused stays so", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const first = standInDriver(place);
  await first.start(standInMachine(place, COPY, "serves"));
  await first.pause(COPY);
  await first.close();
  const second = standInDriver(place);
  assert.deepEqual((await second.list()).map(({ paused }) => paused), [true]);
  await second.close();
  // What a worker that died in the middle of a snapshot leaves.
  const [scratch] = listing(`${dir.path}/tmp`);
  const mark = `${dir.path}/tmp/${scratch?.name}/resume`;
  await Deno.writeTextFile(mark, "");
  const third = standInDriver(place);
  assert.deepEqual((await third.list()).map(({ paused }) => paused), [false]);
  await until("it answers", () => answersHttp(third, COPY), WAIT);
  await third.stop(COPY, { graceMs: 0 });
  await third.close();
});

Deno.test("cloud-hypervisor driver: what a VMM puts into its directory leads the worker to no other file", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path, ["links"]);
  const vmm = standInDriver(place);
  await vmm.start(standInMachine(place, COPY, "serves"));
  const [scratch] = listing(`${dir.path}/tmp`);
  const secret = `${dir.path}/secret`;
  await Deno.writeTextFile(secret, "kept");
  // Where the worker notes that the guest stands still for it.
  await Deno.symlink(secret, `${dir.path}/tmp/${scratch?.name}/resume`);
  const snapshot = `${dir.path}/snapshot`;
  await assert.rejects(vmm.snapshot(COPY, snapshot), {
    code: "failed",
    message: /extra: it is no plain file/,
  });
  await assert.rejects(Deno.lstat(snapshot), Deno.errors.NotFound);
  assert.equal(await Deno.readTextFile(secret), "kept");
  await until("it runs on", () => answersHttp(vmm, COPY), WAIT);
  await vmm.stop(COPY, { graceMs: 0 });
  assert.deepEqual(await leftOf(place), []);
  await vmm.close();
});

Deno.test("cloud-hypervisor driver: a VMM that is busy with a snapshot of a worker that died is taken over, and its guest runs on", async () => {
  await using dir = await tempDir("ch");
  const busy = `${dir.path}/busy`;
  await using place = await standInPlace(dir.path, [`busy=${busy}`]);
  const first = standInDriver(place);
  const { pid } = await first.start(standInMachine(place, COPY, "serves"));
  await first.pause(COPY);
  await first.close();
  const [name] = listing(`${dir.path}/tmp`).map(({ name }) => name);
  const scratch = `${dir.path}/tmp/${name}`;
  await Deno.writeTextFile(`${scratch}/resume`, "");
  await Deno.mkdir(`${scratch}/snapshot`);
  await Deno.writeTextFile(`${scratch}/snapshot/memory-ranges`, "half");
  await Deno.writeTextFile(busy, "");
  const second = standInDriver(place, { requestTimeoutMs: SHORT_MS });
  using _watch = second.watch(() => undefined);
  const [adopted] = await second.list();
  assert.deepEqual([adopted?.pid, adopted?.paused], [pid, false]);
  await assert.rejects(second.snapshot(COPY, `${dir.path}/another`), {
    code: "unavailable",
    message: /still busy with one that was given up/,
  });
  await Deno.remove(busy);
  await until("it answers", () => answersHttp(second, COPY), WAIT);
  await until(
    "nothing of the snapshot is left",
    () => !listing(scratch).some(({ name }) => /resume|snapshot/.test(name)),
    WAIT,
  );
  await until(
    "another one is made",
    () => second.snapshot(COPY, `${dir.path}/another`),
    WAIT,
  );
  await second.stop(COPY, { graceMs: 0 });
  await second.close();
});

Deno.test("cloud-hypervisor driver: what is being stopped is neither paused nor kept, which would keep it from ending", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const vmm = standInDriver(place);
  await vmm.start(standInMachine(place, COPY, "silent"));
  const stopped = vmm.stop(COPY, { graceMs: 1000 });
  const ending = { code: "conflict", message: /it is being stopped/ };
  await assert.rejects(vmm.pause(COPY), ending);
  await assert.rejects(vmm.resize(COPY, { memoryMib: 64 }), ending);
  await assert.rejects(vmm.snapshot(COPY, `${dir.path}/snapshot`), ending);
  await stopped;
  assert.deepEqual(await vmm.list(), []);
  await vmm.close();
});

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

Deno.test("cloud-hypervisor driver: a guest that floods its serial port fills no disk and stops nobody", async () => {
  await using dir = await tempDir("ch");
  await using place = await standInPlace(dir.path);
  const vmm = standInDriver(place);
  const exits: VmExit[] = [];
  using _watch = vmm.watch((exit) => exits.push(exit));
  await vmm.start(standInMachine(place, COPY, "floods"));
  const mib = 2 ** 20;
  const request = { generation: 0, boot: 0, maxBytes: 1 };
  await until("it has written much", async () => {
    const { offset } = await vmm.readLog(COPY, {
      ...request,
      offset: 12 * mib,
    });
    return offset > 12 * mib;
  }, WAIT);
  await until("little of it is kept", async () => {
    let bytes = 0;
    for (const { name } of listing(`${dir.path}/run`)) {
      for (const file of listing(`${dir.path}/run/${name}`)) {
        if (!file.name.startsWith("serial-")) continue;
        const path = `${dir.path}/run/${name}/${file.name}`;
        bytes += ((await Deno.stat(path)).blocks ?? 0) * 512;
      }
    }
    return bytes < 9 * mib;
  }, WAIT);
  assert.ok(await instanceOf(vmm, COPY) !== undefined);
  await vmm.stop(COPY, { graceMs: 0 });
  assert.deepEqual(exits, []);
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
