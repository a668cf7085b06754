import assert from "node:assert/strict";
import {
  bootLogName,
  chooseBoot,
  holeBytes,
  KEPT_BOOTS,
  keptOf,
  LOG_BOUNDS,
  originBehind,
  parseBootLogName,
  spanToRead,
  tooOld,
} from "./boot_log.ts";

const { keptBytes: KEPT_BYTES, dropBytes: DROP_BYTES } = LOG_BOUNDS;

const log = (boot: number, generation: number) => ({
  boot,
  generation,
  originMib: 0,
});

Deno.test("boot logs: a file's name tells its boot, generation and origin", () => {
  const given = { boot: 3, generation: 2 ** 53 - 1, originMib: 1024 };
  assert.deepEqual(parseBootLogName(bootLogName(given)), given);
  assert.equal(parseBootLogName("serial.log.1"), null);
  assert.equal(parseBootLogName("vm.json"), null);
  assert.equal(
    bootLogName(parseBootLogName("serial.log") ?? given),
    "serial.log",
  );
});

Deno.test("boot logs: the newest of what is asked for", () => {
  const logs = [log(1, 5), log(3, 6), log(2, 5)];
  assert.equal(chooseBoot(logs, { generation: 0, boot: 0 })?.boot, 3);
  assert.equal(chooseBoot(logs, { generation: 5, boot: 0 })?.boot, 2);
  assert.equal(chooseBoot(logs, { generation: 0, boot: 1 })?.boot, 1);
  assert.equal(chooseBoot(logs, { generation: 6, boot: 1 }), null);
  assert.equal(chooseBoot([], { generation: 0, boot: 0 }), null);
});

Deno.test("boot logs: a crash loop keeps the last boots only", () => {
  const logs = [1, 2, 3, 4, 5].map((boot) => log(boot, 1));
  assert.deepEqual(
    tooOld(logs).map(({ boot }) => boot),
    [5, 4, 3, 2, 1].slice(KEPT_BOOTS - 1),
  );
});

Deno.test("boot logs: who asks for what was dropped gets what comes next", () => {
  const kept = keptOf(KEPT_BYTES + 1000, KEPT_BYTES);
  assert.deepEqual(kept, { from: 1000, to: KEPT_BYTES + 1000 });
  const read = (offset: number) => spanToRead(kept, { offset, maxBytes: 10 });
  assert.deepEqual(read(0), { from: 1000, to: 1010 });
  assert.deepEqual(read(1005), { from: 1005, to: 1015 });
  assert.deepEqual(read(kept.to - 3), { from: kept.to - 3, to: kept.to });
  assert.deepEqual(read(kept.to + 3), { from: kept.to, to: kept.to });
});

Deno.test("boot logs: dropped in large pieces, never what is kept", () => {
  const size = 100 * KEPT_BYTES + 5;
  const hole = (heldBytes: number) =>
    holeBytes({ size, heldBytes }, LOG_BOUNDS);
  assert.equal(hole(KEPT_BYTES + DROP_BYTES - 1), 0);
  const dropped = hole(KEPT_BYTES + DROP_BYTES);
  assert.ok(dropped <= size - KEPT_BYTES && dropped > size - KEPT_BYTES - 4096);
  // A log that met its limit while nobody looked goes on after the next look.
  assert.ok(LOG_BOUNDS.unwatchedBytes > KEPT_BYTES + DROP_BYTES);
  assert.equal(holeBytes({ size: 10, heldBytes: 2 ** 40 }, LOG_BOUNDS), 0);
});

Deno.test("boot logs: begin behind the largest file", () => {
  assert.equal(originBehind(0), 0);
  assert.equal(originBehind(1), 1);
  assert.equal(originBehind(8 * 1024 * 1024), 8);
});
