import assert from "node:assert/strict";
import { BlobParser } from "./commit_blobs.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const PRINTED = bytes(
  "aa blob 5\none\n2\nbb missing\ncc tree 3\nxyz\ndd blob 0\n\nee blob 2\n\0\n\n",
);

function parsed(pieces: readonly Uint8Array[]): (string | null)[] {
  const found: (string | null)[] = [];
  const parser = new BlobParser(
    (blob) => found.push(blob === null ? null : new TextDecoder().decode(blob)),
    1024,
  );
  for (const piece of pieces) parser.push(piece);
  return found;
}

Deno.test("BlobParser: blobs in their order, whatever pieces they come in", () => {
  const expected = ["one\n2", null, null, "", "\0\n"];
  assert.deepEqual(parsed([PRINTED]), expected);
  for (const size of [1, 2, 3, 7]) {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < PRINTED.length; at += size) {
      pieces.push(PRINTED.subarray(at, at + size));
    }
    assert.deepEqual(parsed(pieces), expected, `pieces of ${size}`);
  }
});

Deno.test("BlobParser: what git does not print ends it", () => {
  assert.throws(() => parsed([bytes("aa blob 1025\n")]), RangeError);
  assert.throws(() => parsed([bytes("x".repeat(300))]), RangeError);
});
