import { equal, notEqual } from "node:assert/strict";
import type { WorkerDoc } from "./documents.ts";
import type { Liveness } from "./liveness.ts";
import {
  planRevisionOf,
  usableAfter,
  usableFingerprint,
} from "./plan_revision.ts";

function worker(
  name: string,
  over: Partial<WorkerDoc> = {},
  state: Liveness = "alive",
) {
  const doc: WorkerDoc = {
    name,
    term: 0,
    revision: 1,
    capacity: { cpuMilli: 4000, memoryMib: 4096 },
    attributes: { zone: "a", disk: "ssd" },
    versions: {},
    cordon: null,
    ...over,
  };
  return { doc, state };
}

Deno.test("usableFingerprint() tells sets of usable workers apart, and nothing else", () => {
  const both = usableFingerprint([worker("a"), worker("b")]);
  equal(usableFingerprint([worker("b"), worker("a")]), both);
  equal(
    usableFingerprint([
      worker("a", { revision: 9, term: 2, versions: { nix: "2.8" } }),
      worker("b", { attributes: { disk: "ssd", zone: "a" } }),
    ]),
    both,
    "orders, versions and the order of attributes are not what it offers",
  );
  const cordon = {
    by: { role: "operator", name: "ann", tokenId: "" } as const,
    reason: "",
    atMs: 1,
  };
  const others = [
    [worker("a")],
    [worker("a"), worker("b"), worker("c")],
    [worker("a"), worker("b", {}, "disconnected")],
    [worker("a"), worker("b", {}, "lost")],
    [worker("a"), worker("b", { cordon })],
    [
      worker("a"),
      worker("b", { capacity: { cpuMilli: 4000, memoryMib: 8192 } }),
    ],
    [worker("a"), worker("b", { attributes: { zone: "b", disk: "ssd" } })],
  ];
  for (const set of others) notEqual(usableFingerprint(set), both);
  equal(usableFingerprint([]), 0);
});

Deno.test("the plan revision rises once for each change of the set", () => {
  const first = usableAfter({ fingerprint: 0, revision: 0 }, 7);
  equal(usableAfter(first, 7), first);
  const second = usableAfter(first, 8);
  const at = (usable: typeof first, incarnation = 1) => ({
    usable,
    incarnation,
  });
  equal(planRevisionOf({ planRevision: 3 }, at(first)), 4);
  equal(planRevisionOf({ planRevision: 3 }, at(second)), 5);
  equal(planRevisionOf(undefined, at(second)), 2);
  equal(planRevisionOf({ planRevision: 1 }, at(first, 2)), 1_000_002);
});
