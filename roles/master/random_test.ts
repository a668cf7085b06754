import assert from "node:assert/strict";
import fc from "fast-check";
import { MasterScenario } from "../../tests/support/master.ts";
import { vmSpec } from "../../tests/support/specs.ts";
import { AppError } from "../model/errors.ts";
import { SYSTEM } from "../model/event.ts";
import type { VmSpec } from "../model/vm_spec.ts";

const quick = {
  minHealthyTimeMs: 1000,
  healthyDeadlineMs: 5000,
  progressDeadlineMs: 30_000,
};

/** One thing that happens to a cluster. */
const Step = fc.oneof(
  fc.record({
    kind: fc.constant("publish" as const),
    version: fc.integer({ min: 1, max: 4 }),
    replicas: fc.integer({ min: 0, max: 3 }),
    memoryMib: fc.constantFrom(128, 256, 400),
    behave: fc.constantFrom("healthy", "healthy", "fail", "broken-on:w1"),
    strategy: fc.constantFrom(
      "rolling" as const,
      "rolling" as const,
      "canary" as const,
      "blue-green" as const,
    ),
    isExclusive: fc.boolean(),
    hasVolume: fc.constantFrom(false, false, true),
    autoPromote: fc.boolean(),
    priority: fc.constantFrom(0, 0, 10),
    other: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("pass" as const),
    ms: fc.constantFrom(500, 3000, 9000),
  }),
  fc.record({
    kind: fc.constantFrom(
      "restart" as const,
      "rollback" as const,
      "resume" as const,
      "retry" as const,
      "pause" as const,
      "promote" as const,
      "fail" as const,
    ),
  }),
  fc.record({
    kind: fc.constant("drain" as const),
    worker: fc.constantFrom("w1", "w2"),
    force: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("uncordon" as const),
    worker: fc.constantFrom("w1", "w2"),
  }),
  fc.record({
    kind: fc.constant("network" as const),
    worker: fc.constantFrom("w1", "w2"),
    isBridged: fc.constantFrom(true, true, false),
  }),
  fc.record({
    kind: fc.constant("cut" as const),
    worker: fc.constantFrom("w1", "w2"),
  }),
  fc.record({
    kind: fc.constant("join" as const),
    worker: fc.constantFrom("w1", "w2"),
  }),
);
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

/** Refusals are an answer; anything else is a bug. */
async function allowing(promise: Promise<unknown>): Promise<void> {
  try {
    await promise;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
  }
}

function publishStep(s: MasterScenario, step: Step & { kind: "publish" }) {
  const { version, replicas, memoryMib, behave, other, priority } = step;
  const env = { version: String(version), behave };
  const isRolling = step.strategy === "rolling";
  const specs = [vmSpec({
    env,
    replicas,
    memoryMib,
    priority,
    network: { allowedPeers: ["db"] },
    update: {
      ...quick,
      strategy: step.strategy,
      autoPromote: step.autoPromote,
    },
    // Only what rolls may be one of these.
    fencing: isRolling && step.isExclusive ? "exclusive" : "none",
    volumes: isRolling && step.hasVolume
      ? [{ name: "data", sizeMib: 10, mount: "/data" }]
      : [],
  })];
  if (other) specs.push(vmSpec({ name: "db", update: quick }));
  return s.publish(specs);
}

async function act(s: MasterScenario, step: Step): Promise<void> {
  switch (step.kind) {
    case "publish":
      return await allowing(publishStep(s, step));
    case "pass":
      return await s.run(step.ms, () => checkWorkers(s));
    case "restart":
      return await s.restart();
    case "rollback":
      return await allowing(s.master.rollback("shop", 0));
    case "resume":
      return await allowing(s.master.resume("shop"));
    case "pause":
      return await allowing(s.master.pause("shop", "to look at it"));
    case "promote":
      return await allowing(s.master.promote("shop"));
    case "fail":
      return await allowing(s.master.fail("shop", "it looks wrong"));
    case "drain": {
      const { worker, force } = step;
      const options = { deadlineMs: 20_000, force, reason: "a new disk" };
      const { operations } = s.master;
      return await allowing(operations.drain(worker, options, SYSTEM));
    }
    case "uncordon":
      return await allowing(s.master.operations.uncordon(step.worker, SYSTEM));
    case "retry": {
      const { generation } = s.master.views.highestGeneration("shop");
      return await allowing(s.master.retry("shop", generation));
    }
    case "network": {
      const worker = s.workers.get(step.worker);
      if (worker === undefined) return;
      const { network: _before, ...others } = worker.attributes;
      worker.attributes = step.isBridged
        ? { ...others, network: "bridge" }
        : others;
      return;
    }
    case "cut":
    case "join": {
      const worker = s.workers.get(step.worker);
      if (worker !== undefined) worker.isConnected = step.kind === "join";
    }
  }
}

