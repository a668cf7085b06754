import assert from "node:assert/strict";
import { RandomStream } from "./random.ts";
import { failedSeeds, parseSeeds, seedsOf } from "./seeds.ts";

Deno.test("seeds.txt holds a seed a line, with a note behind it", () => {
  const text = "# a comment\n\n17 lost a publish\n42\n";
  assert.deepEqual(parseSeeds(text), [17, 42]);
  assert.throws(() => parseSeeds("seventeen it failed"), /is no seed/);
  assert.equal(new Set(failedSeeds()).size, failedSeeds().length);
});

Deno.test("a commit chooses its seeds, the same each time", () => {
  assert.deepEqual(seedsOf("0a1b2c3d4e5f-dirty", 3), [
    0x0a1b2c3,
    0x0a1b2c4,
    0x0a1b2c5,
  ]);
  assert.deepEqual(seedsOf("unknown", 2), [1, 2]);
});

Deno.test("a draw from one stream moves no other", () => {
  const first = new RandomStream("seed 7");
  const second = new RandomStream("seed 7");
  first.hex(16);
  first.child("other").fraction();
  const [a, b] = [first.child("network"), second.child("network")];
  assert.equal(a.hex(16), b.hex(16));
  assert.notEqual(first.child("disk").hex(16), second.child("clock").hex(16));
});
