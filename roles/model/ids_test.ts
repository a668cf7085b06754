import assert from "node:assert/strict";
import {
  Counter,
  Name,
  splitVmId,
  StorePath,
  storePathRoot,
  VmId,
  vmId,
} from "./ids.ts";
import { storePath } from "../../tests/support/specs.ts";

Deno.test("splitVmId() undoes vmId(), hyphens in names included", () => {
  for (
    const [cluster, vm, ordinal] of [["shop", "web", 0], [
      "a-b",
      "c-1-d",
      12,
    ]] as const
  ) {
    const id = VmId.parse(vmId(cluster, vm, ordinal));
    assert.deepEqual(splitVmId(id), { cluster, vm, ordinal });
  }
});

Deno.test("names, ids, paths and counters refuse what could escape a directory or a counter", () => {
  for (
    const name of ["", "A", "-a", "a-", "a.b", "a/b", "..", "a".repeat(64)]
  ) {
    assert.equal(Name.safeParse(name).success, false, name);
  }
  for (
    const id of [
      "shop/web",
      "shop/web-",
      "shop/web-01",
      "../web-0",
      "shop/x/web-0",
    ]
  ) {
    assert.equal(VmId.safeParse(id).success, false, id);
  }
  for (
    const path of [
      "/nix/store",
      "/nix/store/x-y",
      `${storePath("a")}/../b`,
      "/etc/passwd",
    ]
  ) {
    assert.equal(StorePath.safeParse(path).success, false, path);
  }
  for (const value of [-1, 1.5, 2 ** 53, Number.NaN, 1n]) {
    assert.equal(Counter.safeParse(value).success, false, String(value));
  }
  assert.equal(storePathRoot(`${storePath("a")}/boot/bzImage`), storePath("a"));
});