/** No worker is given more than it has, and nothing exclusive runs twice. */
function checkWorkers(s: MasterScenario): void {
  const running = new Map<string, VmSpec[]>();
  for (const worker of s.workers.values()) {
    let memoryMib = 0;
    for (const { order, runs } of worker.vms.values()) {
      memoryMib += order.spec.memoryMib;
      if (runs === null) continue;
      const copies = running.get(order.vm) ?? [];
      running.set(order.vm, [...copies, runs.spec]);
    }
    assert.ok(
      memoryMib <= worker.capacity.memoryMib,
      `${worker.name} was given ${memoryMib} MiB`,
    );
  }
  for (const [vm, specs] of running) {
    const isExclusive = specs.some(({ fencing }) => fencing === "exclusive");
    assert.ok(specs.length === 1 || !isExclusive, `${vm} runs twice`);
  }
}

/** Guests that may talk are told of each other, and of nobody else. */
function checkPeers(s: MasterScenario): void {
  const orders = [...s.workers.values()].flatMap(({ assignment }) =>
    assignment?.orders ?? []
  );
  const addressesOf = (name: string, withSurge: boolean) =>
    orders.filter(({ vm, surge }) =>
      vm.startsWith(`shop/${name}-`) && (withSurge || !surge)
    ).flatMap(({ network }) => network?.address ?? []).sort();
  const all = orders.flatMap(({ network }) => network?.address ?? []);
  assert.equal(new Set(all).size, all.length, "an address is one copy's");
  for (const { vm, network } of orders) {
    if (network === undefined) continue;
    const { peers, sources } = network;
    if (vm.startsWith("shop/db-")) {
      assert.deepEqual(sources, addressesOf("web", true));
    } else {
      const addresses = addressesOf("db", false);
      assert.deepEqual(peers, [{ name: "db", addresses }]);
    }
  }
}

/** Everything is as desired, or says why it cannot be. */
function isConverged(s: MasterScenario): boolean {
  const status = s.status();
  const { rollout } = status;
  // A rollout that somebody or something keeps from ending says so, and goes on when it is mended.
  const isWaiting = rollout !== null && rollout.waitingOn !== null;
  if (rollout?.state === "running" && !isWaiting) return false;
  return status.vms.every((vm) =>
    (isWaiting && vm.message !== "") ||
    vm.desired !== null &&
      ((vm.desired === vm.observed && vm.health === "healthy") ||
        /annot place|no other place|rolled back|no such device|its volume is on/
          .test(vm.message))
  );
}

Deno.test("whatever happens, workers are never overcommitted and calm brings convergence", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Step, { minLength: 10, maxLength: 40 }),
      async (steps) => {
        const s = await MasterScenario.create();
        const attributes = { guard: "true" };
        await s.addWorker("w1", { memoryMib: 700, attributes });
        await s.addWorker("w2", { memoryMib: 700, attributes });
        for (const step of steps) await act(s, step);
        for (const worker of s.workers.values()) worker.isConnected = true;
        // Drains end by their deadline, and what they cordoned takes VMs again.
        await s.run(30_000, () => checkWorkers(s));
        for (const worker of s.workers.keys()) {
          await allowing(s.master.operations.uncordon(worker, SYSTEM));
        }
        if (s.master.views.clusters().length === 0) return;
        await s.runUntil(
          "calm",
          () => isConverged(s),
          300_000,
          () => checkWorkers(s),
        );
        await s.run(2000);
        checkPeers(s);
      },
    ),
    { numRuns: 100 },
  );
});
