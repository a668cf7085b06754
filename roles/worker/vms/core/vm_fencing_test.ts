import assert from "node:assert/strict";
import {
  kinds,
  observed,
  settledOn,
} from "../../../../tests/support/settled_host.ts";
import { HostModel } from "../../../../tests/support/worker_host_model.ts";
import {
  hash,
  HOLDING,
  LAPSED,
  NO_GUARD,
  openUnder,
  testOrder,
  testSpec,
} from "../../../../tests/support/worker_orders.ts";

const EXCLUSIVE = testSpec({ fencing: "exclusive" });

/** An exclusive VM that is settled under lease "g.1". */
function exclusiveOn(): HostModel {
  const host = new HostModel();
  host.healthy.add(hash("a"));
  host.fence(openUnder("g.1"));
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
  host.fence(openUnder("g.1"));
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
  host.fence(openUnder("g.2"));
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
  host.fence(openUnder("g.2"));
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
  host.fence(openUnder("g.1"));
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
