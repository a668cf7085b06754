import assert from "node:assert/strict";
import fc from "fast-check";
import { Assignment } from "../roles/model/assignment.ts";
import type { Event } from "../roles/model/event.ts";
import type { Operation, Rebalance } from "../roles/model/operation.ts";
import {
  type GenerationSummary,
  type PublishRequest,
} from "../roles/model/generation.ts";
import { WorkerReport } from "../roles/model/observed.ts";
import type { Why } from "../roles/model/plan.ts";
import { ClusterStatus } from "../roles/model/status.ts";
import {
  counter,
  hex,
  name,
  observedVm,
  text,
  vm,
  vmSpec,
} from "../tests/support/arbitraries.ts";
import {
  assignmentFromWire,
  assignmentToWire,
  clusterStatusFromWire,
  clusterStatusToWire,
  eventFromWire,
  eventToWire,
  generationSummaryFromWire,
  generationSummaryToWire,
  operationFromWire,
  operationToWire,
  publishRequestFromWire,
  publishRequestToWire,
  rebalanceFromWire,
  rebalanceToWire,
  vmSpecFromWire,
  vmSpecToWire,
  whyFromWire,
  whyToWire,
  workerReportFromWire,
  workerReportToWire,
} from "./convert.ts";
import * as common from "./generated/common.ts";
import * as master from "./generated/master.ts";
import { overTheWire } from "../tests/support/over_the_wire.ts";

/** Equal as JSON: that is what the domain's values are. */
function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(
    JSON.parse(JSON.stringify(actual)),
    JSON.parse(JSON.stringify(expected)),
  );
}

const traceparent = fc.tuple(hex(32), hex(16)).map(([trace, span]) =>
  `00-${trace}-${span}-01`
);

Deno.test("a spec survives the wire", () => {
  fc.assert(fc.property(vmSpec, (spec) => {
    const read = overTheWire(common.VmSpec, vmSpecToWire(spec));
    same(vmSpecFromWire(read), spec);
  }));
});

Deno.test("a publish request survives the wire", () => {
  const request: fc.Arbitrary<PublishRequest> = fc.record({
    cluster: name,
    repository: name,
    commit: hex(40),
    generation: counter.map((each) => each || 1),
    parent: counter,
    intentHash: hex(64),
    expectedRevision: counter,
    traceparent,
    placement: fc.constantFrom("spread" as const, "pack" as const),
    vmSpecs: fc.uniqueArray(vmSpec, {
      selector: (each) => each.name,
      maxLength: 3,
    }),
  }, {
    requiredKeys: [
      "cluster",
      "repository",
      "commit",
      "generation",
      "parent",
      "intentHash",
      "placement",
      "vmSpecs",
    ],
  });
  fc.assert(fc.property(request, (request) => {
    const wire = publishRequestToWire(request);
    const read = overTheWire(master.PublishRequest, wire);
    same(publishRequestFromWire(read), request);
  }));
});

Deno.test("an assignment survives the wire", () => {
  const fallback = fc.oneof(
    fc.constant({ kind: "stop" as const }),
    fc.record({
      kind: fc.constant("spec" as const),
      spec: vmSpec,
      runtimeHash: hex(64),
      generation: counter,
    }),
  );
  const order = fc.record({
    vm,
    incarnation: counter,
    orderRevision: counter,
    generation: counter,
    commit: hex(12),
    spec: vmSpec,
    runtimeHash: hex(64),
    policyHash: hex(64),
    fallback,
    surge: fc.boolean(),
    network: fc.record({
      address: fc.ipV4(),
      peers: fc.array(
        fc.record({ name, addresses: fc.array(fc.ipV4(), { maxLength: 3 }) }),
        { maxLength: 3 },
      ),
      sources: fc.array(fc.ipV4(), { maxLength: 3 }),
    }),
  }, {
    requiredKeys: [
      "vm",
      "incarnation",
      "orderRevision",
      "generation",
      "commit",
      "spec",
      "runtimeHash",
      "policyHash",
      "fallback",
      "surge",
    ],
  });
  const subnet = fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) =>
    `10.${a}.${b}.0/24`
  );
  const network = fc.record({
    subnet,
    routes: fc.array(fc.record({ worker: name, subnet, via: fc.ipV4() }), {
      maxLength: 3,
    }),
  });
  const assignment: fc.Arbitrary<Assignment> = fc.record({
    worker: name,
    leaseEpoch: counter,
    revision: counter,
    leaseMs: fc.nat(86_400_000),
    orders: fc.array(order, { maxLength: 3 }),
    network,
  }, {
    requiredKeys: ["worker", "leaseEpoch", "revision", "leaseMs", "orders"],
  });
  fc.assert(fc.property(assignment, (assignment) => {
    const read = overTheWire(
      master.Assignment,
      assignmentToWire(assignment),
    );
    same(assignmentFromWire(read), assignment);
  }));
});

