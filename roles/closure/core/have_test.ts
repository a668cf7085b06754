import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { encodeNixBase32 } from "../../nar/core/nix_base32.ts";
import { encodeHave, HaveSet, MAX_HAVE, WINDOWS } from "./have.ts";

function hashOf(name: string): string {
  const digest = createHash("sha256").update(name).digest();
  return encodeNixBase32(new Uint8Array(digest)).slice(0, 32);
}

Deno.test("every hash that was put in is found, in every window", () => {
  fc.assert(fc.property(
    fc.uniqueArray(fc.string(), { maxLength: 200 }),
    fc.integer({ min: 0, max: WINDOWS - 1 }),
    (names, window) => {
      const hashes = names.map(hashOf);
      const set = new HaveSet(encodeHave(hashes, window));
      assert.ok(hashes.every((hash) => set.has(hash)));
    },
  ));
});

Deno.test("50,000 paths are 333 kB, and few others are taken for them", () => {
  const hashes = Array.from({ length: 50_000 }, (_, at) => hashOf(`p${at}`));
  const have = encodeHave(hashes, 0);
  assert.ok(have.prefixes.length < 334_000);
  const set = new HaveSet(have);
  assert.equal(set.size, 50_000);
  let wrong = 0;
  for (let at = 0; at < 20_000; at++) if (set.has(hashOf(`q${at}`))) wrong++;
  assert.equal(wrong, 0);
});

Deno.test("a hash that one window mistakes is told apart by another", () => {
  const here = "0123456789abcdfghijklmnpqrsvwxyz";
  const absent = `01234567${"z".repeat(24)}`;
  assert.ok(new HaveSet(encodeHave([here], 0)).has(absent));
  for (const window of [1, 2, 3]) {
    assert.ok(!new HaveSet(encodeHave([here], window)).has(absent));
  }
});

Deno.test("what is no such set is refused", () => {
  const refused = { code: "invalid" };
  const bytes = (...values: number[]) => Uint8Array.from(values).toBase64();
  for (
    const prefixes of [
      "not base 64!",
      bytes(1, 2, 3, 4),
      // Out of order, and twice the same.
      bytes(0, 0, 0, 0, 2, 0, 0, 0, 0, 1),
      bytes(0, 0, 0, 0, 1, 0, 0, 0, 0, 1),
      new Uint8Array((MAX_HAVE + 1) * 5).toBase64(),
    ]
  ) {
    assert.throws(() => new HaveSet({ window: 0, prefixes }), refused);
  }
  assert.throws(() => new HaveSet({ window: 4, prefixes: "" }), refused);
});
