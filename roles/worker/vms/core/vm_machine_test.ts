import assert from "node:assert/strict";
import fc from "fast-check";
import {
  hash,
  HostModel,
  switchableSpec,
  testOrder,
  testSpec,
} from "../../../../tests/support/worker_host_model.ts";
import { observe } from "./vm_report.ts";
import { hasGuest } from "./vm_state.ts";

function observed(host: HostModel) {
  return observe(host.vm, host.at);
}

/** A host on which runtime a is settled. */
function settledOn(letter = "a", spec = testSpec()): HostModel {
  const host = new HostModel();
  host.healthy.add(hash(letter));
  host.order(testOrder(letter, { spec }));
  host.run(3000);
  assert.equal(observed(host).settled, true);
  host.done = [];
  return host;
}

function kinds(host: HostModel): string[] {
  return host.done.map(({ kind }) => kind).filter((kind) => kind !== "probe");
}

Deno.test("an order is fetched, armed, started, and settles after its healthy time", () => {
  const host = new HostModel();
  host.order(testOrder("a"));
  assert.equal(observed(host).state, "Created");
  host.run(1500);
  assert.equal(observed(host).health, "unhealthy");
  assert.equal(host.saved?.attempt?.deadlineMs, 11_000);
  host.healthy.add(hash("a"));
  host.run(2400);
  assert.equal(observed(host).health, "healthy");
  assert.equal(observed(host).settled, false);
  host.run(2000);
  const vm = observed(host);
  assert.equal(vm.settled, true);
  assert.equal(vm.generation, 1);
  assert.deepEqual(vm.seconds, { copy: 0, boot: 2, healthy: 2 });
  assert.equal(host.saved?.attempt?.deadlineMs, null);
});

Deno.test("a new runtime replaces the old one, which runs until the closures are here", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.hostFailure = { kind: "cache", message: "no such path" };
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(60_000);
  assert.equal(observed(host).runtimeHash, hash("a"));
  assert.equal(observed(host).hostFailure?.kind, "cache");
  assert.equal(observed(host).rolledBack, null);
  host.hostFailure = null;
  host.run(60_000);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).hostFailure, null);
  assert.equal(observed(host).settled, true);
  assert.equal(observed(host).restarts, 0);
});

Deno.test("a change of policy alone touches nothing", () => {
  const host = settledOn();
  const spec = testSpec({ labels: { tier: "front" }, priority: 5 });
  const order = testOrder("a", { revision: 2, spec });
  host.order({ ...order, generation: 2 });
  host.run(60_000);
  assert.deepEqual(kinds(host), []);
  assert.equal(observed(host).generation, 2);
  assert.equal(observed(host).settled, true);
});

Deno.test("unhealthy by the deadline: refused on disk before the fallback is started", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(9_999);
  assert.equal(observed(host).rolledBack, null);
  host.run(5000);
  const vm = observed(host);
  assert.equal(vm.runtimeHash, hash("a"));
  assert.equal(vm.generation, 1);
  assert.equal(vm.rolledBack?.runtimeHash, hash("b"));
  assert.equal(vm.rolledBack?.orderRevision, 2);
  assert.match(
    vm.rolledBack?.reason ?? "",
    /not healthy within 10000 ms: http: refused/,
  );
  assert.equal(vm.settled, true);
  const saves = host.done.filter(({ kind }) =>
    kind === "save" || kind === "stop"
  );
  const rolledBack = saves.findIndex((action) =>
    action.kind === "save" && action.reason === "rolledBack"
  );
  assert.equal(saves[rolledBack + 2]?.kind, "stop");
});

Deno.test("a fallback of stop leaves nothing running, and says why", () => {
  const host = new HostModel();
  host.order(testOrder("a"));
  host.run(30_000);
  const vm = observed(host);
  assert.equal(vm.state, "Shutdown");
  assert.equal(vm.runtimeHash, null);
  assert.equal(vm.rolledBack?.runtimeHash, hash("a"));
});

