import assert from "node:assert/strict";
import { readCredentials } from "./credentials.ts";

Deno.test("readCredentials() takes Bearer and both ways of Basic", () => {
  const token = { kind: "token", token: "pcr_x" };
  assert.deepEqual(readCredentials("Bearer pcr_x"), token);
  assert.deepEqual(readCredentials("bearer  pcr_x "), token);
  assert.deepEqual(readCredentials(`Basic ${btoa("user:pcr_x")}`), token);
  assert.deepEqual(readCredentials(`Basic ${btoa("pcr_x:")}`), token);
});

Deno.test("readCredentials() tells nothing from nonsense", () => {
  for (const none of [null, undefined, `Basic ${btoa(":")}`]) {
    assert.deepEqual(readCredentials(none), { kind: "none" });
  }
  for (
    const broken of [
      "",
      "Bearer",
      "Basic a",
      `Basic ${btoa("nocolon")}`,
      "Basic %%",
      "Digest x",
      `Bearer ${"x".repeat(2000)}`,
    ]
  ) {
    assert.deepEqual(readCredentials(broken), { kind: "broken" }, broken);
  }
});
