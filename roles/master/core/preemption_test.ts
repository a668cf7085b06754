import assert from "node:assert/strict";
import fc from "fast-check";
import { vmSpec } from "../../../tests/support/specs.ts";
import { Room } from "./placing.ts";
import { claimOf, planPreemption, type Victim } from "./preemption.ts";
import type { PlacingRequest } from "./scheduler.ts";

function victim(
  vm: string,
  worker: string,
  memoryMib: number,
  over: {
    priority?: number;
    leaving?: boolean;
    ports?: number[];
    fencing?: "none" | "exclusive";
    cpuMilli?: number;
  } = {},
): Victim {
  const { priority = 0, leaving = false, ports = [], fencing = "none" } = over;
  return {
    key: `${vm}#1`,
    placement: {
      vm,
      worker,
      reserved: { cpuMilli: over.cpuMilli ?? 100, memoryMib },
      ports,
      leaving,
    },
    spec: { priority, fencing, volumes: [] },
  };
}

function roomOf(victims: readonly Victim[], workers = ["a", "b"]): Room {
  return new Room(
    workers.map((name) => ({
      name,
      state: "alive",
      capacity: { cpuMilli: 4000, memoryMib: 1000 },
      attributes: {},
    })),
    victims.map(({ placement }) => placement),
  );
}

function request(
  memoryMib: number,
  over: Parameters<typeof vmSpec>[0] = {},
): PlacingRequest {
  const spec = vmSpec({ name: "db", memoryMib, priority: 10, ...over });
  const size = { cpuMilli: spec.cpuMilli, memoryMib };
  return { vm: "shop/db-0", spec, size, avoid: [], nowMs: 0 };
}

Deno.test("the lowest priority goes first, and no more than needed", () => {
  const victims = [
    victim("shop/x-0", "a", 500, { priority: 5 }),
    victim("shop/x-1", "a", 500, { priority: 5 }),
    victim("shop/y-0", "b", 300, { priority: 1 }),
    victim("shop/y-1", "b", 300, { priority: 1 }),
    victim("shop/y-2", "b", 400, { priority: 9 }),
  ];
  const plan = planPreemption(request(500), roomOf(victims), victims);
  assert.deepEqual(plan?.evict.sort(), ["shop/y-0#1", "shop/y-1#1"]);
  assert.equal(plan.worker, "b");
  assert.equal(
    plan.reason,
    "preempted by shop/db-0, which has priority 10",
  );
  const small = planPreemption(request(250), roomOf(victims), victims);
  assert.equal(small?.evict.length, 1);
});

Deno.test("equal and higher priority stay, whatever is asked for", () => {
  const victims = [
    victim("shop/x-0", "a", 900, { priority: 10 }),
    victim("shop/x-1", "b", 900, { priority: 11 }),
  ];
  assert.equal(planPreemption(request(500), roomOf(victims), victims), null);
});

Deno.test("exclusive VMs go only when nothing else helps", () => {
  const exclusive = victim("shop/x-0", "a", 900, { fencing: "exclusive" });
  const other = victim("shop/y-0", "b", 900, { priority: 9 });
  const both = [exclusive, other];
  const plan = planPreemption(request(500), roomOf(both), both);
  assert.deepEqual(plan?.evict, ["shop/y-0#1"]);
  const high = { ...other, spec: { ...other.spec, priority: 10 } };
  const rest = [exclusive, high];
  const last = planPreemption(request(500), roomOf(rest), rest);
  assert.deepEqual(last?.evict, ["shop/x-0#1"]);
});

Deno.test("room that is being freed is waited for, once", () => {
  const victims = [
    victim("shop/x-0", "a", 900, { leaving: true }),
    victim("shop/y-0", "b", 900),
  ];
  const room = roomOf(victims);
  const first = planPreemption(request(600), room, victims);
  assert.deepEqual([first?.worker, first?.evict], ["a", []]);
  room.take(claimOf(request(600), "a"));
  const second = { ...request(600), vm: "shop/db-1" };
  assert.deepEqual(planPreemption(second, room, victims)?.evict, [
    "shop/y-0#1",
  ]);
});

