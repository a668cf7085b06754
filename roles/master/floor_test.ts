import assert from "node:assert/strict";
import fc from "fast-check";
import { MasterScenario, rejects, web } from "../../tests/support/master.ts";
import { AppError } from "../model/errors.ts";

const REPLICAS = 3;

const update = {
  minHealthyTimeMs: 1000,
  healthyDeadlineMs: 5000,
  progressDeadlineMs: 30_000,
};

/** One thing that people do to a cluster whose hosts are all well. */
const Step = fc.oneof(
  fc.record({
    kind: fc.constant("publish" as const),
    behave: fc.constantFrom("healthy", "fail", "fail"),
    bootMs: fc.constantFrom("500", "2000", "4000"),
    strategy: fc.constantFrom(
      "rolling" as const,
      "canary" as const,
      "blue-green" as const,
    ),
    canary: fc.integer({ min: 0, max: 2 }),
    autoPromote: fc.boolean(),
    autoRevert: fc.constantFrom(true, true, false),
    dependsOn: fc.constantFrom([], [], ["db"]),
  }),
  fc.record({
    kind: fc.constant("pass" as const),
    ms: fc.constantFrom(500, 2000, 6000),
  }),
  fc.record({
    kind: fc.constantFrom(
      "restart" as const,
      "rollback" as const,
      "resume" as const,
      "retry" as const,
      "pause" as const,
      "promote" as const,
      "promote" as const,
      "fail" as const,
    ),
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

let published = 0;

function publish(s: MasterScenario, step: Step & { kind: "publish" }) {
  const { behave, bootMs, strategy, canary, dependsOn } = step;
  const { autoPromote, autoRevert } = step;
  published++;
  const version = String(published);
  return s.publish([
    web(version, {
      env: { version, behave, bootMs },
      update: { ...update, strategy, canary, autoPromote, autoRevert },
      dependsOn: [...dependsOn],
    }),
    web(version, { name: "db", replicas: 1, update }),
  ]);
}

async function act(
  s: MasterScenario,
  step: Step,
  look: () => void,
): Promise<void> {
  const { master } = s;
  switch (step.kind) {
    case "publish":
      return await allowing(publish(s, step));
    case "pass":
      return await s.run(step.ms, look);
    case "restart":
      return await s.restart();
    case "rollback":
      return await allowing(master.rollback("shop", 0));
    case "resume":
      return await allowing(master.resume("shop"));
    case "pause":
      return await allowing(master.pause("shop", "to look at it"));
    case "promote":
      return await allowing(master.promote("shop"));
    case "fail":
      return await allowing(master.fail("shop", "it looks wrong"));
    case "retry": {
      const { generation } = master.views.highestGeneration("shop");
      return await allowing(master.retry("shop", generation));
    }
  }
}

/** Instances of `web` of which some copy in service answers. */
function up(s: MasterScenario): number {
  const ids = new Set<string>();
  for (const worker of s.workers.values()) {
    for (const vm of worker.report().vms) {
      const isWeb = vm.vm.includes("/web-");
      if (isWeb && vm.health === "healthy") ids.add(vm.vm);
    }
  }
  return ids.size;
}

/** The rollout has ended, or waits for somebody who was told so. */
function isCalm(s: MasterScenario): boolean {
  const { rollout, vms } = s.status();
  const isWaiting = rollout?.state === "paused" ||
    rollout?.state === "failed" ||
    (rollout?.waitingOn?.startsWith("promotion") ?? false);
  if (rollout !== null && rollout.state !== "pending" && !isWaiting) {
    return false;
  }
  return vms.filter(({ surge }) => !surge).every((vm) =>
    vm.health === "healthy" || /rolled back|waits/.test(vm.message)
  );
}

Deno.test("healthy copies are never taken down because new ones fail", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(Step, { minLength: 5, maxLength: 30 }),
      async (steps) => {
        const s = await MasterScenario.create();
        for (const name of ["w1", "w2", "w3"]) await s.addWorker(name);
        await s.publish([
          web("0", { update }),
          web("0", { name: "db", replicas: 1, update }),
        ]);
        await s.untilActive(1);
        const look = () => {
          const count = up(s);
          assert.ok(count >= REPLICAS - 1, `${count} of ${REPLICAS} answer`);
        };
        for (const step of steps) await act(s, step, look);
        await s.runUntil("calm", () => isCalm(s), 300_000, look);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("without a promotion no old copy is touched, whatever the new ones do", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.record({
          behave: fc.constantFrom("healthy", "fail"),
          strategy: fc.constantFrom("canary" as const, "blue-green" as const),
          ms: fc.constantFrom(1000, 4000, 9000),
          then: fc.constantFrom("nothing", "fail", "pause", "restart"),
        }),
        { minLength: 1, maxLength: 6 },
      ),
      async (publishes) => {
        const s = await MasterScenario.create();
        for (const name of ["w1", "w2"]) await s.addWorker(name);
        await s.publish([web("0", { update })]);
        await s.untilActive(1);
        const look = () => assert.equal(up(s), REPLICAS);
        for (const { behave, strategy, ms, then } of publishes) {
          published++;
          const version = String(published);
          await s.publish([
            web(version, {
              env: { version, behave },
              update: { ...update, strategy },
            }),
          ]);
          await s.run(ms, look);
          if (then === "fail") await allowing(s.master.fail("shop", "no"));
          if (then === "pause") await allowing(s.master.pause("shop", "wait"));
          if (then === "restart") await s.restart();
          await s.run(ms, look);
        }
        assert.equal(s.status().activeGeneration, 1);
      },
    ),
    { numRuns: 40 },
  );
});

Deno.test("pause, resume, promote and fail say why when they are denied", async () => {
  const s = await MasterScenario.create();
  await s.addWorker("w1");
  await s.publish([web("1", { update })]);
  await s.untilActive(1);
  const { master } = s;
  const none = /no rollout is under way/;
  await rejects(master.pause("shop", ""), "refused", none);
  await rejects(master.promote("shop"), "refused", none);
  await rejects(master.fail("shop", ""), "refused", none);
  await s.publish([web("2", { update })]);
  await s.settle();
  await rejects(
    master.promote("shop"),
    "refused",
    /has no canaries or green copies/,
  );
  const strategy = "canary" as const;
  await s.publish([web("3", { update: { ...update, strategy } })]);
  await s.settle();
  await rejects(
    master.promote("shop"),
    "refused",
    /is not that far: the canary of shop\/web-0 on w1 is not ready/,
  );
  await master.pause("shop", "to look at it");
  await master.pause("shop", "again");
  assert.match(s.status().rollout?.message ?? "", /^paused: to look at it/);
  await rejects(master.promote("shop"), "refused", /paused: resume it first/);
  await master.resume("shop");
  assert.equal(s.status().rollout?.state, "running");
});

Deno.test("a paused rollout takes no step, yet VMs of a lost worker are placed again", async () => {
  const s = await MasterScenario.create();
  for (const name of ["w1", "w2", "w3"]) await s.addWorker(name);
  await s.publish([web("1", { update })]);
  await s.untilActive(1);
  await s.publish([web("2", { update })]);
  await s.settle();
  await s.master.pause("shop", "to look at it");
  await s.run(120_000);
  const generations = () =>
    s.status().vms.map(({ generation }) => generation).sort();
  assert.deepEqual(generations(), [1, 1, 2]);
  const lost = s.workers.get("w1");
  assert.ok(lost !== undefined);
  lost.isConnected = false;
  await s.runUntil(
    "placed again",
    () =>
      s.status().vms.every(({ worker, health }) =>
        worker !== "w1" && health === "healthy"
      ),
  );
  assert.deepEqual(generations(), [1, 1, 2], "each on the content it had");
  await s.master.resume("shop");
  await s.untilActive(2);
});

Deno.test("an operator's fail is remembered and goes back", async () => {
  const s = await MasterScenario.create();
  await s.addWorker("w1");
  await s.publish([web("1", { update })]);
  await s.untilActive(1);
  await s.publish([web("2", { update })]);
  await s.run(2000);
  await s.master.fail("shop", "the page is blank");
  assert.equal(s.generation(2).state, "failed");
  assert.match(s.generation(2).reason, /an operator .*: the page is blank/);
  await s.untilActive(1);
  await rejects(
    s.publish([web("2", { update })]),
    "refused",
    /the page is blank/,
  );
});
