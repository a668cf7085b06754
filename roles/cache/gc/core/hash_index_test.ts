import assert from "node:assert/strict";
import fc from "fast-check";
import { ABSENT, HASH_CHARS, HashIndex } from "./hash_index.ts";

const ALPHABET = "0123456789abcdfghijklmnpqrsvwxyz";
const hash = fc.array(fc.constantFrom(...ALPHABET), {
  minLength: HASH_CHARS,
  maxLength: HASH_CHARS,
}).map((chars) => chars.join(""));

Deno.test("HashIndex numbers hashes as they come and gives them back", () => {
  fc.assert(
    fc.property(
      fc.array(hash, { maxLength: 200 }),
      fc.nat(),
      (hashes, seed) => {
        const index = new HashIndex(seed, 1);
        const model = new Map<string, number>();
        for (const text of [...hashes, ...hashes]) {
          const known = model.get(text) ?? model.size;
          model.set(text, known);
          assert.equal(index.add(`x${text}y`, 1), known);
        }
        assert.equal(index.count, model.size);
        for (const [text, number] of model) {
          assert.equal(index.find(text), number);
          assert.equal(index.textOf(number), text);
        }
      },
    ),
  );
});

Deno.test("HashIndex tells hashes apart by every character", () => {
  const index = new HashIndex(1, 100);
  const base = "0".repeat(HASH_CHARS);
  index.add(base);
  for (let at = 0; at < HASH_CHARS; at++) {
    const other = `${base.slice(0, at)}z${base.slice(at + 1)}`;
    assert.equal(index.find(other), ABSENT);
    assert.equal(index.add(other), at + 1);
  }
});
