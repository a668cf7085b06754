import assert from "node:assert/strict";
import fc from "fast-check";
import { vmSpec } from "../../../tests/support/specs.ts";
import { Room } from "./placing.ts";
import {
  type Movable,
  planRebalance,
  type RebalanceRequest,
  SETTLED_MS,
} from "./rebalance.ts";

const NOW_MS = 10 * SETTLED_MS;

function copy(
  vm: string,
  worker: string,
  memoryMib: number,
  over: Partial<Movable["placement"]> = {},
  spec: Parameters<typeof vmSpec>[0] = {},
): Movable {
  return {
    placement: {
      vm,
      worker,
      reserved: { cpuMilli: memoryMib, memoryMib },
      ports: [],
      avoid: [],
      leaving: false,
      surge: false,
      decision: { atMs: 0 },
      ...over,
    },
    spec: vmSpec(spec),
  };
}

function roomOf(
  copies: readonly Movable[],
  names: readonly string[],
  cordoned = "",
): Room {
  return new Room(
    names.map((name) => ({
      name,
      state: "alive",
      capacity: { cpuMilli: 1000, memoryMib: 1000 },
      attributes: {},
      cordon: name === cordoned ? "a disk is changed" : null,
    })),
    copies.map(({ placement }) => placement),
  );
}

function request(
  copies: readonly Movable[],
  over: Partial<RebalanceRequest> = {},
): RebalanceRequest {
  return {
    policy: "pack",
    copies,
    maxMoves: 10,
    nowMs: NOW_MS,
    settledMs: SETTLED_MS,
    ...over,
  };
}

Deno.test("packing empties the worker that takes the fewest moves", () => {
  const copies = [
    copy("shop/a-0", "w1", 600),
    copy("shop/b-0", "w2", 100),
    copy("shop/b-1", "w2", 100),
    copy("shop/c-0", "w3", 300),
  ];
  const plan = planRebalance(
    request(copies, { maxMoves: 1 }),
    roomOf(copies, ["w1", "w2", "w3"]),
  );
  assert.deepEqual(plan.moves, [{
    vm: "shop/c-0",
    fromWorker: "w3",
    toWorker: "w1",
    reason: "empties w3",
  }]);
  assert.equal(plan.message, "1 worker emptied by 1 move: w3");
});

Deno.test("a smaller VM gives way when the last one fits nowhere", () => {
  const copies = [
    copy("shop/a-0", "w1", 600),
    copy("shop/a-1", "w1", 200),
    copy("shop/b-0", "w2", 700),
    copy("shop/c-0", "w3", 350),
  ];
  const room = roomOf(copies, ["w1", "w2", "w3"]);
  const plan = planRebalance(request(copies), room);
  assert.deepEqual(
    plan.moves.map(({ vm, toWorker }) => [vm, toWorker]),
    [["shop/a-1", "w2"], ["shop/c-0", "w1"]],
  );
  assert.equal(plan.freedWorkers, 1);
  const one = planRebalance(request(copies, { maxMoves: 1 }), room);
  assert.deepEqual(one.moves, [], "half of it would gain nothing");
  assert.match(one.message, /no worker can be emptied with at most 1 move$/);
});

Deno.test("what must not be moved stays, and so does what shares its worker", () => {
  const young = { decision: { atMs: NOW_MS - SETTLED_MS + 1 } };
  const volume = { name: "data", sizeMib: 1, mount: "/data" };
  const cases: [string, Movable][] = [
    ["exclusive", copy("shop/x-0", "w2", 100, {}, { fencing: "exclusive" })],
    ["a volume", copy("shop/x-0", "w2", 100, {}, { volumes: [volume] })],
    ["leaving", copy("shop/x-0", "w2", 100, { leaving: true })],
    ["on trial", copy("shop/x-0", "w2", 100, { surge: true })],
    ["young", copy("shop/x-0", "w2", 100, young)],
    [
      "nowhere allowed",
      copy("shop/x-0", "w2", 100, {}, {
        constraints: [{ attribute: "worker", value: "w2" }],
      }),
    ],
  ];
  for (const [what, fixed] of cases) {
    const copies = [
      copy("shop/a-0", "w1", 600, young),
      copy("shop/b-0", "w2", 100),
      fixed,
    ];
    const plan = planRebalance(request(copies), roomOf(copies, ["w1", "w2"]));
    assert.deepEqual(plan.moves, [], what);
  }
  const fresh = [
    copy("shop/a-0", "w1", 600, young),
    copy("shop/b-0", "w2", 100, young),
  ];
  assert.equal(
    planRebalance(
      request(fresh, { settledMs: 0 }),
      roomOf(fresh, ["w1", "w2"]),
    ).freedWorkers,
    1,
    "who asks once means what is there now",
  );
  const foreign = copy("else/b-0", "w2", 100);
  const mine = [copy("shop/a-0", "w1", 900), copy("shop/b-0", "w2", 100)];
  const room = roomOf([...mine, foreign], ["w1", "w2"]);
  assert.deepEqual(
    planRebalance(request(mine), room).moves,
    [],
    "a worker with another cluster's VM is not emptied",
  );
});

