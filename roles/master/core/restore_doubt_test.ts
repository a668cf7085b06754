import assert from "node:assert/strict";
import type { PlacementDoc } from "./documents.ts";
import { doubtfulCopies, UNKNOWN_CONTENT } from "./restore_doubt.ts";

function copy(
  vm: string,
  worker: string,
  incarnation: number,
  over: Partial<PlacementDoc> = {},
): PlacementDoc {
  return {
    vm,
    incarnation,
    worker,
    generation: 1,
    startedIn: 1,
    runtimeHash: "a".repeat(64),
    policyHash: "b".repeat(64),
    orderRevision: 3,
    fallbackGeneration: 0,
    reserved: { cpuMilli: 1000, memoryMib: 64 },
    ports: [],
    acknowledged: true,
    leaving: false,
    avoid: [],
    surge: false,
    decision: null,
    ...over,
  };
}

function placesOf(
  over: Partial<Parameters<typeof doubtfulCopies>[0]>,
): string[] {
  let next = 100;
  return doubtfulCopies({
    exclusive: new Map([["shop/db-0", 1]]),
    placements: [],
    replaced: [],
    workers: ["w1", "w2"],
    nextIncarnation: () => ++next,
    ...over,
  }).map((doc) => {
    assert.ok(doc.leaving);
    return `${doc.vm}#${doc.incarnation} ${doc.worker}`;
  });
}

Deno.test("nothing is in doubt where both stores agree, and for VMs that may run twice", () => {
  const here = copy("shop/db-0", "w1", 1);
  assert.deepEqual(placesOf({ placements: [here], replaced: [here] }), []);
  assert.deepEqual(
    placesOf({
      placements: [copy("shop/web-0", "w1", 2)],
      replaced: [copy("shop/web-0", "w2", 3)],
    }),
    [],
  );
});

Deno.test("one that moved since leaves both places before it starts again", () => {
  assert.deepEqual(
    placesOf({
      placements: [copy("shop/db-0", "w1", 1)],
      replaced: [copy("shop/db-0", "w2", 7)],
    }),
    ["shop/db-0#1 w1", "shop/db-0#7 w2"],
  );
  assert.deepEqual(
    placesOf({ replaced: [copy("shop/db-0", "w2", 7)] }),
    ["shop/db-0#7 w2"],
    "also one that was placed only since",
  );
});

Deno.test("without the replaced store it may be on any worker", () => {
  assert.deepEqual(
    placesOf({ placements: [copy("shop/db-0", "w1", 1)], replaced: null }),
    ["shop/db-0#1 w1", "shop/db-0#101 w1", "shop/db-0#102 w2"],
  );
  const [, any] = doubtfulCopies({
    exclusive: new Map([["shop/db-0", 1]]),
    placements: [copy("shop/db-0", "w1", 1)],
    replaced: null,
    workers: ["w1"],
    nextIncarnation: () => 9,
  });
  assert.equal(any?.runtimeHash, UNKNOWN_CONTENT);
  assert.deepEqual(any?.reserved, { cpuMilli: 0, memoryMib: 0 });
});

Deno.test("a restore that would have to doubt without bound is refused", () => {
  const exclusive = new Map(
    Array.from({ length: 1000 }, (_, ordinal) => [`shop/db-${ordinal}`, 1]),
  );
  const workers = Array.from({ length: 201 }, (_, index) => `w${index}`);
  assert.throws(() => placesOf({ exclusive, workers, replaced: null }), {
    code: "refused",
    message: /1000 exclusive VMs may run on any of 201 workers/,
  });
});
