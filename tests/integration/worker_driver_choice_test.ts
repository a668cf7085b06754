import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { run } from "../../roles/worker/mod.ts";
import { openHostVmm } from "../../roles/worker/host/open_vmm.ts";
import { logger } from "../../roles/log/mod.ts";
import { chooseDriver, type ChooseOptions } from "../../vmm/choice/choose.ts";
import type { HostFacts, Step } from "../../vmm/choice/core/driver_choice.ts";
import { openVmm } from "../../vmm/mod.ts";
import {
  hostKernel,
  HostTrials,
  kvmProblem,
  type Trials,
} from "../../vmm/choice/probe.ts";
import { findByMarker, processFacts } from "../../vmm/host/process_table.ts";
import { tempDir } from "../support/temp.ts";
import { BOOT_TIMEOUT_MS, testMachine, testQemu } from "../support/vmm.ts";
import { testImage } from "../support/vmm_image.ts";
import { until } from "../support/wait.ts";
import { DirectoryMaster, workerConfig } from "../support/worker.ts";

/** A host on which everything works but what `fails` names, that counts how often it is tried. */
class FakeTrials implements Trials {
  tries = 0;
  constructor(public current: HostFacts, public fails: Step[] = []) {}

  facts(): Promise<HostFacts> {
    return Promise.resolve(this.current);
  }

  try(_candidate: unknown, step: Step) {
    this.tries++;
    const ok = !this.fails.includes(step);
    return Promise.resolve({ ok, note: ok ? "works" : `no ${step} here` });
  }
}

function chooser(dir: string, trials: Trials) {
  const warnings: string[] = [];
  const choose = (more: Partial<ChooseOptions> = {}) =>
    chooseDriver({
      trials,
      path: `${dir}/choice.json`,
      clock: systemClock,
      onWarning: (message) => warnings.push(message),
      ...more,
    });
  return { choose, warnings };
}

Deno.test("chooseDriver: remembered until the host or a VMM is another", async () => {
  await using dir = await tempDir("choice");
  const trials = new FakeTrials({ boot: "1", qemu: "7.2" });
  const { choose } = chooser(dir.path, trials);
  assert.equal((await choose()).chosen?.driver, "cloud-hypervisor");
  const { tries } = trials;
  trials.fails = ["linux"];
  const again = await choose();
  assert.equal(again.isRemembered, true);
  assert.equal(trials.tries, tries, "nothing was tried");

  trials.current = { boot: "2", qemu: "7.2" };
  const kept = await choose({ keep: true });
  assert.equal(kept.chosen?.driver, "cloud-hypervisor", "its guests run");
  assert.deepEqual(kept.changed, ["boot"]);
  const other = await choose();
  assert.deepEqual(other.chosen, { driver: "qemu", accel: "tcg" });
  assert.deepEqual(other.changed, ["boot"]);
});

Deno.test("chooseDriver: what the configuration no longer allows is not taken from memory", async () => {
  await using dir = await tempDir("choice");
  const { choose } = chooser(dir.path, new FakeTrials({}));
  await choose();
  const { chosen } = await choose({
    candidates: [{ driver: "qemu", accel: "tcg" }],
  });
  assert.deepEqual(chosen, { driver: "qemu", accel: "tcg" });
});

Deno.test("chooseDriver: that nothing boots is tried again at each start", async () => {
  await using dir = await tempDir("choice");
  const trials = new FakeTrials({ boot: "1" }, ["program"]);
  const { choose } = chooser(dir.path, trials);
  assert.equal((await choose()).chosen, null);
  trials.fails = [];
  assert.equal((await choose()).chosen?.driver, "cloud-hypervisor");
});

Deno.test("chooseDriver: a memory that is damaged is told of and made anew", async () => {
  await using dir = await tempDir("choice");
  const path = `${dir.path}/choice.json`;
  const damages = [
    () => Deno.writeTextFile(path, '{"version":1,'),
    () => Deno.writeTextFile(path, '{"version":2}'),
    () => Deno.mkdir(`${path}/in-its-place`, { recursive: true }),
  ];
  for (const damage of damages) {
    const { choose, warnings } = chooser(dir.path, new FakeTrials({}));
    await Deno.remove(path).catch(() => undefined);
    await damage();
    assert.equal((await choose()).isRemembered, false);
    assert.equal(warnings.length, 1);
    assert.match(warnings.join(), /choice\.json: the drivers are tried again/);
    assert.equal((await choose()).isRemembered, true);
  }
});

