/**
 * cloud-hypervisor's driver between others that do what they should not: guests
 * that flood, VMMs that lead elsewhere, who takes a socket, who asks too late.
 *
 * @module
 */
import assert from "node:assert/strict";
import { COPY } from "../../vmm/contract/host.ts";
import { RunDirectory } from "../../vmm/host/run_directory.ts";
import { type VmExit } from "../../vmm/mod.ts";
import {
  answersHttp,
  instanceOf,
  STAND_IN_TIMEOUT_MS,
  standInDriver,
  standInMachine,
  standInPlace,
} from "../support/cloud_hypervisor/host.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { leftOf, listing } from "../support/cloud_hypervisor/left.ts";

const WAIT = { timeoutMs: STAND_IN_TIMEOUT_MS };

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
