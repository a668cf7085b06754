import assert from "node:assert/strict";
import { vmSpec } from "../../../tests/support/specs.ts";
import { Room, type Taken, type WorkerInput } from "./placing.ts";
import { choosePlace, type PlacingRequest } from "./scheduler.ts";

function worker(name: string, over: Partial<WorkerInput> = {}): WorkerInput {
  return {
    name,
    state: "alive",
    capacity: { cpuMilli: 4000, memoryMib: 1024 },
    attributes: {},
    ...over,
  };
}

function taken(vm: string, on: string, over: Partial<Taken> = {}): Taken {
  const reserved = { cpuMilli: 500, memoryMib: 128 };
  return { vm, worker: on, reserved, ports: [], ...over };
}

function request(
  spec: Parameters<typeof vmSpec>[0] = {},
  over: Partial<PlacingRequest> = {},
): PlacingRequest {
  const parsed = vmSpec(spec);
  return {
    vm: "shop/web-0",
    spec: parsed,
    size: { cpuMilli: parsed.cpuMilli, memoryMib: parsed.memoryMib },
    avoid: [],
    nowMs: 0,
    ...over,
  };
}

Deno.test("replicas spread before room counts, and equal scores go by name", () => {
  const workers = [worker("b"), worker("a")];
  assert.equal(choosePlace(request(), new Room(workers, [])).worker, "a");
  const room = new Room(
    [
      worker("a", { capacity: { cpuMilli: 64_000, memoryMib: 65_536 } }),
      worker("b"),
    ],
    [taken("shop/web-1", "a")],
  );
  const placing = choosePlace(request(), room);
  assert.equal(placing.worker, "b");
  assert.equal(placing.scores.length, 2);
  assert.equal(placing.scores[1]?.parts.sameVm, -1000);
});

Deno.test("each refusal names its worker and says why", () => {
  const port = { ports: [{ name: "http", guest: 80, publish: 8080 }] };
  const cases: [string, WorkerInput, PlacingRequest, Taken[], RegExp][] = [
    ["lost", worker("a", { state: "lost" }), request(), [], /"a" is lost/],
    [
      "memory",
      worker("a"),
      request({ memoryMib: 2048 }),
      [],
      /^needs 2048 MiB: largest free is 1024 MiB on "a"$/,
    ],
    [
      "cores",
      worker("a"),
      request({ cpuMilli: 3800 }),
      [taken("shop/db-0", "a")],
      /^needs 3.8 cores: largest free is 3.5 on "a"$/,
    ],
    [
      "port",
      worker("a"),
      request({ network: port }),
      [taken("shop/db-0", "a", { ports: [8080] })],
      /host port 8080 taken by shop\/db-0/,
    ],
    [
      "constraint",
      worker("a", { attributes: { disk: "hdd" } }),
      request({ constraints: [{ attribute: "disk", value: "ssd" }] }),
      [],
      /does not meet disk = ssd/,
    ],
    [
      "missing attribute",
      worker("a"),
      request({
        constraints: [{ attribute: "zone", operator: "in", value: ["x", "y"] }],
      }),
      [],
      /does not meet zone in x, y/,
    ],
    [
      "not equal",
      worker("a"),
      request({
        constraints: [{ attribute: "worker", operator: "!=", value: "a" }],
      }),
      [],
      /does not meet worker != a/,
    ],
    [
      "backend",
      worker("a", { attributes: { driver: "qemu" } }),
      request({ backend: "cloud-hypervisor" }),
      [],
      /runs VMs by qemu, it needs cloud-hypervisor/,
    ],
    [
      "guard",
      worker("a"),
      request({ fencing: "exclusive" }),
      [],
      /no live guard/,
    ],
    [
      "avoided",
      worker("a"),
      request({}, {
        avoid: [{
          worker: "a",
          orderRevision: 1,
          count: 1,
          untilMs: 10,
          reason: "no disk",
          isHost: true,
        }],
      }),
      [],
      /failed before: no disk/,
    ],
  ];
  for (const [what, one, asked, held, says] of cases) {
    const placing = choosePlace(asked, new Room([one], held));
    assert.equal(placing.worker, null, what);
    assert.match(placing.why, says, what);
  }
  const nobody = choosePlace(request(), new Room([], []));
  assert.match(nobody.why, /no worker is known/);
});

Deno.test("its own published port does not stop a VM, and a back-off ends", () => {
  const network = { ports: [{ name: "http", guest: 80, publish: 8080 }] };
  const own = taken("shop/web-0", "a", { ports: [8080] });
  const room = new Room([worker("a")], [own]);
  assert.equal(choosePlace(request({ network }), room).worker, "a");
  const avoid = [
    {
      worker: "a",
      orderRevision: 1,
      count: 1,
      untilMs: 10,
      reason: "x",
      isHost: true,
    },
  ];
  assert.equal(
    choosePlace(request({}, { avoid, nowMs: 10 }), room).worker,
    "a",
  );
});

Deno.test("affinities and spread attributes weigh in", () => {
  const workers = [
    worker("a", { attributes: { zone: "1" } }),
    worker("b", { attributes: { zone: "2", disk: "ssd" } }),
  ];
  const affinities = [{ attribute: "disk", value: "ssd", weight: 100 }];
  const liked = choosePlace(request({ affinities }), new Room(workers, []));
  assert.equal(liked.worker, "b");
  const three = [...workers, worker("c", { attributes: { zone: "1" } })];
  const held = [
    taken("shop/web-1", "a"),
    taken("shop/web-2", "b"),
    taken("shop/web-3", "b"),
  ];
  const spread = [{ attribute: "zone", weight: 100 }];
  assert.equal(
    choosePlace(request({ spread }), new Room(three, held)).worker,
    "c",
  );
});

Deno.test("what is taken is given back", () => {
  const room = new Room([worker("a")], []);
  const one = taken("shop/web-0", "a", { ports: [80] });
  room.take(one);
  room.release(one);
  const left = room.workers.get("a");
  assert.deepEqual(left?.free, { cpuMilli: 4000, memoryMib: 1024 });
  assert.equal(left?.ports.size, 0);
});
