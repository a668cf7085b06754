import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { nextKeyName, signedByAll } from "./resign.ts";
import { parseSecretKey, type SecretKey } from "../../nar/core/signature.ts";

function newKey(name: string): SecretKey {
  const { d, x } = generateKeyPairSync("ed25519").privateKey
    .export({ format: "jwk" });
  const bytes = [d, x].flatMap((part) => [
    ...Uint8Array.fromBase64(part ?? "", { alphabet: "base64url" }),
  ]);
  return parseSecretKey(
    `${name}:${new Uint8Array(bytes).toBase64()}`,
    "the test",
  );
}

const HASH = "0".repeat(32);
const EXPECTED = { hash: HASH, storeDir: "/nix/store" };
const FILE_HASH = "1".repeat(52);
const TEXT = `StorePath: /nix/store/${HASH}-x
URL: nar/${FILE_HASH}.nar.zst
Compression: zstd
FileHash: sha256:${FILE_HASH}
FileSize: 5
NarHash: sha256:${"0".repeat(51)}1
NarSize: 7
References: 
`;
const names = (text: string) =>
  [...text.matchAll(/^Sig: ([^:]+):/gm)].map((match) => match[1]);

Deno.test("signedByAll() adds what is lacking, keeps what is there, and is done then", () => {
  const [first, second] = [newKey("c-1"), newKey("c-2")];
  const old = signedByAll(TEXT, EXPECTED, [first]);
  assert.deepEqual(names(old), ["c-1"]);
  const both = signedByAll(old, EXPECTED, [second, first]);
  assert.deepEqual(names(both), ["c-2", "c-1"]);
  assert.equal(signedByAll(both, EXPECTED, [first, second]), both);
});

Deno.test("signedByAll() replaces a signature of another key of the same name", () => {
  const stranger = signedByAll(TEXT, EXPECTED, [newKey("c-1")]);
  const ours = newKey("c-1");
  const mended = signedByAll(stranger, EXPECTED, [ours]);
  assert.notEqual(mended, stranger);
  assert.deepEqual(names(mended), ["c-1"]);
  assert.equal(mended, signedByAll(TEXT, EXPECTED, [ours]));
});

Deno.test("nextKeyName() counts on, past what is taken", () => {
  assert.equal(nextKeyName("cache-1", ["cache-1"]), "cache-2");
  assert.equal(nextKeyName("cache-9", ["cache-10"]), "cache-11");
  assert.equal(nextKeyName("cache.example.org", []), "cache.example.org-2");
});
