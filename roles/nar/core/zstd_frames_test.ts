import assert from "node:assert/strict";
import { constants, zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { ZstdFrames } from "./zstd_frames.ts";

function pack(bytes: Uint8Array, checksum = false): Uint8Array {
  return new Uint8Array(zstdCompressSync(bytes, {
    params: { [constants.ZSTD_c_checksumFlag]: checksum ? 1 : 0 },
  }));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Whether `bytes`, cut into chunks of `size`, are whole frames. */
function complete(bytes: Uint8Array, size = bytes.length): boolean {
  const frames = new ZstdFrames();
  for (let at = 0; at < bytes.length; at += size) {
    if (!frames.add(bytes.subarray(at, at + size))) return false;
  }
  return frames.complete;
}

// Several blocks, some of them stored, some repeated, and a content size of each width.
const INPUTS = [0, 1, 255, 256, 70_000, 400_000].flatMap((size) => [
  new Uint8Array(size),
  Uint8Array.from({ length: size }, (_, at) => (at * at * 31 >> 3) & 255),
]);
const SKIPPABLE = Uint8Array.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9]);

Deno.test("whole frames are complete, one or several, skippable ones too", () => {
  for (const input of INPUTS) {
    for (const checksum of [false, true]) {
      const packed = pack(input, checksum);
      assert.ok(complete(packed), `${input.length} bytes`);
      assert.ok(complete(joined(packed, SKIPPABLE, packed)));
    }
  }
});

Deno.test("no cut of a stream is complete, and nothing may follow it", () => {
  const packed = pack(INPUTS[9] ?? new Uint8Array(), true);
  for (let end = 0; end < packed.length; end += end < 40 ? 1 : 997) {
    assert.ok(!complete(packed.subarray(0, end)), `cut at ${end}`);
  }
  assert.ok(!complete(packed.subarray(0, -1)));
  assert.ok(!complete(joined(packed, Uint8Array.of(0))));
  assert.ok(!complete(joined(packed, new TextEncoder().encode("garbage"))));
  assert.ok(!complete(new TextEncoder().encode("no zstd at all")));
});

Deno.test("how the bytes are cut into chunks does not matter", () => {
  fc.assert(fc.property(
    fc.uint8Array({ maxLength: 3000 }),
    fc.integer({ min: 1, max: 50 }),
    (input, size) => {
      const packed = pack(input, true);
      assert.ok(complete(packed, size));
      assert.ok(!complete(packed.subarray(0, -1), size));
    },
  ));
});
