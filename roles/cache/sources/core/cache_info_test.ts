import assert from "node:assert/strict";
import { parseCacheInfo } from "./cache_info.ts";

Deno.test("parseCacheInfo reads what matters and refuses other texts", () => {
  assert.deepEqual(
    parseCacheInfo("StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n"),
    { storeDir: "/nix/store", priority: 40 },
  );
  assert.equal(parseCacheInfo("StoreDir: /nix/store").priority, 50);
  assert.equal(
    parseCacheInfo("StoreDir: /nix/store\nPriority: -1").priority,
    50,
  );
  for (const text of ["", "<html>", "Priority: 1"]) {
    assert.throws(() => parseCacheInfo(text), /names no StoreDir/);
  }
});
