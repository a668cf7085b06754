import assert from "node:assert/strict";
import { headEnd, parseCgiHead } from "./cgi_response.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("headEnd() finds the empty line, however lines end, and only when it is whole", () => {
  assert.equal(headEnd(bytes("A: b\r\n\r\nbody")), 8);
  assert.equal(headEnd(bytes("A: b\n\nbody")), 6);
  assert.equal(headEnd(bytes("A: b\r\n\r")), -1);
  assert.equal(headEnd(bytes("A: b\r\nC: d\r\n")), -1);
  assert.equal(headEnd(bytes("")), -1);
});

Deno.test("parseCgiHead() reads status and headers", () => {
  assert.deepEqual(
    parseCgiHead("Status: 403 Forbidden\r\nContent-Type: text/plain\r\n\r\n"),
    {
      status: 403,
      headers: [["Content-Type", "text/plain"]],
    },
  );
  assert.equal(parseCgiHead("A: b\n\n").status, 200);
  assert.equal(parseCgiHead("Status: 99999\n\n").status, 500);
  assert.throws(() => parseCgiHead("no header\n\n"), /broken header/);
});
