import assert from "node:assert/strict";
import { Pace } from "./serial.ts";

const KIB = 1024;
const MIB = KIB * KIB;

Deno.test("a serial port is read at once up to what boots write, then at a pace that floods do not move", () => {
  const pace = new Pace();
  let nowMs = 5000;
  let taken = 0;
  while (taken < 8 * MIB) {
    assert.equal(pace.waitMs(16 * KIB, nowMs), 0);
    taken += 16 * KIB;
  }
  const beganMs = nowMs;
  for (taken = 0; taken < 30 * MIB; taken += 16 * KIB) {
    nowMs += pace.waitMs(16 * KIB, nowMs);
  }
  const perSecond = taken / (nowMs - beganMs) * 1000;
  assert.ok(Math.abs(perSecond / (1000 * KIB) - 1) < 0.01, String(perSecond));
  // A guest that is quiet for a while may write much at once again.
  nowMs += 60_000;
  assert.equal(pace.waitMs(8 * MIB, nowMs), 0);
  assert.ok(pace.waitMs(1 * MIB, nowMs) > 1000);
});
