/**
 * Backup and restore of real databases: of a master that runs, of one that is
 * stopped, on a new machine; what is refused; and a kill at every step.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { BackupInfo } from "../../roles/cli/mod.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import { COMMAND_FAILPOINTS, runProcess } from "../../roles/process/mod.ts";
import {
  assignmentFromWire,
  publishRequestToWire,
  workerReportToWire,
} from "../../rpc/convert.ts";
import { commitOf, FakeWorker } from "../support/master.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

type Opened = Awaited<ReturnType<typeof openSession>>;

/** Runs `procurator ARGS` in a process of its own. */
function procurator(args: string[], env: Record<string, string> = {}) {
  return runProcess(
    Deno.execPath(),
    ["run", "-A", "--no-check", "--quiet", MAIN, ...args],
    { env },
  );
}

function requestOf(generation: number) {
  const vmSpecs = [
    vmSpec({
      env: { version: String(generation) },
      replicas: 2,
      update: { minHealthyTimeMs: 100 },
    }),
  ];
  return publishRequestToWire({
    cluster: "shop",
    repository: "shop",
    commit: commitOf(generation),
    generation,
    parent: generation - 1,
    intentHash: intentHash(vmSpecs),
    vmSpecs,
  });
}

async function publish({ session }: Opened, generation: number): Promise<void> {
  const { publisher } = session.publisher();
  await publisher.publishState(requestOf(generation));
}

async function highest({ session }: Opened): Promise<number> {
  const { publisher } = session.publisher();
  const found = await publisher.highestGeneration({ cluster: "shop" });
  return Number(found.generation);
}

/** A worker's calls over the wire. */
function callsOf({ session }: Opened, name: string) {
  const { link } = session.workerLink({ name });
  return {
    async getAssignment(
      _worker: string,
      lastSeen: { leaseEpoch: number; revision: number },
    ) {
      const reply = await link.getAssignment({ lastSeen, waitMs: 0 });
      return reply.unchanged ? null : assignmentFromWire(reply.assignment);
    },
    async pushData(report: Parameters<typeof workerReportToWire>[0]) {
      return await link.pushData(workerReportToWire(report));
    },
  };
}

/** A directory with a token, and how to open a master's session on it. */
async function withDirectory(
  use: (path: string, token: string) => Promise<void>,
): Promise<void> {
  await using dir = await tempDir("backup");
  await Deno.mkdir(`${dir.path}/master`);
  await use(dir.path, makeToken(`${dir.path}/master`, "admin"));
}

Deno.test("a backup of a running master is restored: higher fences are respected, nothing runs twice", () =>
  withDirectory(async (path, token) => {
    const stateDir = `${path}/master`;
    const file = `${path}/backup.sqlite`;
    const worker = new FakeWorker("w1", systemClock);
    {
      await using master = await startMaster(path);
      using opened = await openSession(master.rpc, token);
      const calls = callsOf(opened, "w1");
      await worker.step(calls);
      await publish(opened, 1);
      const made = await procurator([
        "master",
        "backup",
        file,
        "--state-dir",
        stateDir,
        "--json",
      ]);
      assert.equal(made.code, 0, made.stderrTail);
      const info: BackupInfo = JSON.parse(made.stdout);
      assert.deepEqual([info.generations, info.incarnation], [1, 1]);
      assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
      const refused = await procurator([
        "master",
        "restore",
        file,
        "--state-dir",
        stateDir,
      ]);
      assert.equal(refused.code, 3);
      assert.match(refused.stderrTail, /it is in use by process \d+/);
      await publish(opened, 2);
      await until("the worker runs generation 2", async () => {
        await worker.step(calls);
        const vms = [...worker.vms.values()];
        return vms.length === 2 &&
          vms.every(({ runs }) => runs?.spec.env.version === "2");
      }, { timeoutMs: 60_000 });
    }
    const seen = worker.fence;
    const restored = await procurator([
      "master",
      "restore",
      file,
      "--state-dir",
      stateDir,
    ]);
    assert.equal(restored.code, 0, restored.stderrTail);
    assert.match(restored.stdout, /restored 1 generations.* as incarnation 2/);
    const kept = /before is (\S+)/.exec(restored.stdout)?.[1] ?? "";
    assert.ok((await Deno.stat(kept)).isFile, "the replaced one is kept");

    await using master = await startMaster(path);
    using opened = await openSession(master.rpc, token);
    assert.equal(await highest(opened), 1);
    const calls = callsOf(opened, "w1");
    await until("the worker runs generation 1 again", async () => {
      // It asserts by itself that its pair never falls, and that each VM is ordered once.
      await worker.step(calls);
      const vms = [...worker.vms.values()];
      return vms.length === 2 &&
        vms.every(({ runs }) => runs?.spec.env.version === "1");
    }, { timeoutMs: 60_000 });
    assert.ok(worker.fence.leaseEpoch > seen.leaseEpoch);
    using viewer = opened.session.viewer().viewer;
    const { operations } = await viewer.operations({ limit: 1 });
    assert.equal(operations[0]?.kind, "restore");
    const answer = await fetch(`${master.http}/api/v1/events?topics=store`);
    assert.match(await answer.text(), /restored from .*backup\.sqlite/);
  }));

