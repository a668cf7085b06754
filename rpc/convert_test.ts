import assert from "node:assert/strict";
import fc from "fast-check";
import { Assignment } from "../roles/model/assignment.ts";
import type { Event } from "../roles/model/event.ts";
import type { Operation, Rebalance } from "../roles/model/operation.ts";
import {
  type GenerationSummary,
  type PublishRequest,
} from "../roles/model/generation.ts";
import { type ObservedVm, WorkerReport } from "../roles/model/observed.ts";
import type { Why } from "../roles/model/plan.ts";
import { ClusterStatus } from "../roles/model/status.ts";
import { VmSpec } from "../roles/model/vm_spec.ts";
import {
  name,
  port,
  STORE,
  text,
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
import { acceptor } from "./convert/accept.ts";
import { keep } from "./core/hook.ts";
import { type StructType, TypedContent } from "./core/types.ts";
import * as common from "./generated/common.ts";
import * as master from "./generated/master.ts";

/** What a peer reads of `value`: through the bytes. */
function overTheWire<Out, In>(type: StructType<Out, In>, value: In): Out {
  const { reader, segment, at } = keep(new TypedContent(type, value));
  return reader.root(segment, at, type.decode) as Out;
}

/** Equal as JSON: that is what the domain's values are. */
function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(
    JSON.parse(JSON.stringify(actual)),
    JSON.parse(JSON.stringify(expected)),
  );
}

const HEX = [..."0123456789abcdef"];
const hex = (length: number) =>
  fc.array(fc.constantFrom(...HEX), { minLength: length, maxLength: length })
    .map((digits) => digits.join(""));
const counter = fc.maxSafeNat();

const vm = fc.tuple(name, name, fc.nat(999)).map(([cluster, vm, ordinal]) =>
  `${cluster}/${vm}-${ordinal}`
);
const seconds = fc.option(fc.double({ min: 0, max: 1e6, noNaN: true }));

const observedVm: fc.Arbitrary<ObservedVm> = fc.tuple(
  fc.record({
    vm,
    incarnation: counter,
    state: fc.constantFrom("Created", "Running", "Paused", "Shutdown"),
    runtimeHash: fc.option(hex(64)),
    generation: counter,
    health: fc.constantFrom("unknown", "starting", "healthy", "unhealthy"),
    healthyForMs: fc.option(counter),
    settled: fc.boolean(),
    restarts: counter,
    address: text,
    ports: fc.array(fc.record({ name, guest: port, host: port }), {
      maxLength: 3,
    }),
    rolledBack: fc.option(fc.record({
      runtimeHash: hex(64),
      orderRevision: counter,
      generation: counter,
      reason: text,
    })),
    hostFailure: fc.option(fc.record({
      kind: fc.constantFrom("disk", "driver", "cache", "capacity"),
      message: text,
    })),
    message: text,
    seconds: fc.record({ copy: seconds, boot: seconds, healthy: seconds }),
    closureBytes: fc.option(counter),
  }),
  fc.option(text),
).map(([vm, change]) =>
  // Empty and absent are one on the wire.
  change === null || change === "" ? vm : { ...vm, change }
);

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

Deno.test("a generation of 2^64-1 is refused by name", () => {
  const wire = overTheWire(master.PublishRequest, {
    generation: 2n ** 64n - 1n,
  });
  assert.throws(
    () => publishRequestFromWire(wire),
    /generation: 18446744073709551615 is more than 2\^53-1/,
  );
});

