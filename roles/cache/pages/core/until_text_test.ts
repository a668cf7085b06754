import assert from "node:assert/strict";
import { untilText } from "./until_text.ts";

Deno.test("untilText() counts in the largest whole unit", () => {
  assert.equal(untilText(-5), "soon");
  assert.equal(untilText(59_999), "soon");
  assert.equal(untilText(60_000), "in 1 minute");
  assert.equal(untilText(3 * 3_600_000), "in 3 hours");
  assert.equal(untilText(30 * 86_400_000), "in 30 days");
});
