import assert from "node:assert/strict";
import fc from "fast-check";
import { NewestBytes } from "./newest_bytes.ts";

const bytesOf = (...values: number[]) => Uint8Array.from(values);

Deno.test("what is too much pushes out the oldest, and says how much", () => {
  const newest = new NewestBytes(4);
  newest.push(bytesOf(1, 2, 3));
  newest.push(bytesOf(4, 5));
  assert.deepEqual(newest.take(2), { bytes: bytesOf(2, 3), dropped: 1 });
  assert.deepEqual(newest.take(9), { bytes: bytesOf(4, 5), dropped: 0 });
  newest.push(bytesOf(1, 2, 3, 4, 5, 6));
  assert.deepEqual(newest.take(9), { bytes: bytesOf(3, 4, 5, 6), dropped: 2 });
  assert.equal(newest.length, 0);
});

Deno.test("nothing is lost without being counted, and nothing is out of order", () => {
  const step = fc.oneof(
    fc.record({
      kind: fc.constant("push" as const),
      count: fc.integer({ min: 0, max: 20 }),
    }),
    fc.record({
      kind: fc.constant("take" as const),
      count: fc.integer({ min: 0, max: 12 }),
    }),
  );
  fc.assert(fc.property(fc.array(step), (steps) => {
    const newest = new NewestBytes(8);
    let pushed = 0;
    let read = 0;
    for (const { kind, count } of steps) {
      if (kind === "push") {
        newest.push(
          Uint8Array.from({ length: count }, (_, i) => (pushed + i) % 256),
        );
        pushed += count;
        continue;
      }
      const { bytes, dropped } = newest.take(count);
      read += dropped;
      for (const byte of bytes) assert.equal(byte, read++ % 256);
    }
    const { bytes, dropped } = newest.take(8);
    assert.equal(read + dropped + bytes.length, pushed);
  }));
});
