import assert from "node:assert/strict";
import { observed, settledOn } from "../../../../tests/support/settled_host.ts";
import { HostModel } from "../../../../tests/support/worker_host_model.ts";
import { hash, testOrder } from "../../../../tests/support/worker_orders.ts";

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
