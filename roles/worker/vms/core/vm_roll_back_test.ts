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

Deno.test("a retry starts what ended by its policy before it was healthy, and was refused for it", () => {
  const host = new HostModel();
  const spec = testSpec({ restart: { policy: "never" } });
  host.order(testOrder("c", { spec }));
  host.settleOps();
  host.exit(false);
  host.run(5000);
  assert.equal(observed(host).rolledBack?.orderRevision, 1);
  host.healthy.add(hash("c"));
  host.order(testOrder("c", { revision: 2, spec }));
  host.run(5000);
  assert.equal(observed(host).rolledBack, null);
  assert.deepEqual([observed(host).runtimeHash, observed(host).settled], [
    hash("c"),
    true,
  ]);
});
