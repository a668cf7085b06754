import assert from "node:assert/strict";
import { decideRange, isKnown } from "./range.ts";

const FILE = { size: 100, etag: '"x"' };
const decide = (range?: string, ifRange?: string) =>
  decideRange({ range, ifRange }, FILE);

Deno.test("decideRange() answers one range of bytes", () => {
  const slice = (start: number, end: number) => ({ kind: "slice", start, end });
  assert.deepEqual(decide("bytes=0-"), slice(0, 100));
  assert.deepEqual(decide("bytes=40-"), slice(40, 100));
  assert.deepEqual(decide("bytes=0-0"), slice(0, 1));
  assert.deepEqual(decide("bytes=40-1000"), slice(40, 100));
  assert.deepEqual(decide("bytes=-10"), slice(90, 100));
  assert.deepEqual(decide("bytes=-1000"), slice(0, 100));
  assert.deepEqual(decide("bytes=40-", '"x"'), slice(40, 100));
});

Deno.test("decideRange() gives the whole file where the header does not count", () => {
  const full = { kind: "full" };
  assert.deepEqual(decide(), full);
  for (
    const range of [
      "bytes=-",
      "bytes=5-4",
      "bytes=1-2,4-5",
      "lines=1-2",
      "bytes=a-",
      `bytes=${"9".repeat(30)}-`,
    ]
  ) assert.deepEqual(decide(range), full, range);
  assert.deepEqual(decide("bytes=40-", '"of another file"'), full);
  assert.deepEqual(decide("bytes=40-", 'W/"x"'), full);
});

Deno.test("decideRange() refuses what lies behind the end", () => {
  assert.deepEqual(decide("bytes=100-"), { kind: "unsatisfiable" });
  assert.deepEqual(decide("bytes=-0"), { kind: "unsatisfiable" });
});

Deno.test("isKnown() reads lists, weak tags and the star", () => {
  for (const known of ['"x"', '"y", "x"', 'W/"x"', "*", ' "y" ,W/"x" ']) {
    assert.ok(isKnown(known, '"x"'), known);
  }
  for (const other of [undefined, "", '"y"', "x", '"xx"']) {
    assert.ok(!isKnown(other, '"x"'), other);
  }
});