Deno.test("the revert to the fallback is a no-op; only a higher orderRevision tries a refused hash again", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(20_000);
  host.done = [];
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(20_000);
  assert.equal(observed(host).runtimeHash, hash("a"));
  host.order(testOrder("a", { revision: 3, fallback: "a" }));
  host.run(20_000);
  assert.deepEqual(kinds(host).filter((kind) => kind !== "save"), []);
  assert.equal(observed(host).rolledBack, null);
  host.healthy.add(hash("b"));
  host.order(testOrder("b", { revision: 4, fallback: "a" }));
  host.run(20_000);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).settled, true);
});

Deno.test("a healthy guest at the deadline may finish its healthy time", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(8500);
  host.healthy.add(hash("b"));
  host.run(5000);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).settled, true);
});

Deno.test("a crash loop before it is healthy ends in the fallback", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(100);
  for (let crashes = 0; crashes < 10; crashes++) {
    if (host.running?.target.runtimeHash === hash("b")) host.exit(false);
    host.run(2000);
  }
  assert.equal(observed(host).runtimeHash, hash("a"));
  assert.equal(observed(host).rolledBack?.runtimeHash, hash("b"));
});

Deno.test("a settled VM that crashes is restarted with back-off, never rolled back", () => {
  const host = settledOn();
  const starts: number[] = [];
  for (let crashes = 0; crashes < 5; crashes++) {
    host.exit(false);
    const before = host.at;
    while (host.running === null) host.run(100);
    starts.push(Math.round((host.at - before) / 1000));
  }
  assert.deepEqual(starts, [1, 2, 4, 8, 16]);
  assert.equal(observed(host).restarts, 5);
  assert.equal(observed(host).rolledBack, null);
  host.run(70_000);
  host.exit(false);
  host.run(1100);
  assert.notEqual(
    host.running,
    null,
    "the back-off starts anew after a long run",
  );
});

Deno.test("restart policies", () => {
  const table = [
    ["always", true, true],
    ["always", false, true],
    ["on-failure", true, false],
    ["on-failure", false, true],
    ["never", true, false],
    ["never", false, false],
  ] as const;
  for (const [policy, clean, again] of table) {
    const host = settledOn("a", testSpec({ restart: { policy } }));
    host.exit(clean);
    host.run(5000);
    assert.equal(host.running !== null, again, `${policy} ${clean}`);
    if (again) continue;
    assert.equal(observed(host).state, "Shutdown");
    assert.equal(observed(host).rolledBack, null);
  }
});

Deno.test("a VM that may not restart and ends before it is healthy is rolled back at once", () => {
  const host = settledOn();
  const spec = testSpec({ restart: { policy: "never" } });
  host.order(testOrder("b", { revision: 2, fallback: "a", spec }));
  host.run(100);
  host.exit(false);
  host.run(100);
  assert.equal(observed(host).runtimeHash, hash("a"));
  assert.match(observed(host).rolledBack?.reason ?? "", /restart policy never/);
});

Deno.test("failures of the host are retried and do not use up the image's deadline", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.hostFailure = { kind: "capacity", message: "port 80 is taken" };
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(60_000);
  assert.equal(observed(host).hostFailure?.kind, "capacity");
  assert.equal(observed(host).rolledBack, null);
  host.hostFailure = null;
  host.run(40_000);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).rolledBack, null);
});

Deno.test("a full disk harms no running VM, and the change goes on when there is room", () => {
  const host = settledOn();
  host.healthy.add(hash("b"));
  host.diskFull = true;
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(30_000);
  assert.equal(observed(host).runtimeHash, hash("a"));
  assert.equal(observed(host).health, "healthy");
  assert.equal(observed(host).hostFailure?.kind, "disk");
  host.diskFull = false;
  host.run(40_000);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).hostFailure, null);
});