Deno.test("a backup is all that a new machine needs, tokens included", () =>
  withDirectory(async (path, token) => {
    const file = `${path}/backup.sqlite`;
    {
      await using master = await startMaster(path);
      using opened = await openSession(master.rpc, token);
      await publish(opened, 1);
    }
    const piped = await procurator([
      "master",
      "backup",
      file,
      "--state-dir",
      `${path}/master`,
    ]);
    assert.equal(piped.code, 0, piped.stderrTail);
    await using elsewhere = await tempDir("restored");
    const restored = await procurator([
      "master",
      "restore",
      file,
      "--state-dir",
      `${elsewhere.path}/master`,
    ]);
    assert.equal(restored.code, 0, restored.stderrTail);
    assert.match(restored.stdout, /there was no database before/);
    assert.match(restored.stdout, /the tokens of the backup are good again/);
    await using master = await startMaster(elsewhere.path);
    using opened = await openSession(master.rpc, token);
    assert.equal(await highest(opened), 1);
  }));

Deno.test("what is no sound backup is refused, and changes nothing", () =>
  withDirectory(async (path, token) => {
    const stateDir = `${path}/master`;
    const file = `${path}/backup.sqlite`;
    {
      await using master = await startMaster(path);
      using opened = await openSession(master.rpc, token);
      for (let generation = 1; generation <= 20; generation++) {
        await publish(opened, generation);
      }
    }
    const run = (verb: string, name: string) =>
      procurator(["master", verb, name, "--state-dir", stateDir]);
    const none = await procurator([
      "master",
      "backup",
      file,
      "--state-dir",
      `${path}/nowhere`,
    ]);
    assert.equal(none.code, 1);
    assert.match(none.stderrTail, /There is no .*nowhere\/master\.sqlite/);
    assert.equal((await run("backup", file)).code, 0);
    assert.equal((await run("backup", `${path}/gone/b`)).code, 1);
    const before = await Deno.readFile(`${stateDir}/master.sqlite`);
    const bytes = await Deno.readFile(file);
    const text = `${path}/text`;
    await Deno.writeTextFile(text, "this is no database");
    const cut = `${path}/cut`;
    await Deno.writeFile(cut, bytes.subarray(0, bytes.length / 2));
    for (
      const [name, code, says] of [
        [text, 2, /it is no database of a master/],
        [cut, 2, /damaged|no database/],
        [`${path}/missing`, 1, /There is no .*missing/],
        [`${stateDir}/master.sqlite`, 3, /it is the present database/],
      ] as const
    ) {
      const refused = await run("restore", name);
      assert.equal(refused.code, code, refused.stderrTail);
      assert.match(refused.stderrTail, says);
    }
    assert.deepEqual(await Deno.readFile(`${stateDir}/master.sqlite`), before);
    const left = [...Deno.readDirSync(stateDir)].map(({ name }) => name).sort();
    assert.ok(!left.some((name) => name.includes("restoring")), left.join());
  }));

