import assert from "node:assert/strict";
import { differenceOf, type SeedResult, Summary } from "./summary.ts";
import { ACTIONS, FAULTS } from "./trace.ts";

function result(change: Partial<SeedResult>): SeedResult {
  return {
    seed: 1,
    failure: null,
    digest: "",
    counts: [...FAULTS, ...ACTIONS].map((kind) => [kind, 1]),
    virtualMs: 60_000,
    seconds: 1,
    lines: [],
    ...change,
  };
}

Deno.test("a summary counts seeds and failures", () => {
  const summary = new Summary();
  summary.add(result({}));
  assert.ok(summary.isGood);
  summary.add(result({ failure: "always_x: y" }));
  assert.ok(!summary.isGood);
  assert.equal(summary.lines(1).at(-1), "seeds 2, failures 1");
});

Deno.test("a fault that a hundred seeds never saw is a failure", () => {
  const summary = new Summary();
  for (let seed = 0; seed < 99; seed++) summary.add(result({ counts: [] }));
  assert.ok(summary.isGood);
  summary.add(result({ counts: [["publish", 1]] }));
  assert.ok(!summary.isGood);
  assert.equal(summary.lines(1).at(-1), "seeds 100, failures 1");
  assert.ok(summary.missing().includes("delay"));
  assert.ok(!summary.missing().includes("publish"));
});

Deno.test("two traces differ at a line, or by their length", () => {
  assert.match(differenceOf(["a", "b"], ["a", "c"]), /"b" and "c" at line 2/);
  assert.match(
    differenceOf(["a"], ["a", "c"]),
    /"undefined" and "c" at line 2/,
  );
});
