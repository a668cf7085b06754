import assert from "node:assert/strict";
import {
  fallbackTo,
  orderFor,
  testVmSpec,
} from "../../../../tests/support/worker.ts";
import { emptyLedger } from "./ledger.ts";
import { tidy } from "./tidying.ts";
import { newVm } from "./vm_restore.ts";
import { orderTarget, type Vm } from "./vm_state.ts";

const COPY = { id: "shop/web-0", incarnation: 1 };
const OLD = testVmSpec({ cmdline: "old" });
const ORDER = orderFor(COPY.id, testVmSpec({ cmdline: "new" }), {
  fallback: fallbackTo(OLD, 1),
});
const TARGET = orderTarget(ORDER);

function vmWith(settled: boolean): Vm {
  return {
    ...newVm(COPY, "boot"),
    desired: { kind: "order", order: ORDER },
    guest: {
      kind: "on",
      target: TARGET,
      host: "127.0.0.1",
      ports: [],
      health: {
        startedAtMs: 0,
        healthySinceMs: 0,
        firstAnswerAtMs: 0,
        watchedFromMs: 0,
        checks: {},
      },
    },
    ledger: {
      ...emptyLedger(COPY, "boot"),
      attempt: {
        target: TARGET,
        orderedAtMs: 0,
        startedAtMs: 0,
        deadlineMs: null,
        healthySinceMs: 0,
        settled,
        seconds: { copy: null, boot: null, healthy: null },
      },
    },
  };
}

const FALLBACK = ORDER.fallback.kind === "spec"
  ? ORDER.fallback.runtimeHash
  : "";

Deno.test("what runs, what may run next and what it may go back to stay pinned, and nothing else", () => {
  for (const settled of [true, false]) {
    assert.deepEqual(tidy(vmWith(settled)), [
      { kind: "prune", keep: [ORDER.runtimeHash, FALLBACK] },
    ]);
  }
});

Deno.test("after a change was taken back nothing of it is needed but what the order names", () => {
  const vm = vmWith(true);
  const back = { ...vm, ledger: { ...vm.ledger, attempt: null } };
  assert.deepEqual(tidy(back), [
    { kind: "prune", keep: [ORDER.runtimeHash, FALLBACK] },
  ]);
});

Deno.test("a copy of which nothing is known is not forgotten by tidying", () => {
  assert.deepEqual(tidy(newVm(COPY, "boot")), []);
});
