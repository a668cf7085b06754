import assert from "node:assert/strict";
import { Recent } from "./recent.ts";

Deno.test("Recent forgets by age and by weight, the oldest first", () => {
  let nowMs = 0;
  const recent = new Recent<string>({
    maxWeight: 10,
    weigh: (text) => text.length,
    ageMs: 100,
    nowMs: () => nowMs,
  });
  recent.set("a", "12345");
  nowMs = 50;
  recent.set("b", "12345");
  assert.equal(recent.get("a"), "12345");
  recent.set("c", "1");
  assert.equal(recent.get("a"), undefined);
  assert.equal(recent.get("b"), "12345");
  nowMs = 150;
  assert.equal(recent.get("b"), undefined);
  assert.equal(recent.get("c"), undefined);
  recent.set("d", "x".repeat(11));
  assert.equal(recent.get("d"), undefined);
  recent.set("e", "x".repeat(10));
  assert.equal(recent.get("e"), "x".repeat(10));
});
