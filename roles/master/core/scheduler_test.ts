import assert from "node:assert/strict";
import { vmSpec } from "../../../tests/support/specs.ts";
import { Room, type Taken, type WorkerInput } from "./placing.ts";
import {
  choosePlace,
  decisionOf,
  type PlacingRequest,
  refusalOf,
} from "./scheduler.ts";

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
      "unknown driver",
      worker("a"),
      request({ backend: "cloud-hypervisor" }),
      [],
      /does not say by what it runs VMs, it needs cloud-hypervisor/,
    ],
    [
      "no driver",
      worker("a", {
        attributes: { "driver": "none", "driver.why": "qemu is not installed" },
      }),
      request(),
      [],
      /boots no VM: qemu is not installed/,
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

Deno.test("a cordoned worker gets nothing new, and keeps what it has", () => {
  const room = new Room([worker("a", { cordon: "a disk is changed" })], []);
  const placing = choosePlace(request(), room);
  assert.equal(placing.why, '"a" is cordoned: a disk is changed');
  assert.deepEqual([placing.refused, placing.lacksRoom], [{ state: 1 }, false]);
  const [a] = room.ordered;
  assert.equal(refusalOf(request({}, { stays: true }), a!), null);
});

Deno.test("a pinned instance goes to its worker or nowhere", () => {
  const room = new Room([worker("a"), worker("b", { state: "lost" })], []);
  const asked = (only: string) => choosePlace(request({}, { only }), room);
  assert.equal(asked("a").worker, "a");
  assert.equal(asked("b").why, 'it can only go to "b", which is lost');
  assert.equal(asked("c").why, 'it can only go to "c", which is not known');
  const large = request({ memoryMib: 2048 }, { only: "a" });
  const { lack, lacksRoom } = choosePlace(large, room);
  assert.deepEqual([lack, lacksRoom], [{ cpuMilli: 0, memoryMib: 1024 }, true]);
});

Deno.test("packing fills the worker with the oldest content, and opens none before it must", () => {
  const at = (atMs: number) => ({ decision: { atMs } });
  const room = new Room(
    [worker("a"), worker("b"), worker("c")],
    [taken("shop/x-0", "b", at(500)), taken("shop/y-0", "c", at(100))],
  );
  const pack = (over: Parameters<typeof vmSpec>[0] = {}) =>
    choosePlace(request(over, { policy: "pack" }), room);
  assert.deepEqual(
    pack().scores.map((score) => score.worker),
    ["c", "b", "a"],
  );
  room.take(taken("shop/web-7", "c"));
  assert.equal(pack().worker, "b", "a replica is on c");
  room.take(taken("shop/web-8", "b"));
  assert.notEqual(pack().worker, "a", "a second replica opens no worker");
  const apart = { spread: [{ attribute: "worker" }] };
  assert.equal(pack(apart).worker, "a", "unless that is asked for");
  assert.equal(pack({ memoryMib: 1000 }).worker, "a");
});

Deno.test("a closure that is there outweighs a little room, not much of it", () => {
  const room = new Room(
    [worker("a"), worker("b")],
    [taken("shop/x-0", "b")],
  );
  const has = (share: number) =>
    choosePlace(
      request({}, { bytesPresent: (name) => name === "b" ? share : 0 }),
      room,
    );
  assert.equal(has(1).worker, "b");
  assert.equal(has(1).scores[0]?.parts.closure, 30);
  assert.equal(has(0.1).worker, "a");
});

Deno.test("a decision keeps the parts, the next best and how many were refused", () => {
  const room = new Room(
    [worker("a"), worker("b"), worker("c", { state: "lost" })],
    [taken("shop/web-1", "b")],
  );
  const decision = decisionOf(choosePlace(request(), room), "asked for", 7);
  assert.deepEqual(decision, {
    atMs: 7,
    reason: "asked for",
    score: 87.5,
    parts: { freeRoom: 87.5 },
    considered: 2,
    runnersUp: [{ worker: "b", score: -925 }],
    refused: { state: 1 },
  });
  const nowhere = choosePlace(request(), new Room([], []));
  assert.equal(decisionOf(nowhere, "asked for", 7), null);
});

Deno.test("why nowhere names the largest free room, then one of each kind of refusal", () => {
  const ruled = { constraints: [{ attribute: "zone", value: "x" }] };
  const x = { attributes: { zone: "x" } };
  const room = new Room(
    [
      worker("a", x),
      worker("b", { ...x, capacity: { cpuMilli: 1000, memoryMib: 2048 } }),
      worker("c", { ...x, state: "lost" }),
      worker("d"),
      worker("e"),
    ],
    [],
  );
  const ask = (over: Parameters<typeof vmSpec>[0]) =>
    choosePlace(request({ ...ruled, ...over }), room).why;
  assert.equal(
    ask({ memoryMib: 4096 }),
    'needs 4096 MiB: largest free is 2048 MiB on "b"; "c" is lost; "d" does not meet zone = x (and 1 more)',
  );
  assert.match(
    ask({ memoryMib: 2000, cpuMilli: 3000 }),
    /^needs 2000 MiB and 3 cores on one worker: "b" has 2048 MiB and 1 cores free;/,
  );
});
