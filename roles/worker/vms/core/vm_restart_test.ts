import assert from "node:assert/strict";
import { observed, settledOn } from "../../../../tests/support/settled_host.ts";
import {
  hash,
  testOrder,
  testSpec,
} from "../../../../tests/support/worker_orders.ts";

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