Deno.test("a VM without an order is stopped and forgotten", () => {
  const host = settledOn();
  host.order(null);
  host.run(1000);
  assert.equal(host.running, null);
  assert.equal(host.vm.guest.kind, "forgotten");
  assert.equal(host.saved, null);
});

Deno.test("an order that changes during a fetch or a start ends in the last one", () => {
  const host = new HostModel();
  for (const letter of ["a", "b", "c"]) host.healthy.add(hash(letter));
  host.order(testOrder("a"));
  host.order(testOrder("b", { revision: 2 }));
  assert.equal(host.pending.length, 1);
  host.tell({ kind: "fetched", at: host.at, op: 2 });
  host.order(testOrder("c", { revision: 3 }));
  host.run(10_000);
  assert.equal(observed(host).runtimeHash, hash("c"));
});

Deno.test("a new worker process adopts the guest: restarts, health and deadline go on", () => {
  const host = settledOn();
  const before = observed(host);
  host.at += 500;
  host.restartWorker(testOrder("a"));
  host.settleOps();
  const vm = observed(host);
  assert.equal(vm.settled, true);
  assert.equal(vm.health, "healthy");
  assert.equal(vm.restarts, 0);
  assert.ok((vm.healthyForMs ?? 0) > (before.healthyForMs ?? 0));
  assert.deepEqual(kinds(host), []);
});

Deno.test("a deadline that passes while the worker is dead is applied by the next one, without a master", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(1000);
  host.at += 60_000;
  host.restartWorker(null);
  host.run(5000);
  assert.equal(observed(host).runtimeHash, hash("a"));
  assert.equal(observed(host).rolledBack?.runtimeHash, hash("b"));
});

Deno.test("a guest of an unknown runtime is not adopted", () => {
  const host = settledOn();
  const running = host.running;
  assert.ok(running !== null);
  running.booted = hash("e");
  host.restartWorker(testOrder("a"));
  assert.equal(host.running, null);
  host.run(5000);
  assert.equal(observed(host).runtimeHash, hash("a"));
});

Deno.test("without an order or a ledger nothing is started, stopped or forgotten", () => {
  const host = new HostModel();
  host.restartWorker(null);
  host.run(60_000);
  assert.deepEqual(host.done, []);
});

const EXCLUSIVE = testSpec({ fencing: "exclusive" });
const NO_GUARD = { kind: "shut", reason: "no guard", hostFault: true } as const;
const LAPSED = { kind: "shut", reason: "lapsed", hostFault: false } as const;
const HOLDING = { kind: "holding", reason: "unconfirmed" } as const;
const open = (lease: string) => ({ kind: "open", lease }) as const;

/** An exclusive VM that is settled under lease "g.1". */
function exclusiveOn(): HostModel {
  const host = new HostModel();
  host.healthy.add(hash("a"));
  host.fence(open("g.1"));
  host.order(testOrder("a", { spec: EXCLUSIVE }));
  host.run(5000);
  assert.equal(observed(host).settled, true);
  return host;
}

Deno.test("exclusive VMs are not started without a guard, which is the host's failure", () => {
  const host = new HostModel();
  host.fence(NO_GUARD);
  host.order(testOrder("a", { spec: EXCLUSIVE }));
  host.run(10_000);
  assert.deepEqual(kinds(host), []);
  assert.match(observed(host).hostFailure?.message ?? "", /guard/);
  host.healthy.add(hash("a"));
  host.fence(open("g.1"));
  host.run(5000);
  assert.equal(observed(host).settled, true);
  assert.equal(observed(host).hostFailure, null);
});

Deno.test("what the fence ends is neither a crash nor a failed change, however long it lasts", () => {
  const host = exclusiveOn();
  host.fence(LAPSED);
  host.run(60_000);
  assert.equal(host.running, null);
  assert.equal(observed(host).state, "Shutdown");
  assert.equal(observed(host).hostFailure, null);
  assert.match(observed(host).message, /lapsed/);
  host.fence(open("g.2"));
  host.run(5000);
  assert.equal(observed(host).settled, true);
  assert.equal(observed(host).restarts, 0);
  assert.equal(observed(host).rolledBack, null);
});

