import assert from "node:assert/strict";
import fc from "fast-check";
import { vmSpec } from "../../../tests/support/specs.ts";
import { Room, type Taken, type WorkerInput } from "./placing.ts";
import { choosePlace, judgeWorkers, type PlacingRequest } from "./scheduler.ts";

/** What may be asked for: every part of a score and every kind of refusal. */
const SPECS = [
  vmSpec({ name: "plain" }),
  vmSpec({
    name: "ported",
    network: { ports: [{ name: "p", guest: 1, publish: 80 }] },
  }),
  vmSpec({ name: "zoned", spread: [{ attribute: "zone", weight: 30 }] }),
  vmSpec({
    name: "racked",
    spread: [{ attribute: "zone", weight: 20 }, { attribute: "rack" }],
  }),
  vmSpec({
    name: "liked",
    affinities: [{ attribute: "zone", value: "z1", weight: 40 }, {
      attribute: "worker",
      operator: "regexp",
      value: "[13579]$",
      weight: -30,
    }],
  }),
  vmSpec({
    name: "ruled",
    constraints: [{ attribute: "rack", operator: "!=", value: "r1" }],
  }),
];

const worker = fc.record({
  zone: fc.constantFrom("z1", "z2", undefined),
  rack: fc.constantFrom("r1", "r2", "r3"),
  memoryMib: fc.integer({ min: 0, max: 12 }),
  cpuMilli: fc.integer({ min: 0, max: 12 }),
  isAlive: fc.integer({ min: 0, max: 9 }).map((n) => n > 0),
  isCordoned: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

function inputOf(
  name: string,
  made: typeof worker extends fc.Arbitrary<infer T> ? T : never,
): WorkerInput {
  const { zone, rack, memoryMib, cpuMilli, isAlive, isCordoned } = made;
  return {
    name,
    state: isAlive ? "alive" : "lost",
    capacity: { cpuMilli: cpuMilli * 500, memoryMib: memoryMib * 128 },
    attributes: { rack, ...(zone === undefined ? {} : { zone }) },
    cordon: isCordoned ? "a disk is changed" : null,
  };
}

const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      kind: fc.constant("place" as const),
      spec: fc.nat(SPECS.length - 1),
      size: fc.integer({ min: 1, max: 4 }),
      policy: fc.constantFrom("spread" as const, "pack" as const),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      which: fc.nat(),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("worker" as const),
      which: fc.nat(14),
      made: worker,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("gone" as const),
      which: fc.nat(14),
    }),
  },
);

/** The best is what judging every worker finds, whatever came before. */
function assertIsBest(request: PlacingRequest, room: Room): string | null {
  const placing = choosePlace(request, room);
  const judged = judgeWorkers(request, room);
  const feasible = judged.filter(({ refusal }) => refusal === null);
  const [best] = feasible;
  if (placing.worker === null) {
    assert.equal(best, undefined, `nothing for ${request.vm}`);
    assert.notEqual(placing.why, "");
    return null;
  }
  const chosen = feasible.find((one) => one.worker === placing.worker);
  assert.ok(chosen !== undefined && best !== undefined);
  // Parts are rounded to hundredths for the reader; the search is not.
  assert.ok(
    best.score - chosen.score < 0.05,
    `${chosen.worker} has ${chosen.score}, ${best.worker} has ${best.score}`,
  );
  assert.equal(placing.scores[0]?.score, chosen.score);
  assert.equal(
    placing.scores.length,
    Math.min(4, feasible.length),
    "the runners-up are there",
  );
  return placing.worker;
}

Deno.test("a ranking finds what a scan finds, while the room changes", () => {
  fc.assert(
    fc.property(
      fc.array(worker, { minLength: 1, maxLength: 15 }),
      fc.array(step, { maxLength: 60 }),
      (workers, steps) => {
        const room = new Room(
          workers.map((made, index) => inputOf(`w${index}`, made)),
          [],
        );
        const held: Taken[] = [];
        let count = 0;
        for (const one of steps) {
          if (one.kind === "worker") {
            room.setWorker(inputOf(`w${one.which}`, one.made));
          } else if (one.kind === "gone") room.removeWorker(`w${one.which}`);
          else if (one.kind === "end") {
            const [ended] = held.splice(one.which % (held.length || 1), 1);
            if (ended !== undefined) room.release(ended);
          } else {
            const spec = SPECS[one.spec]!;
            const size = {
              cpuMilli: one.size * 500,
              memoryMib: one.size * 128,
            };
            const vm = `shop/${spec.name}-${count++}`;
            const chosen = assertIsBest({
              vm,
              spec,
              size,
              avoid: [],
              nowMs: count,
              policy: one.policy,
            }, room);
            if (chosen === null) continue;
            const ports = spec.name === "ported" ? [80] : [];
            const taken = {
              vm,
              worker: chosen,
              reserved: size,
              ports,
              decision: { atMs: count },
            };
            room.take(taken);
            held.push(taken);
          }
        }
      },
    ),
    { numRuns: 200 },
  );
});

Deno.test("a group on many workers is ranked by where it is least", () => {
  const workers = Array.from(
    { length: 100 },
    (_, index) =>
      inputOf(`w${index}`, {
        zone: index % 3 === 0 ? "z1" : "z2",
        rack: "r1",
        memoryMib: 10,
        cpuMilli: 10,
        isAlive: true,
        isCordoned: false,
      }),
  );
  const room = new Room(workers, []);
  for (const name of ["plain", "zoned"]) {
    const spec = SPECS.find((one) => one.name === name)!;
    const size = { cpuMilli: 500, memoryMib: 128 };
    for (let ordinal = 0; ordinal < 250; ordinal++) {
      const request = {
        vm: `shop/${name}-${ordinal}`,
        spec,
        size,
        avoid: [],
        nowMs: 0,
      };
      const chosen = assertIsBest(request, room);
      assert.ok(chosen !== null);
      room.take({ vm: request.vm, worker: chosen, reserved: size, ports: [] });
    }
  }
  const counts = [...room.holdersOf("shop/plain").values()];
  assert.deepEqual(
    [Math.min(...counts), Math.max(...counts)],
    [2, 3],
    "replicas are even",
  );
});

Deno.test("a decision looks at few workers of many", () => {
  const workers = Array.from({ length: 4096 }, (_, index) => ({
    name: `w${String(index).padStart(4, "0")}`,
    state: "alive" as const,
    capacity: { cpuMilli: 64_000, memoryMib: 65_536 },
    attributes: { zone: `z${index % 3}` },
  }));
  const room = new Room(workers, []);
  for (const policy of ["spread", "pack"] as const) {
    for (const spec of SPECS) {
      const request = {
        vm: `shop/${spec.name}-0`,
        spec: { ...spec, constraints: [] },
        size: { cpuMilli: 500, memoryMib: 128 },
        avoid: [],
        nowMs: 0,
        policy,
      };
      const { considered, scores } = choosePlace(request, room);
      assert.ok(considered <= 32, `${spec.name} ${policy}: ${considered}`);
      assert.equal(scores.length, 4);
    }
  }
});
