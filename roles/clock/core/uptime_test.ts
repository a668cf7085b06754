import assert from "node:assert/strict";
import { parseUptimeMs } from "./uptime.ts";

Deno.test("time since boot is whole milliseconds, whatever a decimal fraction makes of it", () => {
  for (
    const [text, ms] of [["1.10 0.50\n", 1100], ["0.00 0.00\n", 0]] as const
  ) {
    assert.equal(parseUptimeMs(text), ms);
  }
  for (let at = 0; at < 100_000; at += 1) {
    const text = `${Math.floor(at / 100)}.${String(at % 100).padStart(2, "0")}`;
    assert.equal(parseUptimeMs(`${text} 1.00\n`), at * 10);
  }
});
