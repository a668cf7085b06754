import assert from "node:assert/strict";
import { qcow2Overlay } from "./overlay.ts";

Deno.test("qcow2Overlay() names the image below and its format", () => {
  const bytes = qcow2Overlay("/store/root.img", 3 * 2 ** 30);
  const view = new DataView(bytes.buffer);
  assert.equal(view.getUint32(0), 0x514649fb);
  assert.equal(Number(view.getBigUint64(24)), 3 * 2 ** 30);
  const at = Number(view.getBigUint64(8));
  const name = bytes.slice(at, at + view.getUint32(16));
  assert.equal(new TextDecoder().decode(name), "/store/root.img");
  assert.equal(view.getUint32(36), 6, "512 MiB for each L1 entry");
});

Deno.test("qcow2Overlay() refuses what the format cannot hold", () => {
  for (const size of [0, 2 ** 43]) {
    assert.throws(() => qcow2Overlay("/x", size), { code: "invalid" });
  }
  assert.throws(() => qcow2Overlay(`/${"x".repeat(1023)}`, 1), {
    code: "invalid",
  });
});
