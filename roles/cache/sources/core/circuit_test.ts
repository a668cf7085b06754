import assert from "node:assert/strict";
import { ask, type Circuit, failed, FRESH, troubleOf } from "./circuit.ts";

function failing(circuit: Circuit, times: number, nowMs: number): Circuit {
  for (let at = 0; at < times; at++) {
    circuit = failed(circuit, { nowMs, why: "it is down" });
  }
  return circuit;
}

Deno.test("Circuit: two failures pass, the third opens it for a while", () => {
  assert.equal(troubleOf(failing(FRESH, 2, 0)), undefined);
  const open = failing(FRESH, 3, 0);
  assert.equal(troubleOf(open), "it is down");
  assert.equal(ask(open, 9_999), undefined);
  assert.notEqual(ask(open, 10_000), undefined);
});

Deno.test("Circuit: one request is the trial, and a failed one waits twice as long", () => {
  const trial = ask(failing(FRESH, 3, 0), 10_000) ?? FRESH;
  assert.equal(trial.state, "trying");
  assert.equal(ask(trial, 10_001), undefined);
  assert.equal(troubleOf(trial), "it is down");
  const again = failing(trial, 1, 10_002);
  assert.equal(ask(again, 30_001), undefined);
  assert.equal(ask(again, 30_002)?.state, "trying");
});

Deno.test("Circuit: a trial nobody reported of is followed by another", () => {
  const trial = ask(failing(FRESH, 3, 0), 10_000) ?? FRESH;
  assert.equal(ask(trial, 129_999), undefined);
  assert.notEqual(ask(trial, 130_000), undefined);
});

Deno.test("Circuit: pauses end within a minute, late failures prolong none", () => {
  let circuit = failing(FRESH, 3, 0);
  let nowMs = 0;
  for (let round = 0; round < 20; round++) {
    assert.ok(circuit.state === "open" && circuit.untilMs - nowMs <= 60_000);
    nowMs = circuit.untilMs;
    const before = circuit;
    assert.equal(failing(circuit, 5, nowMs), before);
    circuit = failing(ask(circuit, nowMs) ?? FRESH, 1, nowMs);
  }
});