Deno.test("bad values are refused with their path", () => {
  const wire = overTheWire(common.VmSpec, {
    name: "web",
    cpuMilli: 1,
    memoryMib: 16,
    image: { toplevel: "/etc", kernelPath: STORE, initrdPath: STORE },
    update: { strategy: 17 },
    labels: [{ key: "a", value: "1" }],
  });
  assert.throws(
    () => vmSpecFromWire(wire),
    /VM "web": image\.toplevel: .*; update\.strategy: /,
  );
  assert.throws(
    () =>
      vmSpecFromWire({
        ...wire,
        env: [{ key: "a", value: "1" }, { key: "a", value: "2" }],
      }),
    /env of VM "web": the key "a" is there twice/,
  );
  assert.throws(() => clusterStatusFromWire(undefined), /status/);
  assert.throws(
    () => overTheWire(common.Port, { name: "http", guest: 70_000 }),
    /Port\.guest must be an integer from 0 to 65535, not 70000/,
  );
});

/** Every place in a value, as the object that holds it and its key. */
function places(value: unknown): { holder: object; key: string }[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [
    { holder: value, key },
    ...places(item),
  ]);
}

Deno.test("what is accepted fast is what zod returns, unchanged", () => {
  const accepts = acceptor(VmSpec);
  const odd = fc.constantFrom<unknown>(
    undefined,
    null,
    -1,
    0,
    1.5,
    NaN,
    2 ** 60,
    7n,
    "",
    "Not A Name",
    "/nix/store/../etc",
    "x".repeat(5000),
    "blue-green",
    "exclusive",
    true,
    [],
    ["a", "a"],
    {},
    { name: "x" },
    JSON.parse('{"__proto__": 1}'),
  );
  let refused = 0;
  fc.assert(
    fc.property(vmSpec, fc.nat(), odd, fc.boolean(), (spec, at, value, add) => {
      assert.ok(accepts(spec), "a good spec takes the fast way");
      const changed = structuredClone(spec) as unknown as object;
      const all = places(changed);
      const { holder, key } = all[at % all.length]!;
      Object.assign(holder, {
        [add && !Array.isArray(holder) ? `${key}x` : key]: value,
      });
      if (!accepts(changed)) return void refused++;
      const parsed = VmSpec.safeParse(changed);
      assert.ok(parsed.success, parsed.error?.message);
      assert.deepEqual(parsed.data, changed);
    }),
    { numRuns: 1000 },
  );
  assert.ok(refused > 300, `${refused} changed specs were refused`);
});

Deno.test("every contract of the wire takes the fast way", () => {
  const status: ClusterStatus = {
    cluster: "shop",
    activeGeneration: 0,
    commit: "",
    held: null,
    convergencePercent: 100,
    highestGeneration: 0,
    rollout: null,
    planRevision: 0,
    workers: [],
    vms: [],
  };
  assert.ok(acceptor(ClusterStatus)(status));
  const fallback = { kind: "stop" };
  fc.assert(fc.property(vmSpec, observedVm, (spec, vm) => {
    const hash = "a".repeat(64);
    const order = {
      vm: vm.vm,
      incarnation: 1,
      orderRevision: 1,
      generation: 1,
      commit: "abcdef",
      spec,
      runtimeHash: hash,
      policyHash: hash,
      fallback,
      surge: false,
      network: {
        address: "10.201.0.2",
        peers: [{ name: "db", addresses: ["10.201.1.2"] }],
        sources: ["10.201.1.255"],
      },
    };
    const assignment = {
      worker: "w",
      leaseEpoch: 1,
      revision: 1,
      leaseMs: 1,
      orders: [order],
      network: {
        subnet: "10.201.0.0/24",
        routes: [{ worker: "v", subnet: "10.201.1.0/24", via: "192.0.2.1" }],
      },
    };
    assert.ok(acceptor(Assignment)(assignment));
    const report = {
      worker: "w",
      bootId: "",
      sequence: 1,
      process: "0".repeat(32),
      leaseEpoch: 0,
      revision: 0,
      capacity: { cpuMilli: 1, memoryMib: 1 },
      attributes: {},
      versions: {},
      vms: [JSON.parse(JSON.stringify(vm))],
      metrics: { load: 0.5 },
      roots: [],
    };
    assert.ok(acceptor(WorkerReport)(report));
  }));
});
