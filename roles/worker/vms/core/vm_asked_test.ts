import assert from "node:assert/strict";
import {
  hash,
  HostModel,
  testOrder,
} from "../../../../tests/support/worker_host_model.ts";
import { observe } from "./vm_report.ts";

function settled(): HostModel {
  const host = new HostModel();
  host.healthy.add(hash("a"));
  host.order(testOrder("a"));
  host.run(5000);
  return host;
}

/** A function, as the compiler takes no member for changed by a call. */
const startedAtMs = (host: HostModel) => host.running?.startedAtMs ?? null;

const observed = (host: HostModel) => observe(host.vm, host.at);

function pause(host: HostModel, isPaused: boolean): void {
  host.tell({ kind: "paused", at: host.at, isPaused });
}

Deno.test("a paused guest is shown as Paused, is not probed, and is healthy again after", () => {
  const host = settled();
  pause(host, true);
  host.settleOps();
  host.done = [];
  host.healthy.clear();
  host.run(600_000);
  const { state, health, message, healthyForMs } = observed(host);
  assert.deepEqual([state, health, message, healthyForMs], [
    "Paused",
    "unknown",
    "paused",
    null,
  ]);
  assert.deepEqual(host.done, []);
  host.healthy.add(hash("a"));
  pause(host, false);
  host.run(3000);
  assert.deepEqual([observed(host).state, observed(host).health], [
    "Running",
    "healthy",
  ]);
  assert.equal(observed(host).restarts, 0);
});

Deno.test("a pause within a change moves its deadline, and rolls nothing back", () => {
  const host = settled();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(5000);
  pause(host, true);
  host.run(3_600_000);
  assert.equal(observed(host).rolledBack, null);
  pause(host, false);
  host.run(4000);
  assert.equal(observed(host).rolledBack, null);
  host.run(3000);
  assert.equal(observed(host).rolledBack?.runtimeHash, hash("b"));
  assert.equal(observed(host).runtimeHash, hash("a"));
});

Deno.test("a pause outlives the worker, and ends with the guest", () => {
  const host = settled();
  pause(host, true);
  host.settleOps();
  host.restartWorker(testOrder("a"));
  host.run(60_000);
  assert.equal(observed(host).state, "Paused");
  host.exit(false);
  host.run(60_000);
  assert.equal(observed(host).state, "Running");
  host.restartWorker(testOrder("a"));
  assert.equal(observed(host).state, "Running");
});

Deno.test("a guest that stands still for a snapshot is not judged, and runs for the next worker", () => {
  const host = settled();
  host.order(testOrder("b", { revision: 2, fallback: "a" }));
  host.run(5000);
  host.tell({ kind: "paused", at: host.at, isPaused: true, isKept: false });
  host.run(3_600_000);
  assert.equal(observed(host).rolledBack, null);
  assert.equal(observed(host).state, "Paused");
  host.restartWorker(testOrder("b", { revision: 2, fallback: "a" }));
  assert.equal(observed(host).state, "Running");

  const quiet = settled();
  quiet.tell({ kind: "paused", at: quiet.at, isPaused: true, isKept: false });
  quiet.healthy.clear();
  quiet.run(600_000);
  quiet.healthy.add(hash("a"));
  pause(quiet, false);
  assert.deepEqual([observed(quiet).state, observed(quiet).health], [
    "Running",
    "healthy",
  ]);
});

Deno.test("a guest that runs on while it is being stopped is not taken for paused when the stop fails", () => {
  const host = settled();
  pause(host, true);
  host.settleOps();
  host.tell({ kind: "again", at: host.at, stops: true });
  pause(host, false);
  const { guest } = host.vm;
  assert.ok(guest.kind === "stopping");
  host.tell({
    kind: "stopFailed",
    at: host.at,
    op: guest.op,
    failure: { kind: "driver", message: "it does not die" },
  });
  assert.equal(observed(host).state, "Running");
});

Deno.test("an order replaces a paused guest as any other", () => {
  const host = settled();
  pause(host, true);
  host.healthy.add(hash("b"));
  host.order(testOrder("b", { revision: 2 }));
  host.run(10_000);
  const { state, runtimeHash, settled: isSettled } = observed(host);
  assert.deepEqual([state, runtimeHash, isSettled], [
    "Running",
    hash("b"),
    true,
  ]);
});

Deno.test("asked for a start: what waits or was left starts at once, what runs is left alone or begins again", () => {
  const host = settled();
  host.hostFailure = { kind: "driver", message: "broken" };
  host.exit(false);
  host.run(100_000);
  assert.equal(startedAtMs(host), null);
  host.hostFailure = null;
  host.tell({ kind: "again", at: host.at, stops: false });
  host.settleOps();
  const begun = startedAtMs(host);
  assert.equal(begun, host.at);
  host.run(1000);
  host.tell({ kind: "again", at: host.at, stops: false });
  host.settleOps();
  assert.equal(startedAtMs(host), begun);
  host.tell({ kind: "again", at: host.at, stops: true });
  host.settleOps();
  assert.equal(startedAtMs(host), host.at);
  const restarts = observed(host).restarts;
  host.run(10_000);
  assert.equal(observed(host).restarts, restarts);
});

Deno.test("asked to be made anew: stopped, forgotten, and started as one that was never here", () => {
  const host = settled();
  host.exit(false);
  host.run(5000);
  assert.equal(observed(host).restarts, 1);
  host.done = [];
  host.tell({ kind: "remake", at: host.at });
  host.run(5000);
  const kinds = host.done.map(({ kind }) => kind).filter((kind) =>
    ["stop", "forget", "start"].includes(kind)
  );
  assert.deepEqual(kinds, ["stop", "forget", "start"]);
  assert.deepEqual([observed(host).restarts, observed(host).settled], [
    0,
    true,
  ]);
});
