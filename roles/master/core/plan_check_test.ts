import assert from "node:assert/strict";
import fc from "fast-check";
import type { PlacementDoc } from "./documents.ts";
import { checkPlacements, checkTouched, type Touched } from "./plan_check.ts";

const Placed = fc.record({
  vm: fc.constantFrom("a/web-0", "a/web-1", "b/web-0"),
  incarnation: fc.integer({ min: 1, max: 3 }),
  worker: fc.constantFrom("w1", "w2"),
  memoryMib: fc.constantFrom(100, 300),
  ports: fc.constantFrom<number[]>([], [], [80]),
  orderRevision: fc.constantFrom(0, 1, 1, 1),
  leaving: fc.boolean(),
  surge: fc.boolean(),
});

function docOf(
  { memoryMib, ...over }: typeof Placed extends fc.Arbitrary<infer T> ? T
    : never,
): PlacementDoc {
  return {
    generation: 1,
    startedIn: 1,
    runtimeHash: "a".repeat(64),
    policyHash: "b".repeat(64),
    fallbackGeneration: 0,
    reserved: { cpuMilli: 500, memoryMib },
    acknowledged: false,
    avoid: [],
    decision: null,
    ...over,
  };
}

const workers = ["w1", "w2"].map((name) => ({
  name,
  capacity: { cpuMilli: 2000, memoryMib: 512 },
}));

function touchedOf(
  placements: readonly PlacementDoc[],
  touched: Touched,
): string[] {
  const on = (name: string) =>
    placements.filter(({ worker }) => worker === name);
  const sum = (name: string, key: "cpuMilli" | "memoryMib") =>
    on(name).reduce((held, { reserved }) => held + reserved[key], 0);
  return checkTouched({
    heldOn: (name) => ({
      cpuMilli: sum(name, "cpuMilli"),
      memoryMib: sum(name, "memoryMib"),
    }),
    placementsOn: on,
    placementsOfVm: (id) => placements.filter(({ vm }) => vm === id),
    worker: (name) => workers.find((worker) => worker.name === name),
  }, touched);
}

Deno.test("what is checked of all that was touched is what is checked of everything", () => {
  fc.assert(
    fc.property(fc.array(Placed, { maxLength: 8 }), (placed) => {
      const placements = placed.map(docOf);
      const all = {
        workers: new Set(["w1", "w2"]),
        ports: new Set(["w1", "w2"]),
        addresses: new Set<string>(),
        vms: new Set(placements.map(({ vm }) => vm)),
      };
      assert.deepEqual(
        touchedOf(placements, all).sort(),
        checkPlacements(placements, workers, all.workers).sort(),
      );
    }),
  );
});

Deno.test("what was not touched is not looked at again", () => {
  fc.assert(
    fc.property(fc.array(Placed, { maxLength: 8 }), (placed) => {
      const placements = placed.map(docOf);
      const touched = {
        workers: new Set(["w1"]),
        ports: new Set(["w1"]),
        addresses: new Set<string>(),
        vms: new Set(["a/web-0"]),
      };
      const found = touchedOf(placements, touched);
      const full = checkPlacements(placements, workers, touched.workers);
      for (const broken of found) assert.ok(full.includes(broken), broken);
      const missed = full.filter((broken) => !found.includes(broken));
      for (const broken of missed) {
        assert.match(
          broken,
          /a\/web-1|b\/web-0|port w2/,
          "of what was touched",
        );
      }
    }),
  );
});

Deno.test("an address is of its worker's subnet, of no host, and one copy's alone", () => {
  const copy = (incarnation: number, address?: string) => ({
    ...docOf({
      vm: "a/web-0",
      incarnation,
      worker: "w1",
      memoryMib: 100,
      ports: [],
      orderRevision: 1,
      leaving: true,
      surge: false,
    }),
    ...(address === undefined ? {} : { address }),
  });
  const brokenBy = (...placements: PlacementDoc[]) =>
    checkTouched({
      heldOn: () => ({ cpuMilli: 0, memoryMib: 0 }),
      placementsOn: () => placements,
      placementsOfVm: () => [],
      worker: (name) => ({
        name,
        capacity: { cpuMilli: 1, memoryMib: 1 },
        network: { subnet: "10.201.7.0/24" },
      }),
    }, {
      workers: new Set(),
      ports: new Set(),
      addresses: new Set(["w1"]),
      vms: new Set(),
    });
  const good = copy(1, "10.201.7.2");
  assert.deepEqual(brokenBy(good, copy(2), copy(3, "10.201.7.254")), []);
  assert.match(
    brokenBy(good, copy(2, "10.201.7.2")).join(),
    /given to .*#1 and .*#2/,
  );
  for (
    const wrong of ["10.201.7.1", "10.201.7.255", "10.201.70.2", "10.201.7.0"]
  ) {
    assert.match(brokenBy(copy(1, wrong)).join(), /cannot give/, wrong);
  }
});
