import assert from "node:assert/strict";
import type { ClusterStatus } from "../../model/mod.ts";
import {
  describeResume,
  describeRetry,
  describeRollback,
  formatGenerations,
  formatStatus,
  isConverged,
} from "./status_view.ts";
import { painter } from "./table.ts";

const STATUS: ClusterStatus = {
  cluster: "shop",
  activeGeneration: 2,
  commit: "0123456789abcdef",
  held: null,
  convergencePercent: 50,
  highestGeneration: 3,
  rollout: {
    generation: 3,
    state: "running",
    message: "web-1 starts",
    waitingOn: null,
  },
  planRevision: 7,
  workers: [{
    id: "w1",
    state: "alive",
    epoch: 1,
    capacity: { cpuMilli: 2000, memoryMib: 4096 },
    free: { cpuMilli: 1500, memoryMib: 3968 },
    attributes: {},
    versions: { nix: "2.8.0" },
    cordoned: null,
  }],
  vms: [{
    id: "shop/web-0",
    incarnation: 1,
    worker: "w1",
    desired: "a",
    observed: "b",
    generation: 2,
    state: "Running",
    health: "healthy",
    drift: true,
    address: "127.0.0.1:8080",
    restarts: 0,
    message: "",
    surge: false,
  }],
};

Deno.test("the status says what runs, what should, and what is under way", () => {
  const text = formatStatus(STATUS, painter(false));
  assert.match(
    text,
    /^shop {2}generation 2 \(01234567\) is active, 50 % converged$/m,
  );
  assert.match(text, /^rollout of 3 running: web-1 starts$/m);
  assert.match(text, /^w1 +alive +1.5\/2 +3968\/4096 +nix 2.8.0$/m);
  assert.match(
    text,
    /^shop\/web-0 +w1 +Running +healthy +2 +drift +127.0.0.1:8080 +0$/m,
  );
});

Deno.test("the status names what operators did and what a rollout waits on", () => {
  const text = formatStatus(
    {
      ...STATUS,
      rollout: {
        generation: 3,
        state: "paused",
        message: "paused: the day shift looks",
        waitingOn: "8192 MiB more",
      },
      workers: STATUS.workers.map((worker) => ({
        ...worker,
        cordoned: "night shift: new disks",
      })),
    },
    painter(false),
    [{
      id: "drain-17",
      kind: "drain",
      target: "w1",
      state: "running",
      by: { role: "operator", name: "night shift", tokenId: "t1" },
      reason: "",
      createdAtMs: 0,
      endedAtMs: null,
      deadlineAtMs: null,
      force: false,
      done: 1,
      total: 3,
      message: "moves shop/web-0",
    }],
  );
  assert.match(text, /^rollout of 3 paused: the day shift looks$/m);
  assert.match(text, /^waiting on 8192 MiB more$/m);
  assert.match(text, /^drain-17 running 1\/3: moves shop\/web-0$/m);
  assert.match(text, /^w1 +alive, cordoned +/m);
});

Deno.test("an empty cluster is said to be empty", () => {
  const text = formatStatus({
    ...STATUS,
    activeGeneration: 0,
    commit: "",
    rollout: null,
    workers: [],
    vms: [],
    held: "held at 1, Git is 2 ahead",
  }, painter(false));
  assert.match(text, /no generation is active/);
  assert.match(text, /held at 1, Git is 2 ahead/);
  assert.match(text, /no worker has ever reported/);
  assert.match(text, /no VMs/);
});

Deno.test("converged means that nothing more changes by itself", () => {
  const full = { ...STATUS, convergencePercent: 100 };
  const rollout = (state: NonNullable<ClusterStatus["rollout"]>["state"]) => ({
    generation: 3,
    state,
    message: "",
    waitingOn: null,
  });
  assert.ok(!isConverged(STATUS));
  assert.ok(!isConverged(full));
  assert.ok(isConverged({ ...full, rollout: null }));
  assert.ok(isConverged({ ...full, rollout: rollout("failed") }));
  assert.ok(!isConverged({ ...full, rollout: rollout("pending") }));
  assert.ok(
    isConverged({ ...full, rollout: rollout("pending"), held: "held at 1" }),
  );
});

Deno.test("generations show state, age, stages and the reason", () => {
  const text = formatGenerations(
    [{
      cluster: "shop",
      generation: 3,
      commit: "0123456789abcdef",
      repository: "shop",
      intentHash: "",
      parent: 2,
      state: "failed",
      reason: "web-0 was not healthy in time",
      publishedAtMs: 1000,
      endedAtMs: 2000,
      vms: 2,
      seconds: { copy: 0.25, place: 0, boot: null, healthy: null },
      traceparent: null,
    }],
    61_000,
    painter(false),
  );
  assert.match(
    text,
    /^3 +failed +01234567 +shop +2 +60 s ago +0\.\d +0\.0 +- +- +- +web-0 was not healthy in time$/m,
  );
  assert.equal(
    formatGenerations([], 0, painter(false)),
    "nothing was published yet\n",
  );
});

Deno.test("what an operator did is said in a line", () => {
  const at = (
    over: Partial<ClusterStatus>,
  ): ClusterStatus => ({ ...STATUS, rollout: null, ...over });
  const held = at({
    activeGeneration: 1,
    held: "held at 1",
    highestGeneration: 1,
  });
  assert.match(describeResume(at({}), at({})), /there was no hold/);
  assert.match(
    describeResume(held, { ...held, held: null }),
    /nothing newer waits, generation 1 stays active/,
  );
  assert.match(
    describeResume(held, at({ rollout: STATUS.rollout })),
    /generation 3 is rolled out/,
  );
  assert.match(
    describeResume(held, at({ activeGeneration: 2, highestGeneration: 2 })),
    /the hold is ended: generation 2 is active/,
  );
  assert.match(describeRollback(held), /generation 1 is active again/);
  assert.match(describeRetry(STATUS, 3), /generation 3 is rolled out again/);
  assert.match(describeRetry(STATUS, 2), /generation 2 is not the newest/);
});
