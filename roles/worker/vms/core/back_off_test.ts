import assert from "node:assert/strict";
import { backOffMs } from "./back_off.ts";
import { hostRetryMs, mayRestart, restartDelayMs } from "./restart.ts";

Deno.test("backOffMs() grows, is spread and stays below a lease", () => {
  assert.equal(backOffMs(1, 0), 100);
  assert.equal(backOffMs(1, 1), 200);
  assert.equal(backOffMs(3, 1), 800);
  assert.equal(backOffMs(1000, 1), 3000);
});

Deno.test("restartDelayMs() doubles from delayMs to maxDelayMs", () => {
  const restart = {
    policy: "always",
    delayMs: 1000,
    maxDelayMs: 60_000,
  } as const;
  const waits = [1, 2, 3, 7, 100].map((n) => restartDelayMs(restart, n));
  assert.deepEqual(waits, [1000, 2000, 4000, 60_000, 60_000]);
  assert.equal(mayRestart({ ...restart, policy: "on-failure" }, true), false);
});

Deno.test("hostRetryMs() stays within half a minute", () => {
  assert.equal(hostRetryMs(1), 1000);
  assert.equal(hostRetryMs(50), 30_000);
});
