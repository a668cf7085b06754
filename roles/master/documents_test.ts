import assert from "node:assert/strict";
import fc from "fast-check";
import type { PlacementDoc } from "./core/documents.ts";
import { placementKey } from "./core/documents.ts";
import { Documents, Draft, type Reading } from "./documents.ts";
import { openStore } from "./store.ts";

function placement(
  vm: string,
  incarnation: number,
  worker: string,
): PlacementDoc {
  return {
    vm,
    incarnation,
    worker,
    generation: 1,
    startedIn: 1,
    runtimeHash: "a".repeat(64),
    policyHash: "b".repeat(64),
    orderRevision: 1,
    fallbackGeneration: 0,
    reserved: { cpuMilli: 500 * incarnation, memoryMib: 128 },
    ports: [],
    acknowledged: true,
    leaving: false,
    avoid: [],
    surge: false,
    decision: null,
  };
}

const Change = fc.record({
  vm: fc.constantFrom("a/web-0", "a/web-1", "ab/web-0", "b/web-0"),
  incarnation: fc.integer({ min: 1, max: 3 }),
  worker: fc.constantFrom("w1", "w2"),
  isThere: fc.boolean(),
});

function keysOf(docs: Iterable<PlacementDoc>): string[] {
  return [...docs].map((doc) => `${placementKey(doc)} on ${doc.worker}`).sort();
}

/** Every way of reading finds what walking everything finds. */
function checkReading(reading: Reading, model: Map<string, PlacementDoc>) {
  const all = [...model.values()];
  const found = (prefix: string) =>
    keysOf([...reading.entries("placement", prefix)].map(([, doc]) => doc));
  for (const prefix of ["", "a/", "ab/", "c/", "a/web-0#", "b/web-0#", "a"]) {
    const expected = all.filter((doc) => placementKey(doc).startsWith(prefix));
    assert.deepEqual(found(prefix), keysOf(expected), `under "${prefix}"`);
  }
  for (const worker of ["w1", "w2", "w3"]) {
    const there = all.filter((doc) => doc.worker === worker);
    assert.deepEqual(keysOf(reading.placementsOn(worker)), keysOf(there));
    const held = (key: "cpuMilli" | "memoryMib") =>
      there.reduce((sum, { reserved }) => sum + reserved[key], 0);
    assert.deepEqual(reading.heldOn(worker), {
      cpuMilli: held("cpuMilli"),
      memoryMib: held("memoryMib"),
    });
  }
  assert.equal(reading.count("placement"), all.length);
}

Deno.test("documents and drafts of drafts are found by cluster, VM and worker as by walking", async () => {
  const Drafts = fc.array(
    fc.record({
      base: fc.array(Change, { maxLength: 4 }),
      own: fc.array(Change, { maxLength: 4 }),
    }),
    { maxLength: 6 },
  );
  await fc.assert(
    fc.asyncProperty(Drafts, async (drafts) => {
      const store = openStore(":memory:");
      const documents = await Documents.load(store);
      const model = new Map<string, PlacementDoc>();
      let revision = 0;
      const apply = (
        draft: Draft,
        changes: readonly (typeof drafts)[0]["own"][0][],
      ) => {
        for (const { vm, incarnation, worker, isThere } of changes) {
          const doc = placement(vm, incarnation, worker);
          const key = placementKey(doc);
          if (isThere) {
            draft.put("placement", key, doc);
            model.set(key, doc);
          } else {
            draft.delete("placement", key);
            model.delete(key);
          }
        }
      };
      for (const { base, own } of drafts) {
        const group = new Draft(documents);
        apply(group, base);
        const draft = new Draft(group);
        apply(draft, own);
        checkReading(draft, model);
        group.merge(draft);
        documents.accept(group, ++revision);
        checkReading(documents, model);
      }
      store.close();
    }),
    { numRuns: 100 },
  );
});
