import assert from "node:assert/strict";
import { dirname } from "node:path";
import { systemClock } from "../../roles/clock/mod.ts";
import type { Clock } from "../../roles/model/mod.ts";
import type { Hierarchy } from "../../roles/worker/host/core/cgroup_layout.ts";
import { Cgroups, openCgroups } from "../../roles/worker/host/cgroups.ts";
import { copyDirectoryName } from "../../vmm/mod.ts";
import { processFacts } from "../../vmm/host/process_table.ts";
import { tempDir } from "../support/temp.ts";
import { VirtualClock } from "../support/virtual_clock.ts";
import { until } from "../support/wait.ts";
import { testVmSpec } from "../support/worker.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const OTHER = { id: "shop/web-1", incarnation: 1 };
const TIMEOUT_MS = 60_000;

function target(spec: Record<string, unknown>) {
  return {
    incarnation: 1,
    runtimeHash: "a".repeat(64),
    generation: 1,
    spec: testVmSpec({ spec }),
  };
}

/** The groups of a worker whose run directory is `runDir`; null with `warnings` where there are none. */
async function open(
  runDir: string,
  more: {
    hierarchies?: Hierarchy[];
    clock?: Clock;
    boostMs?: number;
  } = {},
) {
  const warnings: string[] = [];
  const cgroups = await openCgroups({
    name: "w1",
    runDir,
    parent: "procurator-test",
    isTranslated: false,
    boostMs: 0,
    clock: systemClock,
    onWarning: (message, error) => warnings.push(`${message}: ${error}`),
    ...more,
  });
  return { cgroups, warnings };
}

async function readAll(path: string, names: readonly string[]) {
  const texts: Record<string, string> = {};
  for (const name of names) {
    const text = await Deno.readTextFile(`${path}/${name}`).catch(() => null);
    if (text !== null) texts[name] = text.trim();
  }
  return texts;
}

const LIMIT_FILES = [
  "cpu.max",
  "cpu.weight",
  "memory.max",
  "cpu.cfs_quota_us",
  "cpu.shares",
  "memory.limit_in_bytes",
];

/** All limits of a copy, whichever hierarchy they are in. */
async function limitsIn(directories: readonly string[]) {
  const all: Record<string, string> = {};
  for (const path of directories) {
    Object.assign(all, await readAll(path, LIMIT_FILES));
  }
  return {
    cpu: all["cpu.max"] ?? all["cpu.cfs_quota_us"],
    weight: all["cpu.weight"] ?? all["cpu.shares"],
    memory: all["memory.max"] ?? all["memory.limit_in_bytes"],
  };
}

/** A process that does nothing, started in groups as drivers start VMMs. */
function startIn(directories: readonly string[]): Deno.ChildProcess {
  const moves = directories.map((path) => `echo 0 > ${path}/cgroup.procs`);
  return new Deno.Command("sh", {
    args: ["-c", [...moves, "exec sleep 600"].join(" && ")],
    stdin: "null",
    stdout: "null",
  }).spawn();
}

Deno.test("cgroups: of this host: limits, found again, orphans removed, nothing left at the end", async () => {
  await using dir = await tempDir("cg");
  const { cgroups, warnings } = await open(dir.path);
  if (cgroups === null) {
    // Nothing is delegated here, or this is not root: it says so once, and VMs run.
    assert.equal(warnings.length, 1);
    assert.match(warnings[0] ?? "", /without limits.*cgroups\.parent/);
    return;
  }
  const wanted = target({ cpuMilli: 1500, memoryMib: 128 });
  const { cgroups: paths = [] } = await cgroups.provide(COPY, wanted);
  const limits = await limitsIn(paths);
  assert.match(limits.cpu ?? "", /^150000( 100000)?$/);
  // 128 MiB, 256 for the VMM, and a 32nd.
  assert.equal(Number(limits.memory), (128 + 256 + 4) * 1024 * 1024);

  const holders = await limitsIn(paths.map(dirname));
  const most = navigator.hardwareConcurrency;
  // As all processors weigh, by either version's unit.
  assert.ok(
    [100 * most, 1024 * most].includes(Number(holders.weight)),
    holders.weight,
  );

  const child = startIn(paths);
  const isInside = async () => {
    const text = await Deno.readTextFile(`/proc/${child.pid}/cgroup`);
    const name = copyDirectoryName(COPY);
    return text.split("\n").filter((line) => line.endsWith(`/${name}`))
      .length === paths.length;
  };
  await until("the process is in its groups", isInside, {
    timeoutMs: TIMEOUT_MS,
  });
  const { cgroups: again } = await cgroups.provide(COPY, wanted);
  assert.deepEqual(again, paths, "found made");
  const { cgroups: orphan = [] } = await cgroups.provide(OTHER, wanted);
  await cgroups.close();

  // The next process of the worker.
  const { cgroups: next, warnings: told } = await open(dir.path);
  await next?.adopt([]);
  for (const path of orphan) {
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  }
  assert.equal(told.length, paths.length, "one that is in use stays, told of");
  assert.match(told[0] ?? "", new RegExp(`holds process ${child.pid}`));
  assert.equal((await processFacts(child.pid))?.zombie, false);

  await next?.withdraw(COPY);
  await child.status;
  for (const path of paths) {
    await assert.rejects(Deno.stat(path), Deno.errors.NotFound);
  }
  await next?.withdraw(COPY);
  await next?.close();
  for (const path of paths) {
    await assert.rejects(Deno.stat(dirname(path)), Deno.errors.NotFound);
  }
});

