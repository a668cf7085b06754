import assert from "node:assert/strict";
import { intentHash } from "../../model/mod.ts";
import { sampleSpecs } from "./sample_specs.ts";

Deno.test("sample specs are valid, distinct, and hash the same each time", () => {
  const specs = sampleSpecs(3);
  assert.deepEqual(specs.map((spec) => spec.name), ["vm-1", "vm-2", "vm-3"]);
  assert.equal(intentHash(specs), intentHash(sampleSpecs(3)));
  assert.notEqual(intentHash(specs), intentHash(sampleSpecs(2)));
});
