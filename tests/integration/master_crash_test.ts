import assert from "node:assert/strict";
import {
  assignmentFromWire,
  publishRequestToWire,
  workerReportToWire,
} from "../../rpc/convert.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import { AppError } from "../../roles/model/errors.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import { commitOf, FakeWorker } from "../support/master.ts";
import {
  makeToken,
  openSession,
  startMaster,
  startMasterChild,
} from "../support/master_process.ts";
import { vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

function requestOf(generation: number) {
  const vmSpecs = [vmSpec({ env: { version: String(generation) } })];
  return {
    cluster: "shop",
    repository: "shop",
    commit: commitOf(generation),
    generation,
    parent: generation - 1,
    intentHash: intentHash(vmSpecs),
    vmSpecs,
  };
}

async function withMaster<T>(
  use: (directory: string, token: string) => Promise<T>,
): Promise<T> {
  await using dir = await tempDir("crash");
  await Deno.mkdir(`${dir.path}/master`);
  return await use(dir.path, makeToken(`${dir.path}/master`, "admin"));
}

Deno.test("what was acknowledged survives kill -9, and the rest can be published again", () =>
  withMaster(async (directory, token) => {
    const child = await startMasterChild(directory);
    {
      using opened = await openSession(child.rpc, token);
      const { publisher } = opened.session.publisher();
      for (let generation = 1; generation <= 20; generation++) {
        await publisher.publishState(
          publishRequestToWire(requestOf(generation)),
        );
      }
      await child.kill();
    }
    await using master = await startMaster(directory);
    using opened = await openSession(master.rpc, token);
    const { publisher } = opened.session.publisher();
    const highest = await publisher.highestGeneration({ cluster: "shop" });
    assert.deepEqual({ ...highest }, {
      generation: 20,
      intentHash: requestOf(20).intentHash,
      commit: commitOf(20),
    });
  }));

for (
  const [failpoint, isStored] of [
    ["master.publish.before_commit", false],
    ["master.publish.committed", true],
  ] as const
) {
  Deno.test(`killed at ${failpoint}, the publish is ${isStored ? "there" : "not there"} and repeating it succeeds`, () =>
    withMaster(async (directory, token) => {
      const child = await startMasterChild(directory, { failpoint });
      using opened = await openSession(child.rpc, token);
      const { publisher } = opened.session.publisher();
      const lost = await publisher.publishState(
        publishRequestToWire(requestOf(1)),
      ).then(() => null, (error: unknown) => error);
      assert.ok(lost instanceof AppError && lost.code === "unavailable");
      await child.ended();
      await using master = await startMaster(directory);
      using again = await openSession(master.rpc, token);
      const second = again.session.publisher().publisher;
      const highest = await second.highestGeneration({ cluster: "shop" });
      assert.equal(highest.generation, isStored ? 1 : 0);
      const reply = await second.publishState(
        publishRequestToWire(requestOf(1)),
      );
      assert.deepEqual([reply.generation, reply.created], [1, !isStored]);
    }));
}

Deno.test("killed with orders committed, the next master gives the same pair or a higher one", () =>
  withMaster(async (directory, token) => {
    const child = await startMasterChild(directory, {
      failpoint: "master.orders.committed",
    });
    const fake = new FakeWorker("w1", systemClock);
    {
      using opened = await openSession(child.rpc, token);
      const { link } = opened.session.workerLink({ name: "w1" });
      await link.pushData(workerReportToWire(fake.report()));
      const { publisher } = opened.session.publisher();
      await publisher.publishState(publishRequestToWire(requestOf(1)))
        .then(() => undefined, () => undefined);
      await child.ended();
    }
    await using master = await startMaster(directory);
    using opened = await openSession(master.rpc, token);
    const { link } = opened.session.workerLink({ name: "w1" });
    const got = await link.getAssignment({ lastSeen: undefined, waitMs: 5000 });
    const { orders, revision } = assignmentFromWire(got.assignment);
    assert.deepEqual(
      orders.map(({ vm, orderRevision }) => [vm, orderRevision]),
      [["shop/web-0", revision]],
    );
  }));

Deno.test("a report that was cut off is taken again", () =>
  withMaster(async (directory, token) => {
    const child = await startMasterChild(directory, {
      failpoint: "master.report.received",
    });
    const fake = new FakeWorker("w1", systemClock);
    {
      using opened = await openSession(child.rpc, token);
      const { link } = opened.session.workerLink({ name: "w1" });
      await link.pushData(workerReportToWire(fake.report()))
        .then(() => undefined, () => undefined);
      await child.ended();
    }
    await using master = await startMaster(directory);
    using opened = await openSession(master.rpc, token);
    const { link } = opened.session.workerLink({ name: "w1" });
    const pair = await link.pushData(workerReportToWire(fake.report()));
    assert.ok(Number(pair.revision) > 0);
  }));

Deno.test("a full disk refuses writes, answers reads, and mends itself when there is room", async () => {
  await using dir = await tempDir("full");
  await runChecked("mount", [
    "-t",
    "tmpfs",
    "-o",
    "size=4m",
    "tmpfs",
    dir.path,
  ]);
  try {
    await Deno.mkdir(`${dir.path}/master`);
    const token = makeToken(`${dir.path}/master`, "admin");
    await using master = await startMaster(dir.path);
    using opened = await openSession(master.rpc, token);
    const { publisher } = opened.session.publisher();
    await publisher.publishState(publishRequestToWire(requestOf(1)));
    fillUp(`${dir.path}/ballast`);
    let generation = 1;
    const refused = await until("the disk full", async () => {
      try {
        await publisher.publishState(
          publishRequestToWire(requestOf(generation + 1)),
        );
        generation++;
        return undefined;
      } catch (error) {
        return error;
      }
    }, { timeoutMs: 20_000 });
    assert.ok(refused instanceof AppError);
    assert.equal(refused.code, "storage");
    assert.match(refused.message, /the disk is full/);
    assert.match(refused.hint ?? "", /free space/);
    const { viewer } = opened.session.viewer();
    const { status } = await viewer.getClusterStatus({ cluster: "shop" });
    assert.equal(
      status?.highestGeneration,
      generation,
      "memory is not ahead of the disk",
    );
    const answer = await fetch(`${master.http}/readyz`);
    assert.equal(answer.status, 503);
    assert.match((await answer.json()).reasons.join(), /the disk is full/);
    await Deno.remove(`${dir.path}/ballast`);
    await until("ready again", async () => {
      const answer = await fetch(`${master.http}/readyz`);
      await answer.body?.cancel();
      return answer.ok;
    }, { timeoutMs: 10_000 });
    const reply = await publisher.publishState(
      publishRequestToWire(requestOf(generation + 1)),
    );
    assert.equal(reply.created, true);
  } finally {
    await runChecked("umount", [dir.path]);
  }
});

/** Writes until there is no room left. */
function fillUp(path: string): void {
  using file = Deno.openSync(path, { create: true, write: true });
  for (const size of [65_536, 4096, 512]) {
    try {
      for (;;) file.writeSync(new Uint8Array(size));
    } catch {
      // Full for this size; smaller pieces may still fit.
    }
  }
}
