/**
 * Bad orders, bad VMMs and damaged state of a worker over the stand-in of
 * cloud-hypervisor: what its master is told, and that the other VM does not
 * notice.
 */
import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { connectMaster } from "../../roles/cli/master_rpc.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { MasterConfig, run as runMaster } from "../../roles/master/mod.ts";
import { intentHash, type VmSpec } from "../../roles/model/mod.ts";
import { runProcess } from "../../roles/process/mod.ts";
import { run as runWorker } from "../../roles/worker/mod.ts";
import { copyDirectoryName } from "../../vmm/mod.ts";
import { standInPlace } from "../support/cloud_hypervisor/host.ts";
import { installStandIn } from "../support/cloud_hypervisor/install.ts";
import {
  badOrdersAreTold,
  type ImageKind,
  inputClosures,
  InputWorker,
  isUnharmed,
  storePathOf,
  WEB,
} from "../support/input_worker.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { testVmSpec, workerConfig } from "../support/worker.ts";

const WAIT = { timeoutMs: 60_000 };
const ROOT = new URL("../../", import.meta.url).pathname;
const DB = "shop/db-0";

/** A worker that has begun, without orders. */
async function standInWorker(
  more: Record<string, unknown> = {},
): Promise<InputWorker> {
  const host = await InputWorker.make({
    config: (dir) => ({
      driver: "cloud-hypervisor",
      cloudHypervisorPath: `${dir}/cloud-hypervisor`,
      ...more,
    }),
    cmdline: "standin.guest=serves",
    async image(dir) {
      await standInPlace(dir);
      return { kernel: `${dir}/kernel`, initrd: `${dir}/initrd` };
    },
  });
  await host.start();
  return host;
}

