/**
 * Tests that need the real cloud-hypervisor, run by `deno task
 * test:cloud-hypervisor` and by nothing else: its name is not a test's.
 *
 * @module
 */
import assert from "node:assert/strict";
import { AppError } from "../../../roles/model/errors.ts";
import { systemClock } from "../../../roles/clock/mod.ts";
import { GuardFence } from "../../../roles/worker/fencing/guard_fence.ts";
import { processFacts } from "../../../vmm/host/process_table.ts";
import { startGuardProcess } from "../guard_process.ts";
import { majorVersion } from "../../../vmm/cloud_hypervisor/core/errors.ts";
import { VMM_CONTRACT } from "../../../vmm/contract/contract.ts";
import { COPY } from "../../../vmm/contract/host.ts";
import type { VmExit } from "../../../vmm/mod.ts";
import { RunDirectory } from "../../../vmm/host/run_directory.ts";
import { tempDir } from "../temp.ts";
import { until } from "../wait.ts";
import { converse, type Exchange } from "./conversation.ts";
import { standInDriver } from "./host.ts";
import { installStandIn } from "./install.ts";
import {
  realContractHost,
  realMachine,
  realPlace,
  realProgram,
} from "./real_host.ts";

const NOBODY = 65534;
const WAIT = { timeoutMs: 60_000 };

/** Whether this host's KVM makes snapshots; told in so many words when not. */
async function canSnapshot(): Promise<boolean> {
  await using dir = await tempDir("ch");
  await using place = await realPlace(dir.path);
  const vmm = standInDriver(place);
  try {
    await vmm.start(realMachine(place, COPY, "silent"));
    await vmm.snapshot(COPY, `${dir.path}/snapshot`);
    return true;
  } catch (error) {
    assert.ok(error instanceof AppError);
    assert.equal(error.code, "unavailable", error.message);
    console.log(`snapshots are left out: ${error.message}`);
    assert.equal((await vmm.list())[0]?.paused, false);
    return false;
  } finally {
    await vmm.stop(COPY, { graceMs: 0 });
    await vmm.close();
  }
}

const withSnapshots = await canSnapshot();

for (const { name, run } of VMM_CONTRACT) {
  Deno.test(`cloud-hypervisor: ${name}`, async () => {
    await using dir = await tempDir("ch");
    await using place = await realPlace(dir.path);
    await run(realContractHost(place, { canSnapshot: withSnapshots }));
  });
}

Deno.test("cloud-hypervisor: the stand-in answers as the real one", async () => {
  await using real = await tempDir("ch");
  await using ours = await tempDir("ch");
  const standIn = await installStandIn(`${ours.path}/cloud-hypervisor`);
  const version = await standInDriver(await realPlace(real.path)).version();
  const isNewest = (majorVersion(version) ?? 0) >= 53;
  const [heard, said] = await Promise.all([
    converse(standIn, ours.path),
    converse(realProgram(), real.path),
  ]);
  if (isNewest) return assert.deepEqual(heard, said);
  // Its numbers and words were others, and it took less memory than a VM was booted with.
  const kinds = (exchanges: Exchange[]) =>
    exchanges.filter(({ what }) => !what.includes("33554432"))
      .map(({ what, answer }) => `${what}: ${/^20\d$/.test(answer)}`);
  assert.deepEqual(kinds(heard), kinds(said));
});

