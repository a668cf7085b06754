import assert from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import { formatNarInfo, narInfoFingerprint, parseNarInfo } from "./narinfo.ts";
import {
  parsePublicKey,
  parseSecretKey,
  signText,
  verifySignature,
} from "./signature.ts";

// Written by `nix copy` of Nix 2.8, after `nix store sign` with this key.
const SECRET =
  "t-1:1Vo7TdGkxHMkSg1lJ3U+aZdIFkD2f4gX/051lv3L05IHEiS1kqXArYJ/eDOItb3QHuOEFvw48mYPmO+THvoYPQ==";
const PUBLIC = "t-1:BxIktZKlwK2Cf3gziLW90B7jhBb8OPJmD5jvkx76GD0=";
const SIG =
  "t-1:UOPqKKtzHLciyyf/rpoXniJeASiTXGsCA4zIi9SOQiUxVSWbsjFwlfaW9tFW6vDgcSZNzn6XrL4gbVjb+9NjCQ==";
const HASH = "yfdsa1xkiy3ys31pjgp8zv7nlk1nrncm";
const REAL = `StorePath: /nix/store/${HASH}-c
URL: nar/1h41ryk8hmm2z1nb3vvvsy5yrsaw8cb7zm07zawrhvs5ip6p9jr6.nar.zst
Compression: zstd
FileHash: sha256:1h41ryk8hmm2z1nb3vvvsy5yrsaw8cb7zm07zawrhvs5ip6p9jr6
FileSize: 160
NarHash: sha256:1sy160fk4fqdcfl0fvkivr3jkg8nvky57bnlq1pjzikmya0091qv
NarSize: 208
References: vmg5na96ajnh1v932j9jdzfc3022vbh9-a w7k2a24kg47knwpw5xc8k0q116j1x2ma-b
Sig: ${SIG}
CA: text:sha256:0swbrb855r1s1cfn1cpm2w3npmgz638qh71xa0xd51sr8ff4mc0c
`;
const EXPECTED = { hash: HASH, storeDir: "/nix/store" };

Deno.test("a narinfo of nix is read, and written so that it reads the same", () => {
  const info = parseNarInfo(REAL, EXPECTED);
  assert.equal(info.base, `${HASH}-c`);
  assert.equal(info.narSize, 208);
  assert.equal(info.references.length, 2);
  assert.deepEqual(parseNarInfo(formatNarInfo(info), EXPECTED), info);
});

Deno.test("the fingerprint and the signature are those of nix store sign", () => {
  const info = parseNarInfo(REAL, EXPECTED);
  const fingerprint = narInfoFingerprint(info);
  const secret = parseSecretKey(SECRET, "test");
  assert.equal(secret.publicText, PUBLIC);
  assert.equal(signText(fingerprint, secret), SIG);
  const keys = [parsePublicKey(PUBLIC)];
  assert.ok(verifySignature(fingerprint, SIG, keys));
  assert.ok(!verifySignature(`${fingerprint},`, SIG, keys));
});

Deno.test("a path without references is read, the trailing blank lost or not", () => {
  for (const line of ["References: \n", "References:\n", ""]) {
    const text = REAL.replace(/References: .*\n/, line);
    assert.deepEqual(parseNarInfo(text, EXPECTED).references, []);
  }
});

Deno.test("parseNarInfo() names what is wrong", () => {
  const table: [string, (text: string) => string, RegExp][] = [
    ["no text", () => "", /StorePath/],
    ["a web page", () => "<html>\n", /line 1/],
    [
      "another path",
      (t) => t.replace(`store/${HASH}`, `store/${"a".repeat(32)}`),
      /another hash/,
    ],
    [
      "another store",
      (t) => t.replace("/nix/store/", "/gnu/store/"),
      /StorePath/,
    ],
    [
      "a foreign URL",
      (t) => t.replace("URL: nar/", "URL: http://evil/nar/"),
      /URL/,
    ],
    [
      "bzip2",
      (t) =>
        t.replace("nar.zst", "nar.bz2").replace(
          "Compression: zstd",
          "Compression: bzip2",
        ),
      /zstd, xz, gzip and none/,
    ],
    [
      "a wrong compression",
      (t) => t.replace("Compression: zstd", "Compression: xz"),
      /Compression/,
    ],
    [
      "a wrong FileHash",
      (t) =>
        t.replace(
          "FileHash: sha256:1h",
          "FileHash: sha256:0h",
        ),
      /FileHash/,
    ],
    [
      "an md5",
      (t) =>
        t.replace(/NarHash: .*/, "NarHash: md5:3y8bwfr609h3lh9ch0izcqq7fl"),
      /NarHash/,
    ],
    ["a size", (t) => t.replace("NarSize: 208", "NarSize: -1"), /NarSize/],
    ["2^60", (t) => t.replace("160", `${2 ** 60}`), /FileSize/],
    ["a reference", (t) => t.replace("-a w7", "-a ../w7"), /reference/],
    ["a signature", (t) => t.replace("Sig: t-1:", "Sig: t-1"), /signature/],
    ["a field twice", (t) => t + "NarSize: 1\n", /NarSize is there twice/],
    ["a deriver", (t) => t + "Deriver: ../../x\n", /Deriver/],
  ];
  for (const [what, change, message] of table) {
    assert.throws(
      () => parseNarInfo(change(REAL), EXPECTED),
      (error) =>
        error instanceof AppError && error.code === "invalid" &&
        message.test(error.message),
      what,
    );
  }
});

Deno.test("a secret key that is broken is refused without being quoted", () => {
  const [name, base64] = SECRET.split(":");
  const mixed = Uint8Array.fromBase64(base64 ?? "");
  mixed[40] = (mixed[40] ?? 0) ^ 1;
  for (
    const text of [
      "",
      "t-1",
      SECRET.slice(0, -8),
      `${name}:${mixed.toBase64()}`,
    ]
  ) {
    assert.throws(
      () => parseSecretKey(text, "signing.key"),
      (error) =>
        error instanceof AppError && error.message.includes("signing.key") &&
        !error.message.includes("1Vo7"),
    );
  }
});
