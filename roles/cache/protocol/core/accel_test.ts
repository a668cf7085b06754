import assert from "node:assert/strict";
import { handOverTo } from "./accel.ts";

const FILE = `${"1a".repeat(26)}.nar.zst`;

Deno.test("handOverTo() names a file only when it is configured and nginx asks for it", () => {
  const marked = { file: FILE, handOver: "X-Accel-Redirect" };
  assert.equal(handOverTo("/internal/", marked), `/internal/1a/${FILE}`);
  assert.equal(handOverTo(undefined, marked), undefined);
  for (const handOver of [undefined, "", "X-Sendfile"]) {
    assert.equal(handOverTo("/internal/", { file: FILE, handOver }), undefined);
  }
});