Deno.test("cloud-hypervisor: a volume, a root image and a store image are disks of the guest", async () => {
  await using dir = await tempDir("ch");
  await using place = await realPlace(dir.path);
  const vmm = standInDriver(place);
  const image = `${dir.path}/root.img`;
  await Deno.writeFile(image, new Uint8Array(1 << 20));
  try {
    await vmm.start({
      ...realMachine(place, COPY, "silent"),
      diskImagePath: image,
      volumes: [{ name: "data", path: `${dir.path}/v/data.raw`, sizeMib: 8 }],
      store: { kind: "image", path: image, format: "erofs" },
    });
    const figures = await vmm.figures(COPY);
    assert.deepEqual([figures.diskReadBytes, figures.diskWrittenBytes], [0, 0]);
    await assert.rejects(vmm.snapshot(COPY, `${dir.path}/s`), {
      code: "refused",
      message: /writes to a disk/,
    });
  } finally {
    await vmm.stop(COPY, { graceMs: 0 });
    await vmm.close();
  }
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/tmp`)], []);
});

Deno.test("cloud-hypervisor: a VMM runs as a user of its own, confined by Landlock where the kernel can", async () => {
  await using dir = await tempDir("ch");
  await Deno.chmod(dir.path, 0o755);
  await using place = await realPlace(dir.path);
  const warnings: string[] = [];
  const vmm = standInDriver(place, {
    onWarning: (message) => warnings.push(message),
  });
  const user = { uid: NOBODY, gid: NOBODY };
  const machine = realMachine(place, COPY, "serves", NOBODY);
  try {
    const { pid } = await vmm.start({ ...machine, user });
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    const line = (name: string) =>
      new RegExp(`^${name}:\\s+(.*)$`, "m").exec(status)?.[1];
    assert.equal(line("Uid"), Array(4).fill(NOBODY).join("\t"));
    assert.equal(line("Gid"), Array(4).fill(NOBODY).join("\t"));
    assert.equal(line("CapEff"), "0000000000000000");
    assert.equal(line("NoNewPrivs"), "1");
    assert.ok(await isFiltered(pid));
    await until(
      "the guest is up",
      async () => /ready/.test((await vmm.serialTail(COPY, 4096)).text),
      WAIT,
    );
    const isConfined = warnings.length === 0;
    const reached = await addDisk(dir.path, `${dir.path}/other.img`);
    assert.equal(/Permission denied/.test(reached), isConfined, reached);
    await vmm.stop(COPY, { graceMs: 0 });
  } finally {
    await vmm.close();
  }
});

/** What the VMM says to a disk that its config did not name. */
async function addDisk(dir: string, path: string): Promise<string> {
  await Deno.writeFile(path, new Uint8Array(4096));
  await Deno.chmod(path, 0o666);
  const client = Deno.createHttpClient({
    proxy: {
      transport: "unix",
      path: new RunDirectory(`${dir}/run`).paths(COPY).api,
    },
  });
  try {
    const answer = await fetch("http://localhost/api/v1/vm.add-disk", {
      method: "PUT",
      body: JSON.stringify({ path, image_type: "Raw" }),
      client,
    });
    return await answer.text();
  } finally {
    client.close();
  }
}

/** Whether one of its threads has a seccomp filter: each has its own, the first has none. */
async function isFiltered(pid: number): Promise<boolean> {
  for await (const { name } of Deno.readDir(`/proc/${pid}/task`)) {
    const path = `/proc/${pid}/task/${name}/status`;
    if (/^Seccomp:\s+2$/m.test(await Deno.readTextFile(path))) return true;
  }
  return false;
}

Deno.test("cloud-hypervisor: a VMM that is frozen is ended by a stop, and by the next driver", async () => {
  await using dir = await tempDir("ch");
  await using place = await realPlace(dir.path);
  const first = standInDriver(place, { requestTimeoutMs: 500 });
  const { pid } = await first.start(realMachine(place, COPY, "silent"));
  Deno.kill(pid, "SIGSTOP");
  await assert.rejects(first.figures(COPY).then(() => first.pause(COPY)), {
    code: "timeout",
    message: /did not answer vm\.info within 500 ms/,
  });
  await first.close();
  const second = standInDriver(place, { requestTimeoutMs: 500 });
  assert.deepEqual(await second.list(), []);
  await second.close();
});

Deno.test("cloud-hypervisor: the log goes on with the next worker; from v53 on nothing is missing", async () => {
  await using dir = await tempDir("ch");
  await using place = await realPlace(dir.path);
  const first = standInDriver(place);
  await first.start(realMachine(place, COPY, "serves"));
  const isKept = (majorVersion(await first.version()) ?? 0) >= 53;
  await first.close();
  const second = standInDriver(place);
  await second.list();
  const console = await second.console(COPY);
  const log = async () => (await second.serialTail(COPY, 4096)).text;
  await until("it answers what is typed", async () => {
    await console.write(new TextEncoder().encode("hello\n"));
    return /echo: hello/.test(await log());
  }, WAIT);
  if (isKept) assert.match(await log(), /system is up\n.*ready/s);
  console.close();
  await second.stop(COPY, { graceMs: 0 });
  await second.close();
});

Deno.test("cloud-hypervisor: twenty power-offs are all told as clean", async () => {
  await using dir = await tempDir("ch");
  await using place = await realPlace(dir.path);
  const vmm = standInDriver(place);
  const exits: VmExit[] = [];
  using _watch = vmm.watch((exit) => exits.push(exit));
  try {
    for (let turn = 1; turn <= 20; turn++) {
      const copy = { ...COPY, incarnation: turn };
      await vmm.start({
        ...realMachine(place, COPY, "powers-off"),
        incarnation: turn,
      });
      await until("it ends", () => exits.length === turn, WAIT);
      await vmm.forget(copy);
    }
  } finally {
    await vmm.close();
  }
  assert.deepEqual(exits.filter(({ clean }) => !clean), []);
});

Deno.test("cloud-hypervisor: an exclusive VM whose VMM is another user's dies with the guard", async () => {
  await using dir = await tempDir("ch");
  await Deno.chmod(dir.path, 0o755);
  await using place = await realPlace(dir.path);
  const guard = await startGuardProcess(`${dir.path}/guard`);
  const fence = new GuardFence({
    socketPath: guard.socket,
    worker: "w1",
    clock: systemClock,
    onNews: () => undefined,
  });
  const vmm = standInDriver(place, { spawner: fence });
  const exits: VmExit[] = [];
  using _watch = vmm.watch((exit) => exits.push(exit));
  try {
    await fence.open();
    await fence.extend(systemClock.bootMs() + 300_000);
    const { state } = fence;
    const { pid } = await vmm.start({
      ...realMachine(place, COPY, "silent", NOBODY),
      user: { uid: NOBODY, gid: NOBODY },
      lease: state.kind === "held" ? state.lease : "",
    });
    const status = await Deno.readTextFile(`/proc/${pid}/status`);
    assert.match(status, /^Uid:\s+65534\s/m);
    await guard.end("SIGKILL");
    const exit = await until("the exit is told", () => exits[0], WAIT);
    assert.deepEqual([exit.clean, exit.fenced], [false, true]);
    const facts = await processFacts(pid);
    assert.ok(facts === null || facts.zombie);
  } finally {
    await vmm.close();
    await fence.close();
    await guard.end("SIGKILL");
  }
});
