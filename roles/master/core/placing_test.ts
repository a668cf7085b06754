import assert from "node:assert/strict";
import { vmSpec } from "../../../tests/support/specs.ts";
import { Room, type Taken } from "./placing.ts";
import { choosePlace } from "./scheduler.ts";

const worker = {
  name: "w1",
  state: "alive",
  capacity: { cpuMilli: 4000, memoryMib: 4096 },
  attributes: {},
} as const;

function holding(vm: string): Taken {
  const reserved = { cpuMilli: 100, memoryMib: 64 };
  return { vm, worker: "w1", reserved, ports: [8080] };
}

Deno.test("a port that one holds and another was promised is held when the promise is taken back", () => {
  const room = new Room([worker], [holding("shop/web-2")]);
  const ports = () => [...room.workers.get("w1")?.ports ?? []];
  room.take(holding("shop/web-1"));
  room.release(holding("shop/web-1"));
  assert.deepEqual(ports(), [[8080, "shop/web-2"]]);
  room.take(holding("shop/web-1"));
  room.release(holding("shop/web-2"));
  assert.deepEqual(ports(), [[8080, "shop/web-1"]]);
  room.release(holding("shop/web-1"));
  assert.deepEqual(ports(), []);
});

Deno.test("a worker takes copies as soon as it has addresses for them, and no more than those", () => {
  const size = { cpuMilli: 500, memoryMib: 128 };
  const place = (room: Room) =>
    choosePlace({
      vm: "shop/web-0",
      spec: vmSpec(),
      size,
      avoid: [],
      nowMs: 0,
    }, room);
  const without = { count: 0, hindrance: "has no subnet yet" };
  const room = new Room([{ ...worker, addressing: without }], []);
  assert.match(place(room).why, /"w1" has no subnet yet/);
  assert.equal(place(room).lacksRoom, false, "nobody's end would help");
  room.setWorker({ ...worker, addressing: { count: 2, hindrance: null } });
  assert.equal(place(room).worker, "w1");
  room.take({ ...holding("shop/web-1"), ports: [] });
  room.take({ ...holding("shop/web-2"), ports: [] });
  const { worker: nowhere, why, lacksRoom } = place(room);
  assert.equal(nowhere, null);
  assert.match(why, /given away all of its 2 addresses/);
  assert.equal(lacksRoom, true);
  room.release({ ...holding("shop/web-2"), ports: [] });
  assert.equal(place(room).worker, "w1");
});