Deno.test("a taken port is freed by its holder's going, if that has lower priority", () => {
  const network = { ports: [{ name: "http", guest: 80, publish: 80 }] };
  const holder = victim("shop/x-0", "a", 100, { ports: [80] });
  const strong = victim("shop/y-0", "b", 100, { ports: [80], priority: 20 });
  const victims = [holder, strong];
  const asked = request(500, { network });
  const plan = planPreemption(asked, roomOf(victims), victims);
  assert.deepEqual([plan?.worker, plan?.evict], ["a", ["shop/x-0#1"]]);
  const small = victim("shop/z-0", "b", 100);
  const room = roomOf([strong, small], ["b"]);
  assert.equal(planPreemption(asked, room, [small]), null, "a foreign holder");
});

Deno.test("who is refused by a rule, or fits somewhere, preempts nobody", () => {
  const victims = [victim("shop/x-0", "a", 900), victim("shop/y-0", "b", 900)];
  const ruled = request(500, {
    constraints: [{ attribute: "zone", value: "x" }],
  });
  assert.equal(planPreemption(ruled, roomOf(victims), victims), null);
  assert.equal(planPreemption(request(100), roomOf(victims), victims), null);
});

/** Every subset of lower victims of one worker after which the request fits, leaving ones counted as gone. */
function* solutions(asked: PlacingRequest, room: Room, victims: Victim[]) {
  for (const worker of room.workers.values()) {
    const here = victims.filter(({ placement }) =>
      placement.worker === worker.name
    );
    const lower = here.filter(({ spec, placement }) =>
      spec.priority < asked.spec.priority && !placement.leaving
    );
    const leaving = here.filter(({ placement }) => placement.leaving);
    for (let bits = 0; bits < 2 ** lower.length; bits++) {
      const evict = lower.filter((_, i) => (bits >> i) % 2 === 1);
      const free = { ...worker.free };
      for (const { placement } of [...evict, ...leaving]) {
        free.cpuMilli += placement.reserved.cpuMilli;
        free.memoryMib += placement.reserved.memoryMib;
      }
      const fits = free.cpuMilli >= asked.size.cpuMilli &&
        free.memoryMib >= asked.size.memoryMib;
      if (fits) {
        yield {
          highest: Math.max(...evict.map(({ spec }) => spec.priority)),
          count: evict.length,
        };
      }
    }
  }
}

Deno.test("no plan is better than the one that trying everything finds", () => {
  const one = fc.record({
    worker: fc.constantFrom("a", "b"),
    memoryMib: fc.integer({ min: 1, max: 8 }),
    cpuMilli: fc.integer({ min: 1, max: 8 }),
    priority: fc.integer({ min: 0, max: 3 }),
    leaving: fc.boolean(),
  });
  const size = fc.record({
    memoryMib: fc.integer({ min: 3, max: 10 }),
    cpuMilli: fc.integer({ min: 3, max: 10 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 12 }), size, (list, need) => {
      const victims = list.map(({ worker, memoryMib, ...over }, i) =>
        victim(`shop/x-${i}`, worker, memoryMib * 100, {
          ...over,
          cpuMilli: over.cpuMilli * 100,
          leaving: over.leaving && i % 4 === 0,
        })
      );
      const room = new Room(
        ["a", "b"].map((name) => ({
          name,
          state: "alive" as const,
          capacity: { cpuMilli: 2000, memoryMib: 2000 },
          attributes: {},
        })),
        victims.map(({ placement }) => placement),
      );
      const asked = {
        ...request(100, { priority: 3 }),
        size: {
          cpuMilli: need.cpuMilli * 100,
          memoryMib: need.memoryMib * 100,
        },
      };
      const fitsNow = [...room.workers.values()].some(({ free }) =>
        free.cpuMilli >= asked.size.cpuMilli &&
        free.memoryMib >= asked.size.memoryMib
      );
      const plan = planPreemption(asked, room, victims);
      const all = [...solutions(asked, room, victims)].sort((a, b) =>
        (a.highest === b.highest ? 0 : a.highest - b.highest) ||
        a.count - b.count
      );
      const [best] = all;
      if (plan === null) {
        assert.ok(fitsNow || best === undefined);
        return;
      }
      assert.ok(!fitsNow && best !== undefined);
      const gone = victims.filter(({ key }) => plan.evict.includes(key));
      const highest = Math.max(...gone.map(({ spec }) => spec.priority));
      assert.deepEqual({ highest, count: gone.length }, best);
    }),
    { numRuns: 300 },
  );
});