Deno.test("a change to an exclusive VM that the fence interrupts has its whole time afterwards", () => {
  const host = exclusiveOn();
  const order = testOrder("b", { spec: EXCLUSIVE, revision: 2, fallback: "a" });
  host.order(order);
  host.run(5000);
  assert.equal(host.running?.target.runtimeHash, hash("b"));
  host.fence(LAPSED);
  host.run(60_000);
  assert.equal(observed(host).rolledBack, null);
  host.fence(open("g.2"));
  host.run(5000);
  assert.equal(host.running?.target.runtimeHash, hash("b"));
  host.healthy.add(hash("b"));
  host.run(5000);
  assert.equal(observed(host).settled, true);
});

Deno.test("while orders are not confirmed an exclusive VM is kept, and neither replaced nor restarted", () => {
  const host = exclusiveOn();
  host.fence(HOLDING);
  host.order(testOrder("b", { spec: EXCLUSIVE, revision: 2, fallback: "a" }));
  host.run(60_000);
  assert.equal(host.running?.target.runtimeHash, hash("a"));
  host.exit(false);
  host.run(60_000);
  assert.equal(observed(host).state, "Created");
  assert.match(observed(host).message, /unconfirmed/);
  host.healthy.add(hash("b"));
  host.fence(open("g.1"));
  host.run(5000);
  assert.equal(host.running?.target.runtimeHash, hash("b"));
});

Deno.test("a VM that is not exclusive is none of the fence's matter", () => {
  const host = settledOn();
  host.fence(NO_GUARD);
  host.run(5000);
  host.exit(false);
  host.run(5000);
  assert.equal(observed(host).restarts, 1);
  assert.equal(host.running?.target.runtimeHash, hash("a"));
});

Deno.test("an exclusive VM that ended while the worker was away was ended by the fence", () => {
  const host = exclusiveOn();
  host.running = null;
  host.restartWorker(testOrder("a", { spec: EXCLUSIVE }));
  host.run(5000);
  assert.equal(observed(host).restarts, 0);
  assert.equal(observed(host).settled, true);
});

const command = fc.oneof(
  // Often enough that a guest that runs is ordered to be another.
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("order" as const),
      letter: fc.constantFrom("a", "b", "c"),
      fallback: fc.constantFrom("a", "b", undefined),
      raise: fc.boolean(),
      policy: fc.constantFrom("always" as const, "never" as const),
      surge: fc.boolean(),
      publish: fc.constantFrom(8080, undefined),
    }),
  },
  fc.constant({ kind: "remove" as const }),
  fc.record({ kind: fc.constant("exit" as const), clean: fc.boolean() }),
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("time" as const),
      ms: fc.integer({ min: 1, max: 15_000 }),
    }),
  },
  fc.constant({ kind: "ops" as const }),
  fc.constant({ kind: "restart" as const }),
  fc.record({ kind: fc.constant("disk" as const), full: fc.boolean() }),
  fc.record({ kind: fc.constant("beside" as const), is: fc.boolean() }),
  fc.record({ kind: fc.constant("paused" as const), isPaused: fc.boolean() }),
  fc.record({ kind: fc.constant("again" as const), stops: fc.boolean() }),
  fc.constant({ kind: "remake" as const }),
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("switching" as const),
      outcome: fc.constantFrom(
        "switched" as const,
        "refused" as const,
        "failed" as const,
        "lost" as const,
        "hangs" as const,
      ),
    }),
  },
  fc.record({
    kind: fc.constant("fence" as const),
    fencing: fc.constantFrom(
      open("g.1"),
      open("g.2"),
      NO_GUARD,
      LAPSED,
      HOLDING,
    ),
  }),
  fc.record({
    kind: fc.constant("host" as const),
    failure: fc.constantFrom("cache" as const, "driver" as const, null),
  }),
);

