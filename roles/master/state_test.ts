import assert from "node:assert/strict";
import fc from "fast-check";
import { VirtualClock } from "../../tests/support/virtual_clock.ts";
import { type PlacementDoc, placementKey } from "./core/documents.ts";
import { Room } from "./core/placing.ts";
import { Documents, Draft } from "./documents.ts";
import { MasterState } from "./state.ts";
import { openStore } from "./store.ts";

function placement(
  vm: string,
  over: Pick<PlacementDoc, "incarnation" | "worker" | "ports" | "reserved">,
): PlacementDoc {
  return {
    vm,
    generation: 1,
    startedIn: 1,
    runtimeHash: "a".repeat(64),
    policyHash: "b".repeat(64),
    orderRevision: 1,
    fallbackGeneration: 0,
    acknowledged: true,
    leaving: false,
    avoid: [],
    surge: false,
    decision: null,
    ...over,
  };
}

const Worker = fc.record({
  kind: fc.constant("worker" as const),
  name: fc.constantFrom("w1", "w2", "w3"),
  memoryMib: fc.constantFrom(512, 1024),
  isThere: fc.boolean(),
});
const Placement = fc.record({
  kind: fc.constant("placement" as const),
  vm: fc.constantFrom("a/web-0", "a/web-1", "b/web-0"),
  incarnation: fc.integer({ min: 1, max: 2 }),
  worker: fc.constantFrom("w1", "w2", "w3"),
  memoryMib: fc.constantFrom(64, 128),
  isPublished: fc.boolean(),
  isThere: fc.boolean(),
});
type Change =
  | (typeof Worker extends fc.Arbitrary<infer T> ? T : never)
  | (typeof Placement extends fc.Arbitrary<infer T> ? T : never);

function put(draft: Draft, change: Change): void {
  if (change.kind === "worker") {
    const { name, memoryMib, isThere } = change;
    if (!isThere) return draft.delete("worker", name);
    return draft.put("worker", name, {
      name,
      term: 0,
      revision: 1,
      capacity: { cpuMilli: 4000, memoryMib },
      attributes: {},
      versions: {},
      cordon: null,
    });
  }
  const { vm, incarnation, worker, isPublished, memoryMib, isThere } = change;
  // No two VMs hold one port of a worker: that would break an invariant.
  const ports = isPublished
    ? [8000 + 2 * vm.charCodeAt(0) + Number(vm.at(-1))]
    : [];
  const reserved = { cpuMilli: 500, memoryMib };
  const doc = placement(vm, { incarnation, worker, ports, reserved });
  if (isThere) draft.put("placement", placementKey(doc), doc);
  else draft.delete("placement", placementKey(doc));
}

/** What a room says of each worker, in a form that can be compared. */
function shown(room: Room) {
  return [...room.workers.values()]
    .map(({ name, capacity, free, ports, groups }) => ({
      name,
      capacity,
      free: { ...free },
      ports: [...ports].sort(),
      groups: [...groups].sort(),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function roomOf(documents: Documents): Room {
  const workers = [...documents.entries("worker")].map(([, doc]) => ({
    ...doc,
    state: "alive" as const,
    cordon: null,
  }));
  const placements = [...documents.entries("placement")].map(([, doc]) => doc);
  return new Room(workers, placements);
}

Deno.test("the room that follows commits is the room made of the documents", async () => {
  const Commits = fc.array(
    fc.array(fc.oneof(Worker, Placement), { minLength: 1, maxLength: 6 }),
    { maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(Commits, async (commits) => {
      const store = openStore(":memory:");
      const documents = await Documents.load(store);
      const clock = new VirtualClock();
      const state = new MasterState(documents, clock, 10_000);
      let revision = 0;
      for (const changes of commits) {
        const draft = new Draft(documents);
        for (const change of changes) put(draft, change);
        state.following.follow(documents.accept(draft, ++revision));
        assert.deepEqual(shown(state.room), shown(roomOf(documents)));
      }
      // As after a restart.
      const again = new MasterState(documents, clock, 10_000);
      assert.deepEqual(shown(again.room), shown(state.room));
      store.close();
    }),
    { numRuns: 100 },
  );
});
