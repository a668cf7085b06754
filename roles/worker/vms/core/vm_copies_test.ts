import assert from "node:assert/strict";
import { kinds, observed } from "../../../../tests/support/settled_host.ts";
import { HostModel } from "../../../../tests/support/worker_host_model.ts";
import {
  hash,
  testOrder,
  testSpec,
} from "../../../../tests/support/worker_orders.ts";

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
