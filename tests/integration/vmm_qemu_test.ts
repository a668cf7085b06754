import assert from "node:assert/strict";
import { VMM_CONTRACT } from "../../vmm/contract/contract.ts";
import { copyDirectoryName, directoryName } from "../../vmm/mod.ts";
import { findByMarker, processFacts } from "../../vmm/host/process_table.ts";
import { connectQmp, statusOf } from "../../vmm/qemu/qmp.ts";
import { RunDirectory } from "../../vmm/host/run_directory.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { tempDir } from "../support/temp.ts";
import {
  BOOT_TIMEOUT_MS,
  qemuContractHost,
  testMachine,
  testQemu,
} from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import { until } from "../support/wait.ts";

for (const { name, run } of VMM_CONTRACT) {
  Deno.test(`qemu driver: ${name}`, async () => {
    await using dir = await tempDir("vmm");
    await run(await qemuContractHost(dir.path));
  });
}

const COPY = { id: "contract/vm-0", incarnation: 1 };

/** A VM that one driver started and left, with its process. */
async function leftRunning(dir: string) {
  const image = await testImage();
  const vmm = testQemu(dir);
  const instance = await vmm.start(
    testMachine(image, COPY, "silent"),
  );
  await vmm.close();
  const paths = new RunDirectory(`${dir}/run`).paths(instance);
  const record = JSON.parse(await Deno.readTextFile(paths.record));
  return { instance, paths, record };
}

async function isGone(pid: number): Promise<boolean> {
  const facts = await processFacts(pid);
  return facts === null || facts.zombie;
}

Deno.test("qemu driver: a VM whose record was never finished is found by its marker", async () => {
  await using dir = await tempDir("vmm");
  const { instance, paths, record } = await leftRunning(dir.path);
  await Deno.writeTextFile(
    paths.record,
    JSON.stringify({ ...record, state: { kind: "starting" } }),
  );
  await Deno.remove(paths.pid);
  const vmm = testQemu(dir.path);
  assert.deepEqual(await vmm.list(), [instance]);
  await vmm.stop(instance, { graceMs: 0 });
  assert.deepEqual(await findByMarker(record.marker), []);
  await vmm.close();
});

Deno.test("qemu driver: a VM that a version before copies left is adopted where it is, beside its successor", async () => {
  await using dir = await tempDir("vmm");
  const { instance, paths } = await leftRunning(dir.path);
  const former = `${dir.path}/run/${directoryName(instance.id)}`;
  await Deno.rename(paths.dir, former);
  const vmm = testQemu(dir.path);
  assert.deepEqual(await vmm.list(), [instance]);
  const next = { ...COPY, incarnation: 2 };
  await vmm.start(testMachine(await testImage(), next, "silent"));
  await vmm.stop(instance, { graceMs: 0 });
  await vmm.forget(instance);
  assert.equal(await isGone(instance.pid), true);
  assert.deepEqual((await vmm.list()).map(({ incarnation }) => incarnation), [
    2,
  ]);
  assert.deepEqual(
    [...Deno.readDirSync(`${dir.path}/run`)].map(({ name }) => name),
    [copyDirectoryName(next)],
  );
  await vmm.stop(next, { graceMs: 0 });
  await vmm.close();
});

Deno.test("qemu driver: a VM that does not answer on its socket is ended, not adopted", async () => {
  await using dir = await tempDir("vmm");
  const { instance, paths } = await leftRunning(dir.path);
  await Deno.remove(paths.socket);
  const vmm = testQemu(dir.path);
  assert.deepEqual(await vmm.list(), []);
  assert.equal(await isGone(instance.pid), true);
  await vmm.close();
});

Deno.test("qemu driver: a VM whose worker died while it kept its state runs on", async () => {
  await using dir = await tempDir("vmm");
  const { instance, paths } = await leftRunning(dir.path);
  const qmp = await connectQmp(paths.socket);
  await qmp.execute("stop");
  qmp.close();
  // What a snapshot under way leaves behind.
  await Deno.writeTextFile(paths.saving, "");
  const vmm = testQemu(dir.path);
  assert.deepEqual(await vmm.list(), [instance]);
  await vmm.close();
  const again = await connectQmp(paths.socket);
  assert.equal(await statusOf(again), "running");
  again.close();
  const last = testQemu(dir.path);
  await last.stop(instance, { graceMs: 0 });
  await last.close();
});