Deno.test("killed at any step, a restore has happened or has not", () =>
  withDirectory(async (path, token) => {
    const stateDir = `${path}/master`;
    const file = `${path}/backup.sqlite`;
    const restore = (env: Record<string, string> = {}) =>
      procurator(["master", "restore", file, "--state-dir", stateDir], env);
    {
      await using master = await startMaster(path);
      using opened = await openSession(master.rpc, token);
      await publish(opened, 1);
      const made = await procurator([
        "master",
        "backup",
        file,
        "--state-dir",
        stateDir,
      ]);
      assert.equal(made.code, 0, made.stderrTail);
      await publish(opened, 2);
    }
    for (const point of COMMAND_FAILPOINTS) {
      const killed = await restore({ PROCURATOR_FAILPOINT: point });
      assert.equal(killed.signal, "SIGKILL", point);
      await using master = await startMaster(path);
      using opened = await openSession(master.rpc, token);
      const isDone = point === "restore.replaced";
      assert.equal(await highest(opened), isDone ? 1 : 2, point);
    }
    const again = await restore();
    assert.equal(again.code, 0, again.stderrTail);
    assert.match(again.stdout, /as incarnation 3/);
  }));

for (const isLost of [false, true]) {
  const what = isLost ? "the database was lost" : "it moved since";
  Deno.test(`an exclusive VM never runs twice after a restore, though ${what}`, () =>
    withDirectory(async (path, token) => {
      const stateDir = `${path}/master`;
      const file = `${path}/backup.sqlite`;
      const attributes = { guard: "true" };
      const workers = ["w1", "w2"].map((name) =>
        new FakeWorker(name, systemClock, { attributes })
      );
      const running = () =>
        workers.filter((worker) => worker.running("shop/db-0").length > 0);
      /** Steps those that are connected until `isSo`, and never sees two. */
      const stepUntil = async (
        opened: Opened,
        name: string,
        isSo: () => boolean,
      ) => {
        const calls = workers.map(({ name }) => callsOf(opened, name));
        await until(name, async () => {
          for (const [at, worker] of workers.entries()) {
            await worker.step(calls[at]!);
            assert.ok(running().length <= 1, "two of an exclusive VM run");
          }
          return isSo();
        }, { timeoutMs: 60_000 });
      };
      let home: FakeWorker | undefined;
      {
        await using master = await startMaster(path, { leaseMs: 4000 });
        using opened = await openSession(master.rpc, token);
        const vmSpecs = [vmSpec({
          name: "db",
          fencing: "exclusive",
          update: { minHealthyTimeMs: 100 },
        })];
        const { publisher } = opened.session.publisher();
        await stepUntil(opened, "both are there", () => true);
        await publisher.publishState(publishRequestToWire({
          cluster: "shop",
          repository: "shop",
          commit: commitOf(1),
          generation: 1,
          parent: 0,
          intentHash: intentHash(vmSpecs),
          vmSpecs,
        }));
        await stepUntil(opened, "it runs", () => running().length === 1);
        const [before] = running();
        const made = await procurator([
          "master",
          "backup",
          file,
          "--state-dir",
          stateDir,
        ]);
        assert.equal(made.code, 0, made.stderrTail);
        const { operator } = opened.session.operator();
        await operator.drain({
          worker: before!.name,
          deadlineMs: 0,
          force: false,
          reason: "",
        });
        await stepUntil(opened, "it has moved", () => {
          home = running()[0];
          return home !== undefined && home !== before;
        });
      }
      if (isLost) {
        for (const end of ["", "-wal", "-shm"]) {
          await Deno.remove(`${stateDir}/master.sqlite${end}`).catch(() => {});
        }
      }
      const restored = await procurator([
        "master",
        "restore",
        file,
        "--state-dir",
        stateDir,
      ]);
      assert.equal(restored.code, 0, restored.stderrTail);
      await using master = await startMaster(path, { leaseMs: 4000 });
      using opened = await openSession(master.rpc, token);
      // Where it runs is cut off at first: the other one must not start it before its lease is over.
      const other = workers.find((worker) => worker !== home);
      home!.isConnected = false;
      await stepUntil(
        opened,
        "it runs elsewhere",
        () => running()[0] === other,
      );
      home!.isConnected = true;
      await stepUntil(opened, "both are back", () => {
        const { leaseEpoch } = home!.fence;
        return leaseEpoch >= other!.fence.leaseEpoch && running().length === 1;
      });
    }));
}
