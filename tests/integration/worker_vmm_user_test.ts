import assert from "node:assert/strict";
import { dirname } from "node:path";
import { openVmmUser } from "../../roles/worker/host/vmm_user.ts";
import { findByMarker } from "../../vmm/host/process_table.ts";
import { tempDir } from "../support/temp.ts";
import { BOOT_TIMEOUT_MS, httpBody, testQemu } from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import { until } from "../support/wait.ts";
import {
  DirectoryMaster,
  orderFor,
  startWorkerProcess,
  testVmSpec,
} from "../support/worker.ts";

const WEB = "shop/web-0";
/** Nobody's: no file of this host belongs to it. */
const USER = { uid: 64_042, gid: 64_042 };
const isRoot = Deno.uid() === 0;

async function statusOf(pid: number, key: string): Promise<string[]> {
  const text = await Deno.readTextFile(`/proc/${pid}/status`);
  const line = text.split("\n").find((each) => each.startsWith(`${key}:`)) ??
    "";
  return line.split(/\s+/).slice(1).filter((word) => word !== "");
}

Deno.test("VMM user: a real guest with a volume runs as another user, is adopted and stopped; only root can do it", async () => {
  await using dir = await tempDir("user");
  const options = {
    configured: USER,
    stateDir: dir.path,
    runDir: dir.path,
    onWarning: () => undefined,
  };
  if (!isRoot) {
    await assert.rejects(openVmmUser(options), { code: "refused" });
    return;
  }
  for (const part of ["master", "run"]) await Deno.mkdir(`${dir.path}/${part}`);
  // The way to the images is whoever made them's to open, as /nix/store is.
  await Deno.chmod(dir.path, 0o755);
  await Deno.chmod(dirname((await testImage()).kernel), 0o755);
  const master = new DirectoryMaster(`${dir.path}/master`);
  const config = { vmmUser: USER };
  await using first = startWorkerProcess(dir.path, { config });
  try {
    const spec = testVmSpec({
      spec: { volumes: [{ name: "data", sizeMib: 8, mount: "/data" }] },
    });
    await master.assign(1, [orderFor(WEB, spec)]);
    const vm = await until("the VM settles", async () => {
      const found = await master.vm(WEB);
      return found?.settled === true ? found : null;
    }, { timeoutMs: BOOT_TIMEOUT_MS });
    const qemus = (await findByMarker(`${dir.path}/run/vms/`))
      .filter(({ cmdline }) => cmdline.startsWith("qemu-system"));
    assert.equal(qemus.length, 1);
    const pid = qemus[0]?.pid ?? 0;
    const ids = Array(4).fill(String(USER.uid));
    assert.deepEqual(await statusOf(pid, "Uid"), ids);
    assert.deepEqual(await statusOf(pid, "Gid"), ids);
    assert.deepEqual(await statusOf(pid, "Groups"), []);
    assert.match((await statusOf(pid, "CapEff"))[0] ?? "", /^0+$/);

    const { process } = await master.report() ?? {};
    await first.kill();
    await using _second = startWorkerProcess(dir.path, { config });
    await until(
      "the next worker reports",
      async () => (await master.report())?.process !== process,
      { timeoutMs: BOOT_TIMEOUT_MS },
    );
    assert.equal((await master.vm(WEB))?.restarts, 0);
    assert.equal(await httpBody(vm.ports[0]?.host ?? 0), "ok\n");
    await master.assign(2, []);
    await until(
      "the VM is gone",
      async () => (await master.report())?.vms.length === 0,
      { timeoutMs: BOOT_TIMEOUT_MS },
    );
    assert.deepEqual(await findByMarker(`${dir.path}/run/vms/`), []);
  } finally {
    const vmm = testQemu(`${dir.path}/run`, "vms");
    for (const copy of await vmm.list()) await vmm.stop(copy, { graceMs: 0 });
    await vmm.close();
  }
});

Deno.test("VMM user: a directory that it cannot pass is told of; the usual user is then not taken", async () => {
  await using dir = await tempDir("user");
  const deep = `${dir.path}/closed/worker`;
  await Deno.mkdir(deep, { recursive: true, mode: 0o700 });
  await Deno.chmod(dir.path, 0o755);
  if (!isRoot) return;
  const options = {
    configured: USER,
    stateDir: deep,
    runDir: deep,
    onWarning: () => undefined,
  };
  await assert.rejects(openVmmUser(options), {
    code: "refused",
    message: new RegExp(`${dir.path}/closed lets nobody but its owner pass`),
  });
  await Deno.chmod(`${dir.path}/closed`, 0o711);
  assert.deepEqual(await openVmmUser(options), USER);
  const mode = (await Deno.stat(deep)).mode ?? 0;
  assert.equal(mode & 0o077, 0o001, "others go through, and see nothing");
});
