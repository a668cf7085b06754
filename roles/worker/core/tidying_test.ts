import assert from "node:assert/strict";
import {
  fallbackTo,
  orderFor,
  testVmSpec,
} from "../../../tests/support/worker.ts";
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

Deno.test("a copy at rest keeps what runs and its fallback pinned, and nothing else", () => {
  const fallback = ORDER.fallback.kind === "spec"
    ? ORDER.fallback.runtimeHash
    : "";
  assert.deepEqual(tidy(vmWith(true)), [
    { kind: "prune", keep: [ORDER.runtimeHash, fallback] },
  ]);
});

Deno.test("a change under way unpins nothing", () => {
  assert.deepEqual(tidy(vmWith(false)), []);
});
