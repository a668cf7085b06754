import assert from "node:assert/strict";
import { receiveLimit, sendLimit } from "./rate.ts";

Deno.test("rates are the guest's in both directions, with room for a window", () => {
  assert.equal(
    sendLimit(8),
    "limit rate over 1000000 bytes/second burst 65536 bytes",
  );
  assert.equal(
    sendLimit(1000),
    "limit rate over 125000000 bytes/second burst 6250000 bytes",
  );
  assert.equal(
    receiveLimit("tap", 8).join(" "),
    "qdisc replace dev tap root tbf rate 8mbit burst 65536 latency 50ms",
  );
});

Deno.test("the largest rate of a spec stays within what nft counts", () => {
  const burst = Number(/burst (\d+)/.exec(sendLimit(1_000_000))?.[1]);
  assert.ok(burst < 2 ** 31);
});
