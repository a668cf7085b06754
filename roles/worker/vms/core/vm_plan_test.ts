import assert from "node:assert/strict";
import type { Assignment } from "../../../model/assignment.ts";
import { copyKey } from "../../../model/ids.ts";
import {
  COPY,
  testOrder,
} from "../../../../tests/support/worker_host_model.ts";
import { planAssignment } from "./vm_plan.ts";

const WORKER = {
  name: "w1",
  fence: { leaseEpoch: 2, revision: 7 },
  copies: [{ id: "shop/old-0", incarnation: 1 }, COPY],
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

Deno.test("planAssignment() gives each ordered copy its order and the others none", () => {
  const plan = planAssignment(WORKER, assignment());
  assert.equal(plan.kind, "accepted");
  if (plan.kind !== "accepted") return;
  assert.deepEqual(plan.fence, { leaseEpoch: 2, revision: 8 });
  assert.deepEqual([...plan.orders], [
    ["shop/old-0#1", { copy: WORKER.copies[0], order: null }],
    [copyKey(COPY), { copy: COPY, order: testOrder("a") }],
  ]);
});

Deno.test("planAssignment() ends a copy without an order before its successor is told", () => {
  const next = testOrder("a", { incarnation: 2 });
  const plan = planAssignment(WORKER, assignment({ orders: [next] }));
  const orders = plan.kind === "accepted" ? [...plan.orders.values()] : [];
  assert.deepEqual(
    orders.map(({ copy, order }) => [copyKey(copy), order?.incarnation]),
    [["shop/old-0#1", undefined], [copyKey(COPY), undefined], [
      "shop/web-0#2",
      2,
    ]],
  );
});

Deno.test("planAssignment() takes two copies of one VM", () => {
  const orders = [testOrder("a"), testOrder("b", { incarnation: 2 })];
  const plan = planAssignment(WORKER, assignment({ orders }));
  assert.equal(plan.kind === "accepted" && plan.orders.size, 3);
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

Deno.test("planAssignment() refuses another worker's orders and two for one copy", () => {
  const foreign = planAssignment(WORKER, assignment({ worker: "w2" }));
  assert.match(foreign.kind === "denied" ? foreign.reason : "", /"w2"/);
  const orders = [testOrder("a"), testOrder("b")];
  const twice = planAssignment(WORKER, assignment({ orders }));
  assert.match(twice.kind === "denied" ? twice.reason : "", /two orders/);
});
