import assert from "node:assert/strict";
import { parseTokens } from "./tokens.ts";

Deno.test("one bare token serves every service", () => {
  const tokenOf = parseTokens("pcr_x\n", "f");
  assert.equal(tokenOf("master"), "pcr_x");
  assert.equal(tokenOf("cache"), "pcr_x");
});

Deno.test("lines name the service, and a bare one is for the rest", () => {
  const tokenOf = parseTokens(
    "# ours\n\nmaster one\r\n cache\ttwo\nthree\n",
    "f",
  );
  assert.deepEqual(["master", "cache", "hub"].map(tokenOf), [
    "one",
    "two",
    "three",
  ]);
  assert.equal(parseTokens("master one", "f")("hub"), undefined);
});

Deno.test("a broken token file is refused by line, without quoting it", () => {
  assert.throws(
    () => parseTokens("master one\nx y secret", "/t"),
    (error: Error) => {
      assert.match(error.message, /\/t: line 2/);
      return !error.message.includes("secret");
    },
  );
  assert.throws(() => parseTokens("\n# nothing\n", "/t"), {
    message: /no token in it/,
  });
});