Deno.test("cgroups: another worker's groups are left alone", async () => {
  await using dir = await tempDir("cg");
  const { cgroups: first } = await open(`${dir.path}/a`);
  const { cgroups: second } = await open(`${dir.path}/b`);
  const ofFirst = (await first?.provide(COPY, target({})))?.cgroups ?? [];
  await second?.provide(COPY, target({}));
  await second?.adopt([]);
  await second?.close();
  for (const path of ofFirst) assert.ok((await Deno.stat(path)).isDirectory);
  await first?.withdraw(COPY);
  await first?.close();
});

Deno.test("cgroups: of version 2: controllers are handed down, or it is told that they are not", async () => {
  await using dir = await tempDir("cg");
  const mount = `${dir.path}/mount`;
  await Deno.mkdir(mount);
  const hierarchy = {
    mount,
    version: 2,
    controllers: ["cpu", "memory"],
  } as const;
  // A plain file keeps what is asked of it, where the kernel's would answer with what it gives.
  const { cgroups, warnings } = await open(`${dir.path}/run`, {
    hierarchies: [hierarchy],
  });
  assert.equal(cgroups, null);
  assert.match(warnings[0] ?? "", /not given the controllers cpu and memory/);
  const asked = `${mount}/procurator-test/cgroup.subtree_control`;
  assert.equal(await Deno.readTextFile(asked), "+cpu +memory");
});

Deno.test("cgroups: of version 2: a copy's limits are in one group", async () => {
  await using dir = await tempDir("cg");
  const directory = `${dir.path}/worker`;
  const cgroups = new Cgroups([{
    mount: dir.path,
    version: 2,
    controllers: ["cpu", "memory"],
    directory,
  }], {
    name: "w1",
    runDir: dir.path,
    parent: "procurator-test",
    isTranslated: true,
    boostMs: 0,
    clock: systemClock,
    onWarning: () => undefined,
  });
  const { cgroups: paths = [] } = await cgroups.provide(
    COPY,
    target({ cpuMilli: 250, memoryMib: 128 }),
  );
  assert.deepEqual(paths, [`${directory}/${copyDirectoryName(COPY)}`]);
  assert.deepEqual(await readAll(paths[0] ?? "", LIMIT_FILES), {
    "cpu.max": "25000 100000",
    "cpu.weight": "25",
    // QEMU without KVM keeps the code it translates.
    "memory.max": String((128 + 512 + 4) * 1024 * 1024),
  });
});

Deno.test("cgroups: a guest boots on whole processors, then its share is its ceiling, also for the next process", async () => {
  await using dir = await tempDir("cg");
  await Deno.mkdir(`${dir.path}/mount`);
  // Version 1 has no controllers to hand on: a plain directory will do.
  const hierarchies: Hierarchy[] = [{
    mount: `${dir.path}/mount`,
    version: 1,
    controllers: ["cpu", "memory"],
  }];
  const clock = new VirtualClock();
  const options = { hierarchies, clock, boostMs: 30_000 };
  const first = await open(`${dir.path}/run`, options);
  const slow = await first.cgroups?.provide(COPY, target({ cpuMilli: 250 }));
  const whole = await first.cgroups?.provide(OTHER, target({ cpuMilli: 2000 }));
  const paths = slow?.cgroups ?? [];
  const quota = async () => (await limitsIn(paths)).cpu;
  assert.equal(await quota(), "100000");
  assert.equal((await limitsIn(whole?.cgroups ?? [])).cpu, "200000");
  clock.advance(29_000);
  await first.cgroups?.close();

  const second = await open(`${dir.path}/run`, options);
  await second.cgroups?.adopt([COPY, OTHER]);
  assert.equal(await quota(), "100000", "it has a second left");
  clock.advance(1000);
  await until("its ceiling is lowered", async () => await quota() === "25000", {
    timeoutMs: TIMEOUT_MS,
  });
  // The record goes after what it is for: a kill in between lowers it again.
  const kept = () => [...Deno.readDirSync(`${dir.path}/run/cgroups`)];
  await until("its record is gone", () => kept().length === 0, {
    timeoutMs: TIMEOUT_MS,
  });
  assert.deepEqual(second.warnings, []);
  await second.cgroups?.close();
});

Deno.test("cgroups: where they cannot be made VMs run without, and one sentence says so", async () => {
  await using dir = await tempDir("cg");
  await Deno.writeTextFile(`${dir.path}/file`, "");
  const { cgroups, warnings } = await open(dir.path, {
    hierarchies: [{
      mount: `${dir.path}/file`,
      version: 1,
      controllers: ["cpu", "memory"],
    }],
  });
  assert.equal(cgroups, null);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? "", /VMs run without limits of their own/);
});
