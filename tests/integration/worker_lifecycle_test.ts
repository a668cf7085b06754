import assert from "node:assert/strict";
import { systemClock } from "../../roles/clock/mod.ts";
import { lockDirectory } from "../../roles/config/mod.ts";
import { logger } from "../../roles/log/mod.ts";
import type { Clock } from "../../roles/model/mod.ts";
import { hostHierarchies } from "../../roles/worker/host/cgroup_places.ts";
import { run } from "../../roles/worker/mod.ts";
import { STATE_FORMAT } from "../../roles/worker/life_cycle/state_format.ts";
import { takeOver } from "../../roles/worker/life_cycle/take_over.ts";
import { findByMarker, processFacts } from "../../vmm/host/process_table.ts";
import { cli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { httpBody, testQemu } from "../support/vmm.ts";
import { until } from "../support/wait.ts";
import {
  DirectoryMaster,
  orderFor,
  startWorkerProcess,
  testVmSpec,
  workerConfig,
} from "../support/worker.ts";

const WEB = "shop/web-0";
const WAIT = { timeoutMs: 60_000 };

/** A directory with a master in it; what a failed test left running is ended. */
async function hostWithMaster() {
  const dir = await tempDir("life");
  for (const part of ["master", "run"]) await Deno.mkdir(`${dir.path}/${part}`);
  const master = new DirectoryMaster(`${dir.path}/master`);
  return {
    path: dir.path,
    master,
    async [Symbol.asyncDispose]() {
      const vmm = testQemu(`${dir.path}/run`, "vms");
      for (const copy of await vmm.list()) {
        await vmm.stop(copy, { graceMs: 0 });
      }
      await vmm.close();
      await dir[Symbol.asyncDispose]();
    },
  };
}

type Host = Awaited<ReturnType<typeof hostWithMaster>>;

async function untilSettled({ master }: Host) {
  return await until("the VM settles", async () => {
    const vm = await master.vm(WEB);
    return vm?.settled === true && vm.health === "healthy" ? vm : null;
  }, WAIT);
}

/** Waits for a report of a process that is another than `before`. */
async function untilNextProcess({ master }: Host, before: string | undefined) {
  await until("the next worker reports", async () => {
    const report = await master.report();
    return report !== null && report.process !== before;
  }, WAIT);
}

async function qemuPid(dir: string): Promise<number> {
  const found = (await findByMarker(`${dir}/run/vms/`))
    .filter(({ cmdline }) => cmdline.startsWith("qemu-system"));
  assert.equal(found.length, 1, JSON.stringify(found));
  return found[0]?.pid ?? 0;
}

/** Groups like a service unit's, in every hierarchy of this host that has them; none where they cannot be made. */
async function serviceGroups() {
  const hierarchies = await hostHierarchies();
  const name = `procurator-test-unit-${Deno.pid}`;
  const paths: string[] = [];
  for (const { mount } of typeof hierarchies === "string" ? [] : hierarchies) {
    const path = `${mount}/${name}`;
    const made = await Deno.mkdir(path).then(() => true, () => false);
    if (made) paths.push(path);
  }
  const processes = async () => {
    const texts = await Promise.all(
      paths.map((path) => Deno.readTextFile(`${path}/cgroup.procs`)),
    );
    const pids = texts.flatMap((text) => text.split("\n")).map(Number);
    return [...new Set(pids.filter((pid) => pid > 1))];
  };
  return {
    name,
    paths,
    processes,
    async [Symbol.asyncDispose]() {
      for (const path of paths) {
        await until(
          `${path} is empty`,
          () => Deno.remove(path).then(() => true),
          WAIT,
        );
      }
    },
  };
}

Deno.test("worker: a unit's whole group killed, SIGTERM and a take-over stop no VM", async () => {
  await using host = await hostWithMaster();
  const { master } = host;
  await using unit = await serviceGroups();
  const config = { cgroups: { mode: "auto" } };
  await using first = startWorkerProcess(host.path, {
    config,
    cgroups: unit.paths,
  });
  await master.assign(1, [orderFor(WEB, testVmSpec())]);
  const before = await untilSettled(host);
  const pid = await qemuPid(host.path);
  const port = before.ports[0]?.host ?? 0;
  const groups = await Deno.readTextFile(`/proc/${pid}/cgroup`);
  assert.ok(!groups.includes(unit.name), `the VMM has left: ${groups}`);

  let process = (await master.report())?.process;
  // What systemd does with KillMode=control-group, and an empty one where there are no groups.
  for (const each of new Set([...await unit.processes(), first.pid])) {
    assert.notEqual(each, pid);
    try {
      Deno.kill(each, "SIGKILL");
    } catch {
      // It ended with its parent.
    }
  }
  await first.ended;
  assert.equal(await httpBody(port), "ok\n", "the VM outlives the unit");

  await using second = startWorkerProcess(host.path, { config });
  await untilNextProcess(host, process);
  process = (await master.report())?.process;
  // The executable is replaced: the new one asks the old one to go.
  await using third = startWorkerProcess(host.path, {
    config: { ...config, takeOver: true },
  });
  assert.equal(await second.ended, null, "asked, not killed");
  await untilNextProcess(host, process);
  const after = await untilSettled(host);
  assert.equal(after.restarts, 0);
  assert.equal(after.address, before.address);
  assert.equal(await qemuPid(host.path), pid);

  Deno.kill(third.pid, "SIGTERM");
  assert.equal(await third.ended, null);
  assert.equal(await httpBody(port), "ok\n", "the VM outlives SIGTERM");
  assert.equal(await qemuPid(host.path), pid);

  // Its own group goes with the VM.
  await using fourth = startWorkerProcess(host.path, { config });
  await master.assign(2, []);
  await until("the VM is gone", async () => {
    const vms = (await master.report())?.vms;
    return vms?.length === 0 && await processFacts(pid) === null;
  }, WAIT);
  Deno.kill(fourth.pid, "SIGTERM");
  await fourth.ended;
  const own = groups.split("\n").filter((line) => line.includes("procurator/"));
  for (const line of own) {
    const path = line.slice(line.indexOf("/"));
    const hierarchies = await hostHierarchies();
    if (typeof hierarchies === "string") continue;
    for (const { mount } of hierarchies) {
      await assert.rejects(Deno.stat(`${mount}${path}`), Deno.errors.NotFound);
    }
  }
});

Deno.test("worker: a second one on the same directories is refused, names the first, and harms nothing", async () => {
  await using host = await hostWithMaster();
  await using first = startWorkerProcess(host.path, { driver: "simulated" });
  await host.master.assign(1, [
    orderFor(WEB, testVmSpec({ cmdline: "simulated.boot_ms=1" })),
  ]);
  await untilSettled(host);
  for (
    const config of [
      workerConfig(host.path, { driver: "simulated" }),
      // The run directory alone is enough to be in the way.
      workerConfig(host.path, {
        driver: "simulated",
        stateDir: `${host.path}/other`,
      }),
    ]
  ) {
    await assert.rejects(
      run(config, { link: () => host.master }),
      (error: Error & { code?: string; hint?: string }) => {
        assert.equal(error.code, "refused");
        assert.match(error.message, new RegExp(`process ${first.pid}$`));
        assert.match(error.hint ?? "", /stop that process/);
        return true;
      },
    );
  }
  const vm = await host.master.vm(WEB);
  assert.equal(vm?.restarts, 0);
  assert.equal(vm?.health, "healthy");
});

/** Time that passes whenever somebody sleeps. */
function hastyClock(): Clock {
  let skippedMs = 0;
  return {
    ...systemClock,
    bootMs: () => systemClock.bootMs() + skippedMs,
    sleep: async (ms) => {
      skippedMs += ms * 100;
      await Promise.resolve();
    },
  };
}

Deno.test("take-over: a process that does not let go is told of, after a bound", async () => {
  await using dir = await tempDir("life");
  await using _lock = await lockDirectory(dir.path);
  await assert.rejects(
    takeOver({
      dirs: [dir.path],
      stopGraceMs: 0,
      clock: hastyClock(),
      log: logger("worker"),
    }),
    { code: "timeout", message: new RegExp(`process ${Deno.pid} did not`) },
  );
});

Deno.test("take-over: a process that only has the number in the lock file is left alone", async () => {
  await using dir = await tempDir("life");
  await using _lock = await lockDirectory(dir.path);
  const innocent = new Deno.Command("sleep", { args: ["600"] }).spawn();
  await Deno.writeTextFile(`${dir.path}/lock`, `${innocent.pid}\n`);
  await assert.rejects(
    takeOver({
      dirs: [dir.path],
      stopGraceMs: 0,
      clock: hastyClock(),
      log: logger("worker"),
    }),
    { code: "timeout", message: /process unknown/ },
  );
  assert.equal((await processFacts(innocent.pid))?.zombie, false);
  innocent.kill("SIGKILL");
  assert.equal((await innocent.status).signal, "SIGKILL");
});

Deno.test("worker: the state of a later version, or of none, is refused and left as it is", async () => {
  await using host = await hostWithMaster();
  const state = `${host.path}/state`;
  await Deno.mkdir(state);
  const files = {
    "assignment.json": '{"version":2,"orders":"in another form"}',
    "format.json": "",
  };
  for (
    const format of [JSON.stringify({ format: STATE_FORMAT + 1 }), "torn {"]
  ) {
    files["format.json"] = format;
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${state}/${name}`, text);
    }
    await assert.rejects(
      run(workerConfig(host.path, { driver: "simulated" }), {
        link: () => host.master,
      }),
      { code: "refused", message: /Cannot use .*(later version|form)/ },
    );
    for (const [name, text] of Object.entries(files)) {
      assert.equal(await Deno.readTextFile(`${state}/${name}`), text);
    }
  }
  // A directory of before this file is this version's.
  await Deno.remove(`${state}/format.json`);
  await Deno.remove(`${state}/assignment.json`);
  const worker = await run(workerConfig(host.path, { driver: "simulated" }), {
    link: () => host.master,
  });
  await worker.stop();
  await worker.finished;
  assert.deepEqual(
    JSON.parse(await Deno.readTextFile(`${state}/format.json`)),
    { format: STATE_FORMAT },
  );
});

Deno.test("worker drain: asks the master for the worker of this host", async () => {
  const asked: unknown[] = [];
  const done = {
    id: "drain-1",
    kind: "drain",
    target: "this-host",
    state: "done",
    by: { role: "operator", name: "day shift", tokenId: "t1" },
    reason: "new disks",
    createdAtMs: 0,
    endedAtMs: 1,
    deadlineAtMs: null,
    force: false,
    done: 0,
    total: 0,
    message: "this-host is empty",
  } as const;
  const { status, out } = await cli(
    ["worker", "drain", "--deadline", "60", "--reason", "new disks"],
    {
      workerHost: { nameOf: () => Promise.resolve("this-host") },
      master: {
        drain: (worker, options) => {
          asked.push(worker, options);
          return Promise.resolve({ ...done });
        },
      },
    },
  );
  assert.equal(status, 0);
  assert.match(out, /drain-1 done/);
  assert.deepEqual(asked, [
    "this-host",
    { deadlineMs: 60_000, force: false, reason: "new disks" },
  ]);
});

Deno.test("worker probe: says what was tried, beside a worker and without changing what it goes by", async () => {
  await using dir = await tempDir("life");
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      new URL("../../main.ts", import.meta.url).pathname,
      "worker",
      "--state-dir",
      `${dir.path}/state`,
      "--run-dir",
      `${dir.path}/run`,
      "--set",
      "accel=tcg",
      "probe",
      "--json",
    ],
  }).output();
  assert.equal(code, 0);
  const probe = JSON.parse(new TextDecoder().decode(stdout));
  assert.deepEqual(probe.chosen, { driver: "qemu", accel: "tcg" });
  assert.equal(probe.attributes["boots.linux"], "true");
  assert.equal(probe.remembered, null);
  assert.deepEqual([...Deno.readDirSync(dir.path)], []);
});
