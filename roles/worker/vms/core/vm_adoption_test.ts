import assert from "node:assert/strict";
import {
  kinds,
  observed,
  settledOn,
} from "../../../../tests/support/settled_host.ts";
import { HostModel } from "../../../../tests/support/worker_host_model.ts";
import { hash, testOrder } from "../../../../tests/support/worker_orders.ts";

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