Deno.test("no sequence of events starts a refused hash, runs two VMs or starts unarmed; then it converges", () => {
  fc.assert(
    fc.property(
      fc.array(command, { maxLength: 30 }),
      fc.boolean(),
      fc.boolean(),
      (
        commands,
        isExclusive,
        hasStore,
      ) => {
        const fencing = isExclusive ? "exclusive" : "none";
        const host = new HostModel();
        host.healthy.add(hash("a"));
        host.healthy.add(hash("c"));
        let revision = 1;
        let last: ReturnType<typeof testOrder> | null = null;
        for (const each of commands) {
          if (host.vm.guest.kind === "forgotten") break;
          if (each.kind === "order") {
            if (each.raise) revision++;
            // Only user space differs: what one guest can be switched to from another.
            const publish = each.publish === undefined || hasStore
              ? {}
              : { publish: each.publish };
            const more = {
              fencing,
              restart: { policy: each.policy },
              network: { ports: [{ name: "http", guest: 80, ...publish }] },
            };
            const specOf = (letter: string) =>
              hasStore ? switchableSpec(letter, more) : testSpec(more);
            last = testOrder(each.letter, {
              revision,
              spec: specOf(each.letter),
              fallbackSpec: specOf(each.fallback ?? each.letter),
              surge: each.surge,
              ...(each.fallback === undefined
                ? {}
                : { fallback: each.fallback }),
            });
            host.order(last);
          } else if (each.kind === "remove") {
            last = null;
            host.order(null);
          } else if (each.kind === "exit") host.exit(each.clean);
          else if (each.kind === "time") host.run(each.ms);
          else if (each.kind === "ops") host.settleOps();
          else if (each.kind === "restart") host.restartWorker(last);
          else if (each.kind === "disk") host.diskFull = each.full;
          else if (each.kind === "beside") {
            // What runs alone and has a guest lets no other copy start.
            const isAlone = isExclusive && hasGuest(host.vm);
            host.beside(each.is && !isAlone);
          } else if (each.kind === "fence") host.fence(each.fencing);
          else if (each.kind === "switching") host.switching = each.outcome;
          else if (
            each.kind === "paused" || each.kind === "again" ||
            each.kind === "remake"
          ) host.tell({ ...each, at: host.at });
          else {
            host.hostFailure = each.failure === null
              ? null
              : { kind: each.failure, message: "" };
          }
        }
        host.diskFull = false;
        host.hostFailure = null;
        // A switch that hangs is of the orders before the last.
        host.switching = "switched";
        host.run(11_000);
        host.tell({ kind: "paused", at: host.at, isPaused: false });
        host.beside(false);
        host.fence(open("g.3"));
        if (host.vm.guest.kind === "forgotten") return;
        const ports = [{ name: "http", guest: 80, publish: 8080 }];
        const more = { network: { ports }, fencing };
        const spec = testSpec(more);
        const final = testOrder("c", { revision: revision + 1, spec });
        host.order(final);
        host.run(200_000);
        assert.equal(observed(host).runtimeHash, hash("c"));
        assert.equal(observed(host).settled, true);
        assert.equal(observed(host).address, "127.0.0.1:8080");
        host.order(null);
        host.run(1000);
        assert.equal(host.vm.guest.kind, "forgotten");
        assert.equal(host.running, null);
      },
    ),
    { numRuns: 1000 },
  );
});

Deno.test("a change that nobody watched is looked at before it is judged", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.settleOps();
  assert.equal(host.running?.target.runtimeHash, hash("b"));
  host.at += 60_000;
  host.healthy.add(hash("b"));
  host.restartWorker(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(5000);
  assert.equal(observed(host).rolledBack, null);
  assert.equal(observed(host).runtimeHash, hash("b"));
  assert.equal(observed(host).settled, true);
});

