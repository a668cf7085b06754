import assert from "node:assert/strict";
import { systemClock } from "../../clock/mod.ts";
import { DiskRoom, type Hoard } from "./disk_room.ts";
import type { Spare } from "./core/disk_room.ts";

const MIB = 1024 * 1024;
const RULES = { keepDays: 2, minFreeMib: 10, maxFreeMib: 20 };

/** A disk of 100 MiB on which each thing takes 5 MiB. */
function disk(freeMib: number, spares: Spare[], absent = "/elsewhere") {
  const dropped: string[] = [];
  const hoard: Hoard = {
    dir: "/disk",
    spares: () =>
      Promise.resolve(spares.filter(({ id }) => !dropped.includes(id))),
    drop(ids) {
      dropped.push(...ids);
      return Promise.resolve();
    },
  };
  const room = new DiskRoom({
    rules: RULES,
    clock: systemClock,
    onWarning: (message, error) => assert.fail(`${message}: ${error}`),
    space: (dir) =>
      dir === absent
        ? Promise.reject(Object.assign(new Error("no"), { code: "ENOENT" }))
        : Promise.resolve({
          freeBytes: (freeMib + 5 * dropped.length) * MIB,
          totalBytes: 100 * MIB,
          device: 1,
        }),
  });
  room.add({ ...hoard, dir: absent, spares: () => Promise.resolve([]) });
  room.add(hoard);
  return { room, dropped };
}

const now = systemClock.now();
const SPARES = ["a", "b", "c", "d", "e"].map((id, index) => ({
  id,
  lastUsedMs: now - 10_000 + index,
}));

Deno.test("while there is room only what is old goes", async () => {
  const old = { id: "old", lastUsedMs: now - 3 * 86_400_000 };
  const { room, dropped } = disk(50, [...SPARES, old]);
  await room.collect();
  assert.deepEqual(dropped, ["old"]);
});

Deno.test("a store that is not there yet is no trouble, and takes no part", async () => {
  const { room, dropped } = disk(8, SPARES, "/disk");
  await room.collect();
  assert.deepEqual(dropped, []);
});

Deno.test("on a full disk the oldest go until there is room again", async () => {
  const { room, dropped } = disk(8, SPARES);
  await room.collect();
  assert.deepEqual(dropped, ["a", "b", "c"]);
});

Deno.test("large work has room made for it", async () => {
  const { room, dropped } = disk(15, SPARES);
  await room.require("/disk", 6 * MIB, "copy");
  assert.deepEqual(dropped, ["a", "b", "c"]);
});

Deno.test("large work that has no room is refused with what it needs and what there is", async () => {
  const { room, dropped } = disk(15, SPARES.slice(0, 1));
  await assert.rejects(room.require("/disk", 50 * MIB, "copy the closure"), {
    code: "storage",
    message:
      "Cannot copy the closure: it needs 50 MiB, and 10 MiB that stay free, and the disk of /disk has 20 MiB",
  });
  assert.deepEqual(dropped, ["a"]);
});
