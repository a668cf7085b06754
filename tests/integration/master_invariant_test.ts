import assert from "node:assert/strict";
import {
  PlacementDoc,
  placementKey,
} from "../../roles/master/core/documents.ts";
import { BrokenInvariant } from "../../roles/master/core/plan_check.ts";
import { openStore } from "../../roles/master/store.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import { workerReportToWire } from "../../rpc/convert.ts";
import { fillStore } from "../bench/scheduler_tick.ts";
import { FakeWorker } from "../support/fake_worker.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { tempDir } from "../support/temp.ts";

/** A stored cluster on one worker, with a VM that has two orders, both with an older policy. */
async function breakStore(path: string): Promise<string> {
  const store = openStore(path);
  try {
    const observed = await fillStore(store, {
      workers: 1,
      vms: 20,
      clusters: 1,
    });
    const [worker = ""] = observed.keys();
    const [first] = await store.list("placement");
    assert.ok(first !== undefined);
    const { kind, id, revision, json } = first;
    const doc = {
      ...PlacementDoc.parse(JSON.parse(json)),
      policyHash: "c".repeat(64),
    };
    const twin = { ...doc, incarnation: 1000 };
    await store.transact([
      { kind, id, expectedRevision: revision, json: JSON.stringify(doc) },
      {
        kind,
        id: placementKey(twin),
        expectedRevision: 0,
        json: JSON.stringify(twin),
      },
    ]);
    return worker;
  } finally {
    store.close();
  }
}

Deno.test("a master whose plan breaks an invariant ends with the reason and commits nothing of it", async () => {
  await using dir = await tempDir("invariant");
  await Deno.mkdir(`${dir.path}/master`);
  const path = `${dir.path}/master/master.sqlite`;
  const name = await breakStore(path);
  const token = makeToken(`${dir.path}/master`, "worker");
  await using master = await startMaster(dir.path);
  using opened = await openSession(master.rpc, token);
  const { link } = await opened.session.workerLink({ name });
  const worker = new FakeWorker(name, systemClock, {
    cpuMilli: 64_000,
    memoryMib: 131_072,
  });
  await link.pushData(workerReportToWire(worker.report()));
  await assert.rejects(
    master.finished,
    (error) =>
      error instanceof BrokenInvariant &&
      /c0\/web0-0 has orders/.test(error.message),
  );
  await master.stop();
  const store = openStore(path);
  assert.equal((await store.list("placement")).length, 21);
  store.close();
});