Deno.test("a worker that dies between the armed ledger and the start leaves the change its whole time", () => {
  const host = settledOn();
  const order = testOrder("b", { revision: 2, fallback: "a" });
  host.order(order);
  host.healthy.add(hash("b"));
  while (host.pending[0]?.kind === "fetch") {
    const { op } = host.pending[0];
    host.pending.shift();
    host.tell({ kind: "fetched", at: host.at, op });
  }
  assert.equal(host.saved?.attempt?.target.runtimeHash, hash("b"));
  host.at += 60_000;
  host.restartWorker(order);
  host.run(20_000);
  assert.equal(observed(host).rolledBack, null);
  assert.equal(observed(host).runtimeHash, hash("b"));
});

Deno.test("the time the old guest takes to stop is not the new one's", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.healthy.add(hash("b"));
  const fetch = host.pending.shift();
  assert.ok(fetch?.kind === "fetch");
  host.tell({ kind: "fetched", at: host.at, op: fetch.op });
  assert.equal(host.vm.guest.kind, "stopping");
  for (let seconds = 0; seconds < 15; seconds++) {
    host.at += 1000;
    host.tell({ kind: "tick", at: host.at });
  }
  host.run(20_000);
  assert.equal(observed(host).rolledBack, null);
  assert.equal(observed(host).runtimeHash, hash("b"));
});

Deno.test("a guest that already runs when it is ordered has a deadline too", () => {
  const host = new HostModel();
  host.order(testOrder("a"));
  host.run(1000);
  host.order(testOrder("b", { revision: 2 }));
  host.order(testOrder("a", { revision: 3 }));
  host.run(30_000);
  assert.equal(observed(host).rolledBack?.runtimeHash, hash("a"));
  assert.equal(host.running, null);
});

Deno.test("the end of a start counts for the guest that was started, not for a later order", () => {
  const host = new HostModel();
  host.order(testOrder("a"));
  const fetch = host.pending.shift();
  assert.ok(fetch?.kind === "fetch");
  host.tell({ kind: "fetched", at: host.at, op: fetch.op });
  host.order(testOrder("b", { revision: 2 }));
  const start = host.pending.findIndex(({ kind }) => kind === "start");
  const [action] = host.pending.splice(start, 1);
  assert.ok(action?.kind === "start");
  host.tell({
    kind: "started",
    at: host.at,
    op: action.op,
    host: "127.0.0.1",
    ports: [],
    startedAtMs: host.at,
  });
  assert.equal(host.vm.ledger.attempt?.target.runtimeHash, hash("b"));
  assert.equal(host.vm.ledger.attempt?.startedAtMs, null);
});

Deno.test("what is being started is told as being there, also without an order", () => {
  const host = new HostModel();
  host.order(testOrder("a"));
  const fetch = host.pending.shift();
  assert.ok(fetch?.kind === "fetch");
  host.tell({ kind: "fetched", at: host.at, op: fetch.op });
  assert.equal(host.vm.guest.kind, "starting");
  host.order(null);
  assert.equal(observed(host).state, "Created");
  assert.equal(observed(host).incarnation, 1);
});

Deno.test("time that nobody ran is not counted: neither against a change nor for it", () => {
  const host = settledOn();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(6000);
  host.at += 3_600_000;
  host.tell({ kind: "slept", at: host.at, ms: 3_600_000 });
  host.run(1000);
  assert.equal(observed(host).rolledBack, null);
  host.healthy.add(hash("b"));
  host.run(1500);
  const { healthyForMs } = observed(host);
  assert.ok(healthyForMs !== null);
  host.at += 3_600_000;
  host.tell({ kind: "slept", at: host.at, ms: 3_600_000 });
  assert.equal(observed(host).settled, false);
  assert.equal(observed(host).healthyForMs, healthyForMs);
  host.run(3000);
  assert.equal(observed(host).settled, true);
});