Deno.test("a cordoned worker is emptied and gets nothing", () => {
  const copies = [
    copy("shop/a-0", "w1", 100),
    copy("shop/b-0", "w2", 100),
    copy("shop/b-1", "w2", 100),
  ];
  const plan = planRebalance(
    request(copies),
    roomOf(copies, ["w1", "w2"], "w1"),
  );
  assert.deepEqual(
    plan.moves.map(({ vm, toWorker }) => [vm, toWorker]),
    [["shop/a-0", "w2"]],
  );
});

Deno.test("spreading moves what would now go elsewhere, and then stops", () => {
  const copies = [
    copy("shop/a-0", "w1", 300),
    copy("shop/b-0", "w1", 300),
    copy("shop/c-0", "w1", 300),
  ];
  const plan = planRebalance(
    request(copies, { policy: "spread" }),
    roomOf(copies, ["w1", "w2"]),
  );
  assert.equal(plan.moves.length, 1);
  assert.match(plan.moves[0]?.reason ?? "", /better by \d+ points/);
  const even = [copy("shop/a-0", "w1", 300), copy("shop/b-0", "w2", 280)];
  const nothing = planRebalance(
    request(even, { policy: "spread" }),
    roomOf(even, ["w1", "w2"]),
  );
  assert.deepEqual(nothing.moves, []);
  assert.match(nothing.message, /no VM would be better off elsewhere/);
});

Deno.test("no move overcommits, none is too many, and the room is left as it was", () => {
  const one = fc.record({
    worker: fc.nat(5),
    memoryMib: fc.integer({ min: 50, max: 400 }),
  });
  const policies = fc.constantFrom("pack" as const, "spread" as const);
  fc.assert(fc.property(
    fc.array(one, { maxLength: 25 }),
    policies,
    fc.nat(8),
    (list, policy, maxMoves) => {
      const names = Array.from({ length: 6 }, (_, index) => `w${index}`);
      const room = roomOf([], names);
      const copies: Movable[] = [];
      for (const [index, { worker, memoryMib }] of list.entries()) {
        const made = copy(`shop/v${index}-0`, `w${worker}`, memoryMib);
        const free = room.workers.get(`w${worker}`)?.free.memoryMib ?? 0;
        if (free < memoryMib) continue;
        room.take(made.placement);
        copies.push(made);
      }
      const frees = () =>
        [...room.workers.values()].map(({ free }) => ({ ...free }));
      const before = frees();
      const usedBefore = [...room.workers.values()].filter(({ held }) =>
        held > 0
      ).length;
      const plan = planRebalance(request(copies, { policy, maxMoves }), room);
      assert.deepEqual(frees(), before);
      assert.ok(plan.moves.length <= maxMoves);
      const at = new Map(copies.map((made) => [made.placement.vm, made]));
      for (const { vm, fromWorker, toWorker } of plan.moves) {
        const { placement } = at.get(vm)!;
        assert.equal(placement.worker, fromWorker);
        room.release(placement);
        const moved = copy(vm, toWorker, placement.reserved.memoryMib);
        room.take(moved.placement);
        at.set(vm, moved);
        assert.ok(room.workers.get(toWorker)!.free.memoryMib >= 0);
      }
      const usedAfter =
        [...room.workers.values()].filter(({ held }) => held > 0).length;
      if (policy === "pack") {
        assert.equal(usedBefore - usedAfter, plan.freedWorkers);
      }
    },
  ));
});
