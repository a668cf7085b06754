import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import { decodeNixBase32, encodeNixBase32 } from "./nix_base32.ts";

// Printed by `nix-hash --flat --type TYPE --base32` of Nix 2.8.
const VECTORS = [
  ["md5", "", "3y8bwfr609h3lh9ch0izcqq7fl"],
  ["md5", "abc", "3jgzhjhz9zjvbb0kyj7jc500ch"],
  ["sha1", "", "143xibwh31h9bvxzalr0sjvbbvpa6ffs"],
  ["sha1", "abc", "kpcd173cq987hw957sx6m0868wv3x6d9"],
  ["sha256", "", "0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73"],
  ["sha256", "abc", "1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"],
  [
    "sha512",
    "",
    "0zdl9zrg8r3i9c1g90lgg9ip5ijzv3yhz91i0zzn3r8ap9ws784gkp9dk9j3aglhgf1amqb0pj21mh7h1nxcl18akqvvf7ggqsy30yg",
  ],
  [
    "sha512",
    "abc",
    "2gs8k559z4rlahfx0y688s49m2vvszylcikrfinm30ly9rak69236nkam5ydvly1ai7xac99vxfc4ii84hawjbk876blyk1jfhkbbyx",
  ],
] as const;

Deno.test("nix base 32 is what nix-hash prints", () => {
  for (const [type, text, expected] of VECTORS) {
    const digest = new Uint8Array(createHash(type).update(text).digest());
    assert.equal(encodeNixBase32(digest), expected, `${type} of "${text}"`);
    assert.deepEqual(decodeNixBase32(expected, digest.length), digest);
  }
});

Deno.test("nix base 32 brings any bytes back", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 70 }), (bytes) => {
    const text = encodeNixBase32(bytes);
    assert.deepEqual(decodeNixBase32(text, bytes.length), bytes);
  }));
});

Deno.test("nix base 32 refuses other lengths, other letters and spare bits", () => {
  const good = encodeNixBase32(new Uint8Array(32));
  assert.equal(decodeNixBase32(good.slice(1), 32), undefined);
  assert.equal(decodeNixBase32(`e${good.slice(1)}`, 32), undefined);
  assert.equal(decodeNixBase32(`z${good.slice(1)}`, 32), undefined);
});
