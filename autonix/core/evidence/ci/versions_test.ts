import assert from "node:assert/strict";
import { newest, pinned } from "./versions.ts";

Deno.test("pinned() takes versions and aliases, not what moves", () => {
  assert.equal(pinned("v20.11.1"), "20.11.1");
  assert.equal(pinned("20.x"), "20.x");
  assert.equal(pinned("lts/*"), "lts/*");
  assert.equal(pinned(">=3.9"), ">=3.9");
  for (const moving of ["stable", "latest", "", "${{ matrix.x }}"]) {
    assert.equal(pinned(moving), null, moving);
  }
});

Deno.test("newest() counts parts as numbers", () => {
  assert.equal(newest(["1.9", "1.22.x", "1.21.5"]), "1.22.x");
  assert.equal(newest([]), null);
});
