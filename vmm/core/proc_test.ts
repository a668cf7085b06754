import assert from "node:assert/strict";
import { parseCpuTicks, parseInterface, parseRssKib } from "./proc.ts";

Deno.test("proc: processor time, whatever the program is called", () => {
  const stat =
    "4711 (a) S (b c) S 1 4711 4711 0 -1 1077936192 9 8 7 6 250 50 3 2 20 0 4 0 99 1 2";
  assert.equal(parseCpuTicks(stat), 300);
  assert.equal(parseCpuTicks(""), null);
  assert.equal(parseCpuTicks("1 (x) S"), null);
});

Deno.test("proc: resident memory; a kernel thread or a zombie has none", () => {
  assert.equal(
    parseRssKib("Name:\tx\nVmRSS:\t   2048 kB\nRssAnon: 1 kB"),
    2048,
  );
  assert.equal(parseRssKib("Name:\tx\n"), null);
});

Deno.test("proc: an interface by its whole name", () => {
  const text = `Inter-|   Receive                  |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes packets
    lo: 10 1 0 0 0 0 0 0 10 1 0 0 0 0 0 0
  tap1: 1234 5 0 0 0 0 0 0 99 7 0 0 0 0 0 0
 tap10:8 5 0 0 0 0 0 0 9 7 0 0 0 0 0 0
`;
  assert.deepEqual(parseInterface(text, "tap1"), {
    receivedBytes: 1234,
    sentBytes: 99,
  });
  assert.deepEqual(parseInterface(text, "tap10"), {
    receivedBytes: 8,
    sentBytes: 9,
  });
  assert.equal(parseInterface(text, "tap"), null);
});
