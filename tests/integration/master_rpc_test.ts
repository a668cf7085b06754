import assert from "node:assert/strict";
import {
  assignmentFromWire,
  clusterStatusFromWire,
  publishRequestToWire,
  workerReportToWire,
} from "../../rpc/convert.ts";
import { Worker, type WorkerServer } from "../../rpc/generated/worker.ts";
import { scripted } from "../support/scripted_server.ts";
import { connectRpc, serverOf } from "../../rpc/mod.ts";
import { Gate } from "../../rpc/generated/master.ts";
import { AppError, type ErrorCode } from "../../roles/model/errors.ts";
import { intentHash } from "../../roles/model/hashes.ts";
import type { PublishRequest } from "../../roles/model/generation.ts";
import { commitOf, FakeWorker } from "../support/master.ts";
import { systemClock } from "../../roles/clock/mod.ts";
import {
  makeToken,
  openSession,
  startMaster,
} from "../support/master_process.ts";
import { vmSpec } from "../support/specs.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const quick = { minHealthyTimeMs: 100, healthyDeadlineMs: 60_000 };

function request(over: Partial<PublishRequest> = {}): PublishRequest {
  const vmSpecs = over.vmSpecs ?? [vmSpec({ update: quick })];
  return {
    cluster: "shop",
    repository: "shop",
    commit: commitOf(1),
    generation: 1,
    parent: 0,
    intentHash: intentHash(vmSpecs),
    vmSpecs,
    ...over,
  };
}

