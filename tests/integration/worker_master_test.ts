import assert from "node:assert/strict";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { systemClock, systemRandom } from "../../roles/clock/mod.ts";
import { MasterConfig, run as runMaster } from "../../roles/master/mod.ts";
import { intentHash, type VmSpec } from "../../roles/model/mod.ts";
import { run as runWorker } from "../../roles/worker/mod.ts";
import {
  clusterStatusFromWire,
  publishRequestToWire,
} from "../../rpc/convert.ts";
import { Gate } from "../../rpc/generated/master.ts";
import { connectRpc } from "../../rpc/mod.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";
import { testVmSpec, workerConfig } from "../support/worker.ts";

const WAIT = { timeoutMs: 60_000 };

/** A master and a worker on the simulated driver, over TCP with tokens. */
async function startBoth(dir: string, worker: Record<string, unknown> = {}) {
  const tokens = openTokenTable(`${dir}/master`);
  const source = { now: systemClock.now(), random: systemRandom };
  const make = (role: "worker" | "publisher", name: string) =>
    tokens.create({ role, name }, source).token;
  const workerToken = make("worker", "w1");
  const publisherToken = make("publisher", "ci");
  tokens.close();
  await Deno.writeTextFile(`${dir}/worker.token`, `${workerToken}\n`);
  const config = {
    stateDir: `${dir}/master`,
    runDir: `${dir}/master-run`,
    listen: "127.0.0.1:0",
    rpcListen: "127.0.0.1:0",
    leaseMs: 2000,
    tickMs: 50,
  };
  const master = await runMaster(MasterConfig.parse(config));
  const masterUrl = master.endpoints.rpc ?? "";
  const startWorker = () =>
    runWorker(workerConfig(dir, {
      driver: "simulated",
      masterUrl,
      tokenFile: `${dir}/worker.token`,
      ...worker,
    }));
  const connection = await connectRpc({ url: masterUrl });
  const gate = connection.bootstrap(Gate);
  const { session } = gate.login({ token: publisherToken });
  const { publisher } = session.publisher();
  const { viewer } = session.viewer();
  let parent = 0;
  return {
    master,
    startWorker,
    viewer,
    async publish(vmSpecs: VmSpec[]) {
      const generation = parent + 1;
      await publisher.publishState(publishRequestToWire({
        cluster: "shop",
        repository: "shop",
        commit: `abcdef${generation}`,
        generation,
        parent,
        intentHash: intentHash(vmSpecs),
        vmSpecs,
      }));
      parent = generation;
    },
    async status() {
      const { status } = await viewer.getClusterStatus({ cluster: "shop" });
      return clusterStatusFromWire(status);
    },
    async [Symbol.asyncDispose]() {
      connection.close();
      await master.stop();
    },
  };
}

function simulated(script: string, healthyDeadlineMs = 60_000): VmSpec {
  const update = { minHealthyTimeMs: 100, healthyDeadlineMs };
  return testVmSpec({
    cmdline: `simulated.boot_ms=50 ${script}`,
    spec: { replicas: 2, update },
  });
}

Deno.test("worker and master: a publish becomes healthy, a bad one rolls back, logs are reached", async () => {
  await using dir = await tempDir("wm");
  await using both = await startBoth(dir.path);
  const worker = await both.startWorker();
  try {
    await both.publish([simulated("version=1")]);
    await until("generation 1 is active", async () => {
      const { activeGeneration, convergencePercent } = await both.status();
      return activeGeneration === 1 && convergencePercent === 100;
    }, WAIT);
    await both.publish([simulated("simulated.outcome=never", 1500)]);
    await until("generation 2 failed and 1 runs again", async () => {
      const { rollout, convergencePercent, activeGeneration, vms } = await both
        .status();
      return rollout?.state !== "running" && activeGeneration === 1 &&
        convergencePercent === 100 &&
        vms.every(({ generation }) => generation === 1) &&
        (await both.viewer.generations({ cluster: "shop" })).generations
            .find(({ generation }) => generation === 2)?.state === "failed";
    }, WAIT);
    const { text } = await both.viewer.logs({ vm: "shop/web-0" });
    assert.match(text, /simulated: ready/);
    const ready = await fetch(`${worker.endpoints.http}/readyz`);
    assert.deepEqual(await ready.json(), {
      ok: true,
      role: "worker",
      reasons: [],
    });
  } finally {
    await worker.stop();
  }
});

Deno.test("worker and master: VMs stopped with the worker come back with it", async () => {
  await using dir = await tempDir("wm");
  await using both = await startBoth(dir.path);
  const first = await both.startWorker();
  await both.publish([simulated("")]);
  const converged = async () =>
    (await both.status()).convergencePercent === 100 &&
    (await both.status()).activeGeneration === 1;
  await until("it converges", converged, WAIT);
  await first.stopVms();
  await first.stop();
  const second = await both.startWorker();
  try {
    await until("it converges again", async () => {
      const vms = second.view.observed();
      return vms.length === 2 &&
        vms.every(({ health, restarts }) =>
          health === "healthy" && restarts === 0
        ) && await converged();
    }, WAIT);
  } finally {
    await second.stop();
  }
});

Deno.test("worker and master: a wrong token or an absent master is a reason in readyz, nothing else", async () => {
  await using dir = await tempDir("wm");
  await using both = await startBoth(dir.path);
  await Deno.writeTextFile(
    `${dir.path}/worker.token`,
    `pcr_worker_${"0".repeat(16)}_${"0".repeat(43)}\n`,
  );
  const worker = await both.startWorker();
  try {
    const reasons = await until("it says why", async () => {
      const response = await fetch(`${worker.endpoints.http}/readyz`);
      const body = await response.json();
      return !body.ok && !/not been reached yet/.test(body.reasons[0]) &&
        body.reasons;
    }, WAIT);
    assert.match(reasons[0], /token/);
  } finally {
    await worker.stop();
  }
});
