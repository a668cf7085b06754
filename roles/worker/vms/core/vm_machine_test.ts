import assert from "node:assert/strict";
import {
  kinds,
  observed,
  settledOn,
} from "../../../../tests/support/settled_host.ts";
import { HostModel } from "../../../../tests/support/worker_host_model.ts";
import {
  hash,
  testOrder,
  testSpec,
} from "../../../../tests/support/worker_orders.ts";

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