Deno.test("qemu driver: a QEMU that hangs keeps no probe, no list and no stop", async () => {
  await using dir = await tempDir("vmm");
  const image = await testImage();
  const vmm = testQemu(dir.path);
  const { pid, ports } = await vmm.start(testMachine(image, COPY, "silent"));
  Deno.kill(pid, "SIGSTOP");
  const [port] = ports;
  assert.ok(port !== undefined);
  assert.equal(await vmm.accepts(COPY, port, 200), false);
  assert.equal((await vmm.list()).length, 1);
  assert.ok((await vmm.figures(COPY)).memoryBytes !== null);
  await vmm.stop(COPY, { graceMs: 200 });
  assert.equal(await isGone(pid), true);
  await vmm.close();
});

Deno.test("qemu driver: a process that only has the recorded pid is left alone", async () => {
  await using dir = await tempDir("vmm");
  const { instance, paths, record } = await leftRunning(dir.path);
  Deno.kill(instance.pid, "SIGKILL");
  await until("QEMU is gone", () => isGone(instance.pid), {
    timeoutMs: 10_000,
  });
  const other = new Deno.Command("sleep", { args: ["600"] }).spawn();
  try {
    record.state.pid = other.pid;
    await Deno.writeTextFile(paths.record, JSON.stringify(record));
    const vmm = testQemu(dir.path);
    assert.deepEqual(await vmm.list(), []);
    assert.equal(await isGone(other.pid), false);
    await vmm.close();
  } finally {
    other.kill("SIGKILL");
    await other.status;
  }
});

Deno.test("qemu driver: a VM whose record is damaged runs on by what its process says; without one it can be started again", async () => {
  await using dir = await tempDir("vmm");
  const { instance, paths, record } = await leftRunning(dir.path);
  await Deno.writeTextFile(paths.record, '{"version":1,"id":"contr');
  const warnings: string[] = [];
  const onWarning = (message: string) => warnings.push(message);
  const first = testQemu(dir.path, "run", { onWarning });
  assert.deepEqual(await first.list(), [instance]);
  assert.match(warnings.join(), /vm\.json: it is written anew .* runs on/);
  assert.deepEqual(JSON.parse(await Deno.readTextFile(paths.record)), record);
  await first.close();

  Deno.kill(instance.pid, "SIGKILL");
  await until("QEMU is gone", () => isGone(instance.pid), {
    timeoutMs: 10_000,
  });
  await Deno.remove(paths.record);
  await Deno.mkdir(`${paths.record}/in-its-place`, { recursive: true });
  const second = testQemu(dir.path, "run", { onWarning });
  assert.deepEqual(await second.list(), []);
  const image = await testImage();
  await second.start(testMachine(image, instance, "silent"));
  await second.stop(instance, { graceMs: 0 });
  await second.close();
});

Deno.test("qemu driver: a full disk ends no VM that runs when it is adopted", async () => {
  await using dir = await tempDir("vmm");
  const run = `${dir.path}/run`;
  await Deno.mkdir(run);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=1m", "none", run]);
  try {
    const { instance } = await leftRunning(dir.path);
    await Deno.writeFile(`${run}/filler`, new Uint8Array(1 << 20)).catch(
      () => undefined,
    );
    const vmm = testQemu(dir.path);
    assert.deepEqual(await vmm.list(), [instance]);
    await vmm.stop(instance, { graceMs: 0 });
    await vmm.close();
  } finally {
    await runChecked("umount", ["-l", run]);
  }
});

Deno.test("qemu driver: a volume is a disk of its size that outlives the VM", async () => {
  await using dir = await tempDir("vmm");
  const image = await testImage();
  const vmm = testQemu(dir.path);
  const config = testMachine(image, COPY, "silent");
  const path = `${dir.path}/volumes/data.raw`;
  config.volumes = [{ name: "data", path, sizeMib: 8 }];
  await vmm.start(config);
  await until(
    "the guest sees the volume",
    async () =>
      (await vmm.serialTail(config, 65_536)).text.includes(
        "test-vm: disk 16384",
      ),
    { timeoutMs: BOOT_TIMEOUT_MS },
  );
  await vmm.stop(config, { graceMs: 0 });
  assert.equal((await Deno.stat(path)).size, 8 * 1024 * 1024);
  await vmm.close();
});

Deno.test("qmp: garbage and silence end the connection with an error", async () => {
  await using dir = await tempDir("qmp");
  for (const answer of ["this is not JSON\n", ""]) {
    const path = `${dir.path}/socket`;
    using listener = Deno.listen({ transport: "unix", path });
    const serving = listener.accept().then(async (connection) => {
      if (answer !== "") {
        await connection.write(new TextEncoder().encode(answer));
      }
      return connection;
    });
    await assert.rejects(connectQmp(path, { timeoutMs: 200 }), {
      code: "timeout",
    });
    (await serving).close();
    await Deno.remove(path);
  }
  await assert.rejects(connectQmp(`${dir.path}/nobody`), {
    code: "unavailable",
  });
});
