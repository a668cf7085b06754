import assert from "node:assert/strict";
import { cacheName, formatVia, mayPassOn, meet, parseVia } from "./via.ts";

const [A, B] = ["a", "b"].map((digit) => cacheName(digit.repeat(16))) as [
  string,
  string,
];

Deno.test("Via names caches of ours and nobody else", () => {
  assert.deepEqual(parseVia(formatVia([A, B])), [A, B]);
  assert.deepEqual(parseVia(`1.1 varnish, HTTP/2 ${A} (a comment)`), [A]);
  for (const text of [undefined, null, "", ",", "procurator-1", `1.1 ${A}x`]) {
    assert.deepEqual(parseVia(text), [], String(text));
  }
  assert.ok(parseVia(`1.1 ${A},`.repeat(10_000)).length <= 32);
});

Deno.test("a request that was here, or comes from too far, is not passed on", () => {
  assert.equal(mayPassOn([], A), true);
  assert.equal(mayPassOn([B], A), true);
  assert.equal(mayPassOn([A, B], A), false);
  assert.equal(mayPassOn(Array(8).fill(B), A), false);
  assert.equal(meet([A], [B, A]), true);
  assert.equal(meet([A], [B]), false);
});
