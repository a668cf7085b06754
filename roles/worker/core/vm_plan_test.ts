import assert from "node:assert/strict";
import type { Assignment } from "../../model/assignment.ts";
import { testOrder, VM_ID } from "../../../tests/support/worker_host_model.ts";
import { planAssignment } from "./vm_plan.ts";

const WORKER = {
  name: "w1",
  fence: { leaseEpoch: 2, revision: 7 },
  vms: ["shop/old-0", VM_ID],
};

function assignment(more: Partial<Assignment> = {}): Assignment {
  return {
    worker: "w1",
    leaseEpoch: 2,
    revision: 8,
    leaseMs: 10_000,
    orders: [testOrder("a")],
    ...more,
  };
}

Deno.test("planAssignment() gives each ordered VM its order and the others none", () => {
  const plan = planAssignment(WORKER, assignment());
  assert.equal(plan.kind, "accepted");
  if (plan.kind !== "accepted") return;
  assert.deepEqual(plan.fence, { leaseEpoch: 2, revision: 8 });
  assert.equal(plan.orders.get("shop/old-0"), null);
  assert.equal(plan.orders.get(VM_ID)?.vm, VM_ID);
});

Deno.test("planAssignment() compares the epoch first and refuses lower pairs", () => {
  const table = [
    [2, 7, "ignored"],
    [2, 6, "denied"],
    [1, 100, "denied"],
    [3, 0, "accepted"],
  ] as const;
  for (const [leaseEpoch, revision, kind] of table) {
    const plan = planAssignment(WORKER, assignment({ leaseEpoch, revision }));
    assert.equal(plan.kind, kind, `${leaseEpoch}, ${revision}`);
  }
});

Deno.test("planAssignment() refuses another worker's orders and two for one VM", () => {
  const foreign = planAssignment(WORKER, assignment({ worker: "w2" }));
  assert.match(foreign.kind === "denied" ? foreign.reason : "", /"w2"/);
  const orders = [testOrder("a"), testOrder("b")];
  const twice = planAssignment(WORKER, assignment({ orders }));
  assert.match(twice.kind === "denied" ? twice.reason : "", /two orders/);
});