Deno.test("worker: orders that cannot be started say why and what to do, and harm nobody (cloud-hypervisor)", async () => {
  await using host = await standInWorker();
  await badOrdersAreTold(host, {
    "shop/absent-0": {
      image: "absent-kernel",
      failure: "cache",
      message:
        /\/nowhere\/kernel is not on this host \(check that its closure is in the cache\)/,
    },
    "shop/text-0": {
      image: "text-kernel",
      failure: null,
      message:
        /text is no kernel for cloud-hypervisor: .* \(name a bzImage.* in image\.kernelPath\)/,
    },
    "shop/large-0": {
      image: "large-initrd",
      failure: null,
      message:
        /with 128 MiB: its kernel and initrd have 2\d\d MiB \(raise memoryMib/,
    },
    "shop/huge-0": {
      memoryMib: 60_000_000,
      failure: "capacity",
      message:
        /needs 60000000 MiB: this host has \d+ MiB with its swap \(lower memoryMib/,
    },
  });
});

Deno.test("worker: a VMM that is bad is the host's failure, in words that help, and those that run run on", async () => {
  await using host = await standInWorker();
  await host.orders(host.order(WEB));
  await host.settled(WEB);
  const before = await host.pids();
  const program = `${host.dir}/cloud-hypervisor`;
  const table: [fault: string, message: RegExp][] = [
    [
      "no-kvm",
      /Permission denied .*\(let the worker's VMM user read and write \/dev\/kvm\)/,
    ],
    ["no-start", /cloud-hypervisor ended at once \(/],
    ["version=v49.0", /it is version 49, .*\(install cloud-hypervisor v50/],
    ["die=vm.boot", /panicked at vm\.boot \(/],
  ];
  for (const [index, [fault, message]] of table.entries()) {
    await installStandIn(program, [fault]);
    const vm = `shop/bad-${index}`;
    await host.orders(host.order(WEB), host.order(vm));
    const seen = await host.told(vm, fault, (vm) => message.test(vm.message));
    assert.equal(seen.hostFailure?.kind, "driver");
    assert.equal(seen.rolledBack, null, "the image is not to blame");
    await isUnharmed(host, before);
  }
  await Deno.remove(program);
  await host.orders(host.order(WEB), host.order(DB));
  await host.told(
    DB,
    "what to install",
    ({ message }) => /not found \(install cloud-hypervisor/.test(message),
  );
  // Installing it is all that is needed.
  await installStandIn(program);
  await host.settled(DB);
  await isUnharmed(host, before);
});

/** What may be found in the place of a file. */
const DAMAGES: Readonly<
  Record<string, (path: string, text: string) => Promise<void>>
> = {
  "half of it": (path, text) =>
    Deno.writeTextFile(path, text.slice(0, text.length / 2)),
  "nothing": (path) => Deno.writeTextFile(path, ""),
  "another version": (path) => Deno.writeTextFile(path, '{"version":99}'),
  "a directory": async (path) => {
    await Deno.remove(path);
    await Deno.mkdir(`${path}/in-its-place`, { recursive: true });
  },
  "a link to itself": async (path) => {
    await Deno.remove(path);
    await Deno.symlink(path, path);
  },
};

Deno.test("worker: whatever is found in the place of its files, it says which and what is lost, and no VM notices", async () => {
  await using host = await standInWorker();
  await host.orders(host.order(WEB), host.order(DB));
  await host.settled(WEB);
  await host.settled(DB);
  const before = await host.pids();
  const web = copyDirectoryName({ id: WEB, incarnation: 1 });
  const db = copyDirectoryName({ id: DB, incarnation: 1 });
  // Of what lies in two places one is left.
  const groups = [
    [
      "state/assignment.json",
      "run/driver.json",
      `run/vms/${web}/vm.json`,
      `run/vms/${db}/vm.json`,
      `state/memory/${web}.json`,
    ],
    [`run/vms/${web}/ledger.json`, `run/vms/${db}/ledger.json`],
  ];
  for (const [what, damage] of Object.entries(DAMAGES)) {
    for (const files of groups) {
      const note = `${what} for ${files}`;
      await host.stop();
      for (const file of files) {
        const path = `${host.dir}/${file}`;
        await damage(path, await Deno.readTextFile(path));
      }
      const former = (await host.master.report())?.process;
      await host.start();
      assert.deepEqual(await host.pids(), before, note);
      const told = host.warnings.join("\n");
      for (const file of files) {
        assert.ok(told.includes(`${host.dir}/${file}`), `${note}: ${told}`);
        assert.equal(
          await Deno.lstat(`${host.dir}/${file}.unreadable`).then(() => true),
          true,
        );
      }
      await until(`it reports, with ${note}`, async () => {
        return (await host.master.report())?.process !== former;
      }, WAIT);
      for (const vm of [WEB, DB]) {
        const { restarts, message } = await host.settled(vm);
        assert.deepEqual([restarts, message], [0, ""], note);
      }
      await host.orders(host.order(WEB), host.order(DB));
      await until(
        `what was damaged is there again, after ${note}`,
        async () => {
          const found = files.map((file) => Deno.lstat(`${host.dir}/${file}`));
          return (await Promise.all(found)).every(({ isFile }) => isFile);
        },
        WAIT,
      );
    }
  }
  assert.deepEqual(await host.pids(), before);
});

Deno.test("what cannot be started is read from the command line: what, where and what to do", async () => {
  await using dir = await tempDir("in");
  await using stack = new AsyncDisposableStack();
  const place = stack.use(await standInPlace(dir.path));
  const table = openTokenTable(`${dir.path}/master`);
  const { token } = table.create({ role: "admin", name: "day shift" }, {
    now: systemClock.now(),
    random: systemRandom,
  });
  table.close();
  await Deno.writeTextFile(`${dir.path}/tokens`, `master ${token}\n`);
  const master = await runMaster(MasterConfig.parse({
    stateDir: `${dir.path}/master`,
    runDir: `${dir.path}/master-run`,
    listen: "127.0.0.1:0",
    rpcListen: "127.0.0.1:0",
    tickMs: 50,
  }));
  stack.defer(() => master.stop());
  const url = master.endpoints["rpc"] ?? "";
  const worker = await runWorker(
    workerConfig(dir.path, {
      driver: "cloud-hypervisor",
      cloudHypervisorPath: place.program,
      masterUrl: url,
      tokenFile: `${dir.path}/tokens`,
      // More than there is: the host says so, not the scheduler.
      capacity: { memoryMib: 64_000_000 },
    }),
    {
      closures: await inputClosures(dir.path, {
        kernel: `${dir.path}/kernel`,
        initrd: `${dir.path}/initrd`,
      }),
    },
  );
  stack.defer(async () => {
    await worker.stopVms();
    await worker.stop();
  });
  const client = await connectMaster({ url, token, caCert: undefined });
  stack.use(client);
  const spec = (name: string, image: ImageKind, memoryMib = 128) =>
    testVmSpec({
      cmdline: "standin.guest=serves",
      storePath: storePathOf(image),
      spec: {
        name,
        memoryMib,
        network: { ports: [] },
        healthChecks: [],
        update: { minHealthyTimeMs: 200, healthyDeadlineMs: 2000 },
      },
    });
  let generation = 0;
  const publish = (...vmSpecs: VmSpec[]) =>
    client.publish({
      cluster: "shop",
      repository: "shop",
      commit: "abcdef",
      parent: generation,
      generation: ++generation,
      intentHash: intentHash(vmSpecs),
      vmSpecs,
    });
  const env = {
    PROCURATOR_MASTER: url,
    PROCURATOR_TOKEN: token,
    HOME: dir.path,
    NO_COLOR: "1",
  };
  const says = (command: string, ...words: RegExp[]) =>
    until(`${command} says ${words.join(" and ")}`, async () => {
      const args = ["run", "-A", `${ROOT}main.ts`, command];
      const { stdout } = await runProcess(Deno.execPath(), args, {
        env,
        timeoutMs: WAIT.timeoutMs,
      });
      return words.every((word) => word.test(stdout));
    }, WAIT);

  await publish(spec("web", "good"));
  await says("status", /generation 1 .*is active, 100 % converged/);
  await publish(
    spec("web", "good"),
    spec("absent", "absent-kernel"),
    spec("huge", "good", 60_000_000),
  );
  const absent =
    /shop\/absent-0 .*cache.*: .*\/nowhere\/kernel is not on this host \(check that its closure is in the cache\)/;
  const huge =
    /shop\/huge-0 .*capacity.*: .*needs 60000000 MiB: this host has \d+ MiB with its swap \(lower memoryMib/;
  await says("status", /^rollout of 2 running/m, absent, huge);
  await says("status", /^shop\/web-0 +w1 +Running +healthy/m);
  await says("events", absent, huge);
  await publish(spec("web", "good"), spec("text", "text-kernel"));
  const text =
    /shop\/text-0 .*text is no kernel for cloud-hypervisor: .* \(name a bzImage/;
  await says("status", text);
  await says("status", /^rollout of 3 failed: /m, text);
  await says(
    "events",
    /rolled back on w1 from generation 3: .*it ended \d+ times, at last: /,
  );
  await says(
    "generations",
    /^3 +failed .*text is no kernel for cloud-hypervisor/m,
  );
  await says("status", /generation 1 .*is active, 100 % converged/);
  const { vms } = await client.status("shop");
  assert.deepEqual(vms.map(({ id, restarts }) => [id, restarts]), [[WEB, 0]]);
});
