import assert from "node:assert/strict";
import { expired, mib, oldestFirst, roomBounds } from "./disk_room.ts";

const GIB = 1024 ** 3;
const DAY_MS = 86_400_000;

Deno.test("roomBounds() asks little of a small disk, a GiB of a large one", () => {
  assert.deepEqual(roomBounds({}, 1000 * GIB), {
    minFree: GIB,
    maxFree: 2 * GIB,
  });
  assert.equal(roomBounds({}, GIB).minFree, Math.floor(GIB / 20));
});

Deno.test("roomBounds() obeys what is configured, and never stops before it may begin again", () => {
  const bounds = roomBounds({ minFreeMib: 20, maxFreeMib: 10 }, GIB);
  assert.equal(bounds.minFree, 20 * 1024 * 1024);
  assert.equal(bounds.maxFree, bounds.minFree);
});

Deno.test("expired() goes by the last use; a clock that was set back makes nothing old", () => {
  const now = 100 * DAY_MS;
  const spares = [
    { id: "old", lastUsedMs: now - 3 * DAY_MS },
    { id: "new", lastUsedMs: now - DAY_MS },
    { id: "ahead", lastUsedMs: now + DAY_MS },
  ];
  const ids = expired(spares, { keepDays: 2 }, now).map(({ id }) => id);
  assert.deepEqual(ids, ["old"]);
  assert.deepEqual(oldestFirst(spares).map(({ id }) => id), [
    "old",
    "new",
    "ahead",
  ]);
});

Deno.test("mib() is short", () => {
  assert.deepEqual([0, 300_000, 4 * 1024 ** 2, 210.4 * 1024 ** 2].map(mib), [
    "0",
    "0.3",
    "4",
    "210",
  ]);
});
