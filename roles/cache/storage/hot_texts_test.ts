import assert from "node:assert/strict";
import { HotTexts } from "./hot_texts.ts";

Deno.test("HotTexts keeps what is used and stays within its bound", () => {
  const hot = new HotTexts(30);
  hot.set("a", "x".repeat(9));
  hot.set("b", "y".repeat(9));
  hot.set("c", "z".repeat(9));
  assert.equal(hot.get("a"), "x".repeat(9));
  hot.set("d", "new");
  assert.equal(hot.get("b"), undefined);
  assert.equal(hot.get("a"), "x".repeat(9));
  assert.equal(hot.get("d"), "new");
  assert.equal(hot.chars, 24);
});

Deno.test("HotTexts replaces a text and never holds one larger than itself", () => {
  const hot = new HotTexts(10);
  hot.set("a", "1");
  hot.set("a", "22");
  assert.equal(hot.get("a"), "22");
  assert.equal(hot.chars, 3);
  hot.set("b", "x".repeat(11));
  assert.equal(hot.get("b"), undefined);
  assert.equal(hot.chars, 0);
});
