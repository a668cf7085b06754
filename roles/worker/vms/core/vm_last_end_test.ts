import assert from "node:assert/strict";
import {
  hash,
  HostModel,
  testOrder,
  testSpec,
} from "../../../../tests/support/worker_host_model.ts";
import type { Action } from "./vm_messages.ts";
import { observe } from "./vm_report.ts";

function observed(host: HostModel) {
  return observe(host.vm, host.at);
}

const NO_KERNEL = "/etc/passwd is no kernel (name a bzImage)";

/** A host on which this image cannot be started, for so long. */
function refuseStarts(host: HostModel, ms: number): void {
  for (const end = host.at + ms; host.at < end; host.at += 100) {
    const { at } = host;
    host.tell({ kind: "tick", at });
    for (const { kind, op } of host.pending.splice(0).filter(isAnswered)) {
      if (kind === "fetch") host.tell({ kind: "fetched", at, op });
      else {
        const message = NO_KERNEL;
        host.tell({ kind: "startFailed", at, op, failure: null, message });
      }
    }
  }
}

type Answered = Extract<Action, { kind: "fetch" | "start" }>;

function isAnswered(action: Action): action is Answered {
  return action.kind === "fetch" || action.kind === "start";
}

Deno.test("an image that cannot be started says why while it is tried again, and when it is given up", () => {
  const host = new HostModel();
  host.order(testOrder("a"));
  refuseStarts(host, 3000);
  assert.match(
    observed(host).message,
    /^\/etc\/passwd is no kernel \(name a bzImage\); starting again in \d+ ms$/,
  );
  refuseStarts(host, 30_000);
  assert.match(
    observed(host).rolledBack?.reason ?? "",
    /^not healthy within 10000 ms: it ended \d+ times, at last: \/etc\/passwd is no kernel/,
  );
});

Deno.test("why a guest ended is told until it is healthy again, or another one is ordered", () => {
  const host = new HostModel();
  const spec = testSpec({ restart: { delayMs: 5000 } });
  host.healthy.add(hash("a"));
  host.order(testOrder("a", { spec }));
  host.run(3000);
  host.exit(false);
  assert.match(observed(host).message, /^it ended; starting again in 5000 ms$/);
  host.run(10_000);
  assert.equal(host.vm.lastEnd, "");
  assert.equal(observed(host).message, "");
  host.exit(false);
  host.order(testOrder("b", { revision: 2 }));
  assert.equal(host.vm.lastEnd, "");
});

Deno.test("a guest without checks whose ledger was lost settles at once, not at its deadline", () => {
  const host = new HostModel();
  const order = testOrder("a", { spec: testSpec({ healthChecks: [] }) });
  host.order(order);
  host.run(60_000);
  assert.equal(observed(host).settled, true);
  host.saved = null;
  host.restartWorker(order);
  // No time passes: nothing would wake it before the deadline.
  host.settleOps();
  assert.equal(observed(host).settled, true);
  assert.equal(observed(host).restarts, 0);
});