Deno.test("a worker's report survives the wire", () => {
  const short = fc.dictionary(name, name, {
    maxKeys: 3,
    noNullPrototype: true,
  });
  const report: fc.Arbitrary<WorkerReport> = fc.record({
    worker: name,
    bootId: hex(32),
    sequence: counter,
    process: hex(32),
    leaseEpoch: counter,
    revision: counter,
    capacity: fc.record({ cpuMilli: fc.nat(), memoryMib: fc.nat() }),
    attributes: short,
    versions: short,
    vms: fc.array(observedVm, { maxLength: 4 }),
    metrics: fc.dictionary(
      name,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      { maxKeys: 3, noNullPrototype: true },
    ),
    roots: fc.array(
      fc.constantFrom("a", "b").map((letter) =>
        `/nix/store/${letter.repeat(32)}-root`
      ),
      { maxLength: 3 },
    ),
  });
  fc.assert(fc.property(report, (report) => {
    const wire = workerReportToWire(report);
    const read = overTheWire(master.WorkerReport, wire);
    same(workerReportFromWire(read), report);
  }));
});

Deno.test("a status and a generation survive the wire", () => {
  const status: ClusterStatus = {
    cluster: "shop",
    activeGeneration: 2,
    commit: "abcdef",
    held: "held at 1, Git is 2 ahead",
    convergencePercent: 66.7,
    highestGeneration: Number.MAX_SAFE_INTEGER,
    rollout: {
      generation: 3,
      state: "running",
      message: "1 of 3",
      waitingOn: "8192 MiB more",
    },
    planRevision: 12,
    workers: [{
      id: "w1",
      state: "alive",
      epoch: 7,
      capacity: { cpuMilli: 4000, memoryMib: 8192 },
      free: { cpuMilli: -500, memoryMib: 100 },
      attributes: { zone: "a" },
      versions: { nix: "2.8.0" },
      cordoned: "operator: new disks",
    }],
    vms: [{
      id: "shop/web-0",
      incarnation: 1,
      worker: "w1",
      desired: null,
      observed: "a".repeat(64),
      generation: 2,
      state: "Running",
      health: "healthy",
      drift: true,
      address: "10.0.0.2:80",
      restarts: 0,
      message: "",
      surge: true,
    }],
  };
  const summary: GenerationSummary = {
    cluster: "shop",
    generation: 3,
    commit: "abcdef",
    repository: "shop",
    intentHash: "b".repeat(64),
    parent: 2,
    state: "rolling",
    reason: "",
    publishedAtMs: 1_700_000_000_000,
    endedAtMs: null,
    vms: 3,
    seconds: { copy: 0.5, place: 0, boot: null, healthy: null },
    traceparent: null,
    rollbackTarget: true,
  };
  same(
    clusterStatusFromWire(
      overTheWire(master.ClusterStatus, clusterStatusToWire(status)),
    ),
    status,
  );
  same(
    generationSummaryFromWire(
      overTheWire(master.Generation, generationSummaryToWire(summary)),
    ),
    summary,
  );
});

Deno.test("events and operations survive the wire", () => {
  const by = { role: "operator", name: "night shift", tokenId: "t1" };
  const event: Event = {
    index: 7,
    atMs: 1_700_000_000_000,
    topic: "vm",
    cluster: "shop",
    subject: "shop/web-0",
    message: "placed on w1",
    by,
    data: { worker: "w1" },
  };
  same(eventFromWire(overTheWire(master.Event, eventToWire(event))), event);
  const operation: Operation = {
    id: "drain-17",
    kind: "drain",
    target: "w1",
    state: "running",
    by,
    reason: "new disks",
    createdAtMs: 1_700_000_000_000,
    endedAtMs: null,
    deadlineAtMs: null,
    force: true,
    done: 2,
    total: 5,
    message: "moves shop/web-1",
  };
  for (const deadlineAtMs of [null, 1_700_000_100_000]) {
    const given = { ...operation, deadlineAtMs };
    same(
      operationFromWire(overTheWire(master.Operation, operationToWire(given))),
      given,
    );
  }
  const rebalance: Rebalance = {
    moves: [{
      vm: "shop/web-0",
      fromWorker: "w1",
      toWorker: "w2",
      reason: "w1 is fuller",
    }],
    message: "one worker less",
    freedWorkers: 1,
  };
  same(
    rebalanceFromWire(
      overTheWire(master.Rebalance, rebalanceToWire(rebalance)),
    ),
    rebalance,
  );
});

Deno.test("an explanation survives the wire", () => {
  const candidate = fc.record({
    worker: name,
    score: fc.double({ noNaN: true, noDefaultInfinity: true }),
    parts: fc.dictionary(
      name,
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    refusal: fc.option(text.filter((one) => one !== ""), { nil: null }),
    kind: fc.constantFrom(
      null,
      "state",
      "rule",
      "port",
      "address",
      "avoided",
      "room",
    ),
  });
  const why = fc.record({
    vm: fc.constant("shop/web-0"),
    summary: text,
    worker: name,
    incarnation: fc.maxSafeNat(),
    decidedAtMs: fc.option(fc.integer({ min: 1 }), { nil: null }),
    reason: text,
    rolledBack: fc.option(text.filter((one) => one !== ""), { nil: null }),
    candidates: fc.array(candidate, { maxLength: 4 }),
  });
  fc.assert(fc.property(why, (sent) => {
    same(whyFromWire(overTheWire(master.Why, whyToWire(sent as Why))), sent);
  }));
});