/** Trials of this host over QEMU, with a kernel that boots. */
function qemuTrials(
  dir: string,
  kernelPath: string,
  signal?: AbortSignal,
): HostTrials {
  return new HostTrials({
    open: ({ accel }, runDir) =>
      openVmm("qemu", {
        runDir,
        tempDir: `${dir}/tmp`,
        clock: systemClock,
        accel,
      }),
    runDir: `${dir}/p`,
    programs: {
      "qemu": "qemu-system-x86_64",
      "cloud-hypervisor": "cloud-hypervisor",
    },
    clock: systemClock,
    kernelPath,
    linuxDeadlineMs: BOOT_TIMEOUT_MS,
    ...(signal === undefined ? {} : { signal }),
  });
}

const TCG = { driver: "qemu", accel: "tcg" } as const;

Deno.test("probes: the tiny guest and a Linux with an init of ours run in QEMU, and leave nothing", async () => {
  await using dir = await tempDir("probe");
  const trials = qemuTrials(dir.path, (await testImage()).kernel);
  for (const step of ["program", "kernel", "pvh", "linux"] as const) {
    const { ok, note } = await trials.try(TCG, step);
    assert.equal(ok, true, `${step}: ${note}`);
  }
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/p`)], []);
  const facts = await trials.facts();
  assert.match(facts["qemu"] ?? "", /qemu-system-x86_64 20/);
  assert.notEqual(facts["boot"], undefined);
});

Deno.test("probes: what is no kernel, and a guest that says nothing, are reasons and no errors", async () => {
  await using dir = await tempDir("probe");
  const junk = `${dir.path}/kernel`;
  await Deno.writeTextFile(junk, "this is no kernel");
  const trials = qemuTrials(dir.path, junk);
  const { ok, note } = await trials.try(TCG, "linux");
  assert.equal(ok, false);
  assert.ok(note.length > 0);
  const absent = qemuTrials(dir.path, `${dir.path}/absent`);
  const kernel = await absent.try(TCG, "kernel");
  assert.equal(kernel.ok, false);
  assert.match(kernel.note, /probe\.kernelPath/);
});

Deno.test("probes: one that is stopped in the middle leaves no guest", async () => {
  await using dir = await tempDir("probe");
  const stopped = new AbortController();
  const { kernel } = await testImage();
  const trials = qemuTrials(dir.path, kernel, stopped.signal);
  const trying = trials.try(TCG, "linux");
  await until(
    "its guest runs",
    async () => (await findByMarker(`${dir.path}/p/`)).length > 0,
    { timeoutMs: BOOT_TIMEOUT_MS },
  );
  const reason = new Error("enough");
  stopped.abort(reason);
  await assert.rejects(trying, reason);
  assert.deepEqual(await findByMarker(`${dir.path}/p/`), []);
  assert.deepEqual([...Deno.readDirSync(`${dir.path}/p`)], []);
});

Deno.test("probes: what a killed worker left of a probe is ended", async () => {
  await using dir = await tempDir("probe");
  const image = await testImage();
  const left = testQemu(dir.path, "p/qemu-tcg");
  const copy = { id: "probe/probe-0", incarnation: 0 };
  const { pid } = await left.start(testMachine(image, copy, "silent"));
  await left.close();
  const trials = qemuTrials(dir.path, image.kernel);
  assert.equal((await trials.try(TCG, "program")).ok, true);
  await until("the VMM that was left ends", async () => {
    const facts = await processFacts(pid);
    return facts === null || facts.zombie;
  }, { timeoutMs: BOOT_TIMEOUT_MS });
});

Deno.test("probes: /dev/kvm that is missing or no device, and kernels by age", async () => {
  await using dir = await tempDir("probe");
  assert.match(await kvmProblem(`${dir.path}/kvm`) ?? "", /there is no/);
  assert.match(await kvmProblem(dir.path) ?? "", /cannot open|no permission/);
  if (Deno.uid() === 0) {
    // A file that only root may use, as /dev/kvm is where no group has it.
    const device = `${dir.path}/device`;
    await Deno.writeTextFile(device, "", { mode: 0o600 });
    await Deno.chmod(dir.path, 0o755);
    const user = { uid: 64_042, gid: 64_042 };
    assert.equal(await kvmProblem(device), null);
    assert.match(
      await kvmProblem(device, user) ?? "",
      /no permission for .* as user 64042/,
    );
    await Deno.chmod(device, 0o666);
    assert.equal(await kvmProblem(device, user), null);
  }
  const at = { booted: `${dir.path}/booted`, boot: dir.path };
  assert.equal(await hostKernel(at), null);
  assert.equal(await hostKernel({ booted: "/absent", boot: "/absent" }), null);
  for (
    const [name, time] of [["vmlinuz-1", 2000], ["vmlinuz-2", 1000]] as const
  ) {
    await Deno.writeTextFile(`${dir.path}/${name}`, "");
    await Deno.utime(`${dir.path}/${name}`, time, time);
  }
  assert.equal(await hostKernel(at), `${dir.path}/vmlinuz-1`);
  await Deno.writeTextFile(at.booted, "");
  assert.equal(await hostKernel(at), at.booted);
});

Deno.test("worker: where no guest boots it runs, offers no room, is not ready and says why", async () => {
  await using dir = await tempDir("probe");
  await Deno.mkdir(`${dir.path}/master`);
  const master = new DirectoryMaster(`${dir.path}/master`);
  const worker = await run(
    workerConfig(dir.path, {
      driver: "auto",
      qemuPath: "/absent/qemu",
      cloudHypervisorPath: "/absent/cloud-hypervisor",
    }),
    { link: () => master },
  );
  try {
    const report = await until("a report", () => master.report(), {
      timeoutMs: BOOT_TIMEOUT_MS,
    });
    assert.deepEqual(report.capacity, { cpuMilli: 0, memoryMib: 0 });
    assert.equal(report.attributes["driver"], "none");
    assert.equal(report.attributes["boots.linux"], "false");
    assert.match(report.attributes["driver.why"] ?? "", /not installed|absent/);
    const ready = await fetch(`${worker.endpoints["http"]}/readyz`);
    assert.equal(ready.status, 503);
    assert.match(await ready.text(), /no driver boots guests here/);
  } finally {
    await worker.stop();
    await worker.finished;
  }
});

Deno.test("worker: auto finds a driver that boots, and reports it", async () => {
  await using dir = await tempDir("probe");
  await Deno.mkdir(`${dir.path}/master`);
  const master = new DirectoryMaster(`${dir.path}/master`);
  // Without KVM: whether that of this host boots Linux is not this test's matter.
  const worker = await run(
    workerConfig(dir.path, { driver: "auto", accel: "tcg" }),
    { link: () => master },
  );
  try {
    const { attributes, capacity } = await until(
      "a report",
      () => master.report(),
      { timeoutMs: BOOT_TIMEOUT_MS },
    );
    assert.equal(attributes["driver"], "qemu");
    assert.equal(attributes["accel"], "tcg");
    assert.equal(attributes["kvm"], "false");
    assert.equal(attributes["boots.linux"], "true");
    assert.match(attributes["driver.version"] ?? "", /^\d+\.\d+/);
    assert.ok(capacity.cpuMilli > 0);
  } finally {
    await worker.stop();
    await worker.finished;
  }
});

Deno.test("worker: while guests of one driver run it is refused to run another, and auto stays with it", async () => {
  await using dir = await tempDir("probe");
  const copy = { id: "shop/web-0", incarnation: 1 };
  await Deno.mkdir(`${dir.path}/run`);
  const first = testQemu(`${dir.path}/run`, "vms");
  await first.start(testMachine(await testImage(), copy, "silent"));
  await first.close();
  try {
    await Deno.writeTextFile(
      `${dir.path}/run/driver.json`,
      JSON.stringify({ driver: "qemu" }),
    );
    const open = (more: Record<string, unknown>) =>
      openHostVmm({
        config: workerConfig(dir.path, more),
        clock: systemClock,
        log: logger("worker"),
        user: undefined,
        driver: {},
        onWarning: () => undefined,
      });
    await Deno.mkdir(`${dir.path}/state`);
    await assert.rejects(open({ driver: "simulated" }), {
      code: "refused",
      message: /VMs of qemu run/,
    });
    const { vmm: other, attributes } = await open({
      driver: "auto",
      qemuPath: "qemu-system-x86_64",
      accel: "tcg",
    });
    assert.equal(attributes["driver"], "qemu");
    assert.equal((await other.list()).length, 1);
    await other.close();
  } finally {
    const last = testQemu(`${dir.path}/run`, "vms");
    await last.stop(copy, { graceMs: 0 });
    await last.close();
  }
});
