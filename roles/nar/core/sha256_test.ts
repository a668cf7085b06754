import assert from "node:assert/strict";
import { parseSha256 } from "./sha256.ts";

const ONE = "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";

Deno.test("parseSha256() reads every spelling of one hash", () => {
  for (
    const text of [
      ONE,
      "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "sha256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
      "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    ]
  ) assert.equal(parseSha256(text), ONE, text);
});

Deno.test("parseSha256() refuses what is not a sha256", () => {
  for (
    const text of [
      "",
      "sha256:",
      "sha1:143xibwh31h9bvxzalr0sjvbbvpa6ffs",
      ONE.slice(0, -1),
      "sha256-0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73",
      ONE.toUpperCase(),
    ]
  ) assert.equal(parseSha256(text), undefined, text);
});
