import assert from "node:assert/strict";
import { playScenario, scenarioNames } from "../scenarios/run.ts";

for (const name of await scenarioNames()) {
  Deno.test(`scenario: ${name}`, async () => {
    const { expected, actual } = await playScenario(name);
    assert.equal(
      actual,
      expected,
      "rewrite it with: deno task scenarios --update",
    );
  });
}
