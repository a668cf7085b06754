import assert from "node:assert/strict";
import { afterFailure } from "./transfer_retry.ts";

Deno.test("a broken stream is asked for once more, then nix copies", () => {
  assert.equal(afterFailure("unavailable", 1), "again");
  assert.equal(afterFailure("unavailable", 2), "nix");
  assert.equal(afterFailure("conflict", 1), "again");
});

Deno.test("a cache of another make, or one that sends what must not be taken, is left to nix at once", () => {
  assert.equal(afterFailure("not_found", 1), "nix");
  assert.equal(afterFailure("refused", 1), "nix");
});

Deno.test("a full disk ends it: nix would fill it too", () => {
  assert.equal(afterFailure("storage", 1), "end");
  assert.equal(afterFailure("storage", 2), "end");
});
