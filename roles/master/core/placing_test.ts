import assert from "node:assert/strict";
import { Room, type Taken } from "./placing.ts";

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