async function rejects(
  promise: PromiseLike<unknown>,
  code: ErrorCode,
  says: RegExp,
): Promise<void> {
  const error = await promise.then(() => null, (error: unknown) => error);
  assert.ok(error instanceof AppError, `was not refused: ${error}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, says);
}

Deno.test("each role gets what it may do, and is told what it lacks", async () => {
  await using dir = await tempDir("master");
  await Deno.mkdir(`${dir.path}/master`);
  const tokens = {
    viewer: makeToken(`${dir.path}/master`, "viewer"),
    operator: makeToken(`${dir.path}/master`, "operator"),
    publisher: makeToken(`${dir.path}/master`, "publisher"),
    worker: makeToken(`${dir.path}/master`, "worker"),
    admin: makeToken(`${dir.path}/master`, "admin"),
  };
  await using master = await startMaster(dir.path);
  const may = {
    viewer: [],
    operator: ["operator"],
    publisher: ["publisher"],
    worker: ["workerLink"],
    admin: ["operator", "publisher", "workerLink", "tokens"],
  };
  for (const [role, token] of Object.entries(tokens)) {
    using opened = await openSession(master.rpc, token);
    const { session } = opened;
    assert.equal((await session.whoami()).role, role);
    const calls = {
      operator: () => session.operator(),
      publisher: () => session.publisher(),
      workerLink: () => session.workerLink({ name: "w1" }),
      tokens: () => session.tokens(),
    };
    await session.viewer();
    for (const [name, call] of Object.entries(calls)) {
      if (may[role as keyof typeof may].some((one) => one === name)) {
        await call();
      } else {
        await rejects(
          call(),
          "denied",
          new RegExp(`the role is ${role}, it takes`),
        );
      }
    }
  }
  await rejects(
    openSession(master.rpc, "pcr_viewer_nonsense"),
    "unauthenticated",
    /token/,
  );
  const connection = await connectRpc({ url: master.rpc });
  const { version, protocol } = await connection.bootstrap(Gate).version();
  assert.match(version, /^\d+\.\d+\.\d+/);
  assert.equal(protocol, 1);
  connection.close();
});

Deno.test("a revoked token ends the sessions it has opened", async () => {
  await using dir = await tempDir("master");
  await Deno.mkdir(`${dir.path}/master`);
  const admin = makeToken(`${dir.path}/master`, "admin");
  await using master = await startMaster(dir.path);
  using own = await openSession(master.rpc, admin);
  const { tokens } = own.session.tokens();
  const made = await tokens.create({
    role: "publisher",
    name: "ci",
    expiresAtMs: 0,
  });
  using theirs = await openSession(master.rpc, made.token);
  const { publisher } = theirs.session.publisher();
  await publisher.highestGeneration({ cluster: "shop" });
  await tokens.revoke({ id: made.id });
  await rejects(
    publisher.highestGeneration({ cluster: "shop" }),
    "unauthenticated",
    /revoked/,
  );
});

Deno.test("publish, orders, report and status over the wire and over HTTP", async () => {
  await using dir = await tempDir("master");
  await Deno.mkdir(`${dir.path}/master`);
  const admin = makeToken(`${dir.path}/master`, "admin");
  await using master = await startMaster(dir.path);
  using opened = await openSession(master.rpc, admin);
  const { link } = opened.session.workerLink({ name: "w1" });
  const { publisher } = opened.session.publisher();
  const { viewer } = opened.session.viewer();

  const fake = new FakeWorker("w1", systemClock);
  await link.pushData(workerReportToWire(fake.report()));
  const idle = await link.getAssignment({ lastSeen: undefined, waitMs: 0 });
  const first = assignmentFromWire(idle.assignment);
  const poll = link.getAssignment({ lastSeen: first, waitMs: 30_000 });
  const reply = await publisher.publishState(publishRequestToWire(request()));
  assert.deepEqual([reply.state, reply.created], ["rolling", true]);
  const { orders } = assignmentFromWire((await poll).assignment);
  assert.deepEqual(orders.map((order) => order.vm), ["shop/web-0"]);

  // The fake worker obeys through the wire from here on.
  const wire = {
    async getAssignment(_name: string, lastSeen: typeof first) {
      const got = await link.getAssignment({ lastSeen, waitMs: 0 });
      return got.unchanged ? null : assignmentFromWire(got.assignment);
    },
    async pushData(report: Parameters<typeof workerReportToWire>[0]) {
      await link.pushData(workerReportToWire(report));
    },
  };
  const status = await until("generation 1 active", async () => {
    await fake.step(wire);
    const got = await viewer.getClusterStatus({ cluster: "" });
    const status = clusterStatusFromWire(got.status);
    return status.activeGeneration === 1 && status;
  }, { timeoutMs: 20_000 });
  assert.equal(status.convergencePercent, 100);

  for (const path of ["status", "workers", "vms", "generations", "clusters"]) {
    const answer = await fetch(`${master.http}/api/v1/${path}`);
    assert.equal(answer.status, 200, path);
    const body = await answer.json();
    if (path === "status") {
      assert.deepEqual(body, JSON.parse(JSON.stringify(status)));
    }
    if (path === "workers") assert.equal(body.workers[0].state, "alive");
    if (path === "generations") {
      assert.equal(body.generations[0].state, "active");
    }
  }
  const missing = await fetch(`${master.http}/api/v1/status?cluster=none`);
  assert.equal(missing.status, 404);
  assert.match((await missing.json()).error.hint, /shop/);
  const metrics = await (await fetch(`${master.http}/metrics`)).text();
  assert.match(metrics, /procurator_master_workers\{state="alive"\} 1/);
  assert.match(
    metrics,
    /procurator_master_convergence_percent\{cluster="shop"\} 100/,
  );
  const ready = await (await fetch(`${master.http}/readyz`)).json();
  assert.deepEqual(ready, { ok: true, role: "master", reasons: [] });
  const healthz = await fetch(`${master.http}/healthz`);
  assert.equal((await healthz.json()).ok, true);
});

Deno.test("hostile numbers and unknown names are refused over the wire and change nothing", async () => {
  await using dir = await tempDir("master");
  await Deno.mkdir(`${dir.path}/master`);
  const admin = makeToken(`${dir.path}/master`, "admin");
  await using master = await startMaster(dir.path);
  using opened = await openSession(master.rpc, admin);
  const { publisher } = opened.session.publisher();
  const { viewer } = opened.session.viewer();
  const wire = publishRequestToWire(request());
  await rejects(
    publisher.publishState({ ...wire, generation: 2n ** 64n - 1n }),
    "invalid",
    /18446744073709551615|generation/,
  );
  await rejects(
    publisher.publishState({ ...wire, intentHash: "0".repeat(64) }),
    "refused",
    /0{64}.*[0-9a-f]{64}/,
  );
  await rejects(
    publisher.publishState({ ...wire, cluster: "Not A Name" }),
    "invalid",
    /cluster/,
  );
  await rejects(viewer.getWorker({ worker: "w9" }), "not_found", /w9/);
  await rejects(viewer.logs({ vm: "../etc" }), "invalid", /VM/);
  await rejects(viewer.logs({ vm: "shop/web-0" }), "not_found", /no worker/);
  const { link } = opened.session.workerLink({ name: "w1" });
  const other = new FakeWorker("w2", systemClock);
  await rejects(
    link.pushData(workerReportToWire(other.report())),
    "refused",
    /belongs to "w1"/,
  );
  assert.deepEqual((await viewer.clusters()).clusters, []);
});

Deno.test("logs are asked of the worker's own interface, which goes with its session", async () => {
  await using dir = await tempDir("master");
  await Deno.mkdir(`${dir.path}/master`);
  const admin = makeToken(`${dir.path}/master`, "admin");
  await using master = await startMaster(dir.path);
  using opened = await openSession(master.rpc, admin);
  const { viewer } = opened.session.viewer();
  const worker = await openSession(master.rpc, admin);
  const { link } = worker.session.workerLink({ name: "w1" });
  await link.register({
    worker: serverOf(
      Worker,
      scripted<WorkerServer>({
        logs: ({ vm, maxBytes }) => ({
          text: `log of ${vm}, ${maxBytes}`,
          truncated: true,
        }),
      }),
    ),
  });
  await link.pushData(
    workerReportToWire(new FakeWorker("w1", systemClock).report()),
  );
  const { publisher } = opened.session.publisher();
  await publisher.publishState(publishRequestToWire(request()));
  const log = await until(
    "the log",
    async () =>
      await viewer.logs({ vm: "shop/web-0", maxBytes: 100 }).then(
        (log) => log,
        () => undefined,
      ),
    { timeoutMs: 10_000 },
  );
  assert.deepEqual({ ...log }, {
    text: "log of shop/web-0, 100",
    truncated: true,
  });
  worker.connection.close();
  await until(
    "the worker's interface is forgotten",
    async () =>
      await viewer.logs({ vm: "shop/web-0" }).then(
        () => false,
        (error: unknown) =>
          error instanceof AppError && /not connected/.test(error.message),
      ),
    { timeoutMs: 10_000 },
  );
});

Deno.test("a second master on the same directory, and a taken port, are refused", async () => {
  await using dir = await tempDir("master");
  await using other = await tempDir("master");
  await using master = await startMaster(dir.path);
  await rejects(startMaster(dir.path), "refused", /in use/);
  const taken = { listen: new URL(master.http).host };
  await rejects(startMaster(other.path, taken), "refused", /in use/);
  const rpc = { rpcListen: master.rpc.replace("tcp://", "") };
  await rejects(startMaster(other.path, rpc), "refused", /in use/);
  // Nothing of the failed starts is left behind.
  await using again = await startMaster(other.path);
  assert.match(again.rpc, /^tcp:/);
});
