import assert from "node:assert/strict";
import { HealthCheck } from "../../../model/vm_spec.ts";
import {
  dueChecks,
  healthOf,
  nextProbeAtMs,
  probeBegun,
  probed,
  restoreHealth,
  startHealth,
  withChecks,
} from "./health.ts";

const HTTP = HealthCheck.parse({
  name: "http",
  kind: "http",
  port: 80,
  successes: 2,
  failures: 3,
  graceMs: 5000,
});
const SERIAL = HealthCheck.parse({
  name: "serial",
  kind: "serial",
  match: "ready",
});

/** Health after results of the http check, one a second from second 1 on: "+" and "-". */
function after(results: string, checks = [HTTP]) {
  let health = startHealth(checks, 0);
  [...results].forEach((sign, index) => {
    const result = { check: "http", ok: sign === "+", message: sign };
    health = probed(health, checks, result, (index + 1) * 1000);
  });
  return { health, word: healthOf(health, checks, results.length * 1000) };
}

Deno.test("a guest is healthy after `successes` in a row and unhealthy after `failures`", () => {
  const table = [
    ["", "starting"],
    ["+", "starting"],
    ["++", "healthy"],
    ["+-+", "starting"],
    ["++--", "healthy"],
    ["++---", "unhealthy"],
    ["++--+--", "healthy"],
    ["++---+", "unhealthy"],
    ["++---++", "healthy"],
  ] as const;
  for (const [results, word] of table) {
    assert.equal(after(results).word, word, results);
  }
});

Deno.test("failures within grace do not count", () => {
  assert.equal(after("----").word, "starting");
  assert.equal(after("-----").word, "unhealthy");
});

Deno.test("healthySince is the start of the unbroken time", () => {
  assert.equal(after("++++").health.healthySinceMs, 2000);
  assert.equal(after("++---++").health.healthySinceMs, 7000);
  assert.equal(after("+").health.firstAnswerAtMs, 1000);
});

Deno.test("a guest without checks is healthy because it runs", () => {
  const health = startHealth([], 500);
  assert.equal(healthOf(health, [], 500), "healthy");
  assert.equal(nextProbeAtMs(health), Infinity);
});

Deno.test("every check has to pass", () => {
  const checks = [HTTP, SERIAL];
  const { health } = after("++", checks);
  assert.equal(health.healthySinceMs, null);
  const serial = { check: "serial", ok: true, message: "" };
  assert.equal(probed(health, checks, serial, 9000).healthySinceMs, 9000);
});

Deno.test("a check is due once per interval and never twice at once", () => {
  let health = startHealth([HTTP], 0);
  assert.equal(dueChecks(health, [HTTP], 0).length, 1);
  health = probeBegun(health, HTTP, 0);
  assert.equal(dueChecks(health, [HTTP], 60_000).length, 0);
  health = probed(
    health,
    [HTTP],
    { check: "http", ok: false, message: "" },
    100,
  );
  assert.equal(dueChecks(health, [HTTP], 999).length, 0);
  assert.equal(dueChecks(health, [HTTP], 1000).length, 1);
});

Deno.test("other checks by a change of policy keep what is known of those that stayed", () => {
  const { health } = after("++");
  const more = withChecks(health, [HTTP, SERIAL], 5000);
  assert.equal(more.healthySinceMs, null);
  const back = withChecks(more, [HTTP], 6000);
  assert.equal(back.healthySinceMs, 6000);
});

Deno.test("an adopted guest stays healthy until a probe says otherwise", () => {
  let health = restoreHealth([HTTP], {
    startedAtMs: 0,
    healthySinceMs: 700,
    watchedFromMs: 800,
  });
  assert.equal(health.healthySinceMs, 700);
  for (const at of [8000, 9000, 10_000]) {
    const result = { check: "http", ok: false, message: "refused" };
    health = probed(health, [HTTP], result, at);
  }
  assert.equal(healthOf(health, [HTTP], 10_000), "unhealthy");
});