/** A spec with a published port, and more. */
function published(more: Record<string, unknown> = {}) {
  const ports = [{ name: "http", guest: 80, publish: 8080 }];
  return testSpec({ network: { ports }, ...more });
}

Deno.test("a promoted surge copy takes its published port without a restart, and is not judged again", () => {
  const spec = published();
  const surge = testOrder("a", { spec, surge: true });
  const host = new HostModel();
  host.healthy.add(hash("a"));
  host.beside(true);
  host.order(surge);
  host.run(5000);
  assert.equal(observed(host).settled, true);
  assert.notEqual(observed(host).ports[0]?.host, 8080);
  const { startedAtMs } = host.running ?? {};
  host.done = [];
  host.order({ ...surge, surge: false, orderRevision: 2 });
  host.run(10_000);
  // The copy it replaces has the port until it has stopped.
  assert.match(observed(host).message, /port 8080 is taken/);
  assert.equal(observed(host).health, "healthy");
  assert.equal(observed(host).hostFailure, null);
  host.beside(false);
  host.settleOps();
  assert.equal(observed(host).address, "127.0.0.1:8080");
  assert.equal(observed(host).message, "");
  assert.equal(host.running?.startedAtMs, startedAtMs);
  assert.equal(observed(host).settled, true);
  assert.deepEqual(
    kinds(host).filter((kind) => kind !== "publish" && kind !== "save"),
    [],
  );
});

Deno.test("a port that something else has is asked for again, less and less often", () => {
  const host = new HostModel();
  host.healthy.add(hash("a"));
  host.order(testOrder("a", { spec: published(), surge: true }));
  host.run(5000);
  host.portsTaken = true;
  host.order(testOrder("a", { spec: published(), revision: 2 }));
  host.run(120_000);
  const asked = host.done.filter(({ kind }) => kind === "publish").length;
  assert.ok(asked > 4 && asked < 12, `${asked}`);
  host.portsTaken = false;
  host.run(30_000);
  assert.equal(observed(host).ports[0]?.host, 8080);
});

Deno.test("a copy beside another starts on ports of its own; alone it publishes at once", () => {
  for (const isBeside of [true, false]) {
    const host = new HostModel();
    host.beside(isBeside);
    host.order(testOrder("a", { spec: published() }));
    host.settleOps();
    const start = host.done.find(({ kind }) => kind === "start");
    assert.equal(start?.kind === "start" && start.publishes, !isBeside);
  }
});

Deno.test("a copy with a volume waits until the other one has stopped, fetched and unjudged", () => {
  const volumes = [{ name: "data", sizeMib: 8, mount: "/data" }];
  const spec = testSpec({ volumes });
  const host = new HostModel();
  host.healthy.add(hash("a"));
  host.beside(true);
  host.order(testOrder("a", { spec }));
  host.run(60_000);
  assert.equal(host.running, null);
  assert.deepEqual(kinds(host), ["fetch"]);
  assert.match(observed(host).message, /former copy/);
  assert.equal(observed(host).state, "Created");
  assert.equal(observed(host).hostFailure, null);
  host.beside(false);
  host.run(5000);
  assert.equal(observed(host).settled, true);
  assert.equal(observed(host).rolledBack, null);
});

Deno.test("boot is counted for each change, from the start of its VMM to its first answer", () => {
  const host = settledOn();
  assert.equal(observed(host).seconds.boot, 0);
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(4000);
  assert.equal(observed(host).seconds.boot, null);
  host.healthy.delete(hash("a"));
  host.run(9000);
  assert.equal(observed(host).rolledBack?.runtimeHash, hash("b"));
  assert.equal(observed(host).seconds.boot, null);
  host.healthy.add(hash("a"));
  host.run(4000);
  // The fallback's own boot, whatever came before it.
  assert.equal(observed(host).seconds.boot, 4);
});

