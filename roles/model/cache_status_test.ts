import assert from "node:assert/strict";
import { hitRate } from "./cache_status.ts";

Deno.test("hitRate() is never whole with a miss, and nothing of nothing", () => {
  assert.equal(hitRate({ hits: 0, misses: 0 }), "–");
  assert.equal(hitRate({ hits: 99_999, misses: 1 }), "99.9 %");
  assert.equal(hitRate({ hits: 3, misses: 0 }), "100.0 %");
  assert.equal(hitRate({ hits: 0, misses: 3 }), "0.0 %");
});