Deno.test("boot does not count time in which nobody looked", () => {
  const host = new HostModel();
  host.order(testOrder("a"));
  host.run(3000);
  host.at += 3_600_000;
  host.tell({ kind: "slept", at: host.at, ms: 3_600_000 });
  host.healthy.add(hash("a"));
  host.run(3000);
  assert.equal(observed(host).seconds.boot, 3);

  const other = new HostModel();
  other.order(testOrder("a"));
  other.run(3000);
  other.at += 60_000;
  other.healthy.add(hash("a"));
  other.restartWorker(testOrder("a"));
  other.run(3000);
  assert.equal(observed(other).seconds.boot, 0);
});

Deno.test("failures of the host leave restarts and back-off as they are", () => {
  const host = settledOn();
  host.exit(false);
  host.hostFailure = { kind: "driver", message: "no processes left" };
  host.run(300_000);
  assert.equal(observed(host).hostFailure?.kind, "driver");
  assert.equal(observed(host).restarts, 1);
  assert.equal(host.vm.ledger.crashes, 1);
  host.hostFailure = null;
  host.run(31_000);
  assert.notEqual(host.running, null);
  host.exit(false);
  const before = host.at;
  while (host.running === null) host.run(100);
  assert.equal(Math.round((host.at - before) / 1000), 2);
});

Deno.test("a change that was given up and is ordered again later has its whole time", () => {
  const host = new HostModel();
  host.order(testOrder("b", { fallback: "b" }));
  host.run(11_000);
  assert.equal(observed(host).rolledBack?.runtimeHash, hash("b"));
  host.order(testOrder("c", { fallback: "b" }));
  host.run(1000);
  assert.equal(host.running?.target.runtimeHash, hash("c"));
  host.order(testOrder("b", { fallback: "b" }));
  host.run(60_000);
  assert.equal(host.running, null);
  host.healthy.add(hash("c"));
  host.order(testOrder("c", { revision: 2 }));
  host.run(5000);
  assert.equal(observed(host).rolledBack, null);
  assert.equal(observed(host).settled, true);
});

Deno.test("a full disk is tried again as seldom as any other failure of the host", () => {
  for (const fails of ["disk", "driver"] as const) {
    const host = new HostModel();
    host.diskFull = fails === "disk";
    if (fails === "driver") {
      host.hostFailure = { kind: "driver", message: "broken" };
    }
    host.order(testOrder("a"));
    host.run(60_000);
    const tries = host.done.filter((action) =>
      action.kind === "save" && action.reason === "armed"
    ).length;
    // At 0, 1, 3, 7, 15 and 31 s.
    assert.equal(tries, 6, fails);
    host.diskFull = false;
    host.hostFailure = null;
    host.healthy.add(hash("a"));
    host.run(40_000);
    assert.equal(observed(host).hostFailure, null);
    assert.equal(observed(host).settled, true);
  }
});

Deno.test("a guest that crashed is not judged while a new worker process cannot fetch its closures", () => {
  for (const isSlow of [true, false]) {
    const host = settledOn();
    const order = testOrder("b", { revision: 2, fallback: "a" });
    host.order(order);
    host.run(100);
    host.exit(false);
    if (!isSlow) host.hostFailure = { kind: "cache", message: "away" };
    host.restartWorker(order);
    if (isSlow) {
      assert.deepEqual(host.pending.map(({ kind }) => kind), ["fetch"]);
      for (let seconds = 0; seconds < 60; seconds++) {
        host.at += 1000;
        host.tell({ kind: "tick", at: host.at });
      }
    } else host.run(60_000);
    assert.equal(observed(host).rolledBack, null);
    host.hostFailure = null;
    host.healthy.add(hash("b"));
    host.run(40_000);
    assert.equal(observed(host).rolledBack, null, `${isSlow}`);
    assert.equal(observed(host).runtimeHash, hash("b"));
  }
});
