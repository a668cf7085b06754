import assert from "node:assert/strict";
import {
  type NarInfo,
  narInfoFingerprint,
  parseNarInfo,
} from "../../../nar/core/narinfo.ts";
import {
  parseSecretKey,
  signText,
  verifySignature,
} from "../../../nar/core/signature.ts";
import { type OfferRules, takeOver } from "./upstream_narinfo.ts";

// Seeds of ones and of twos: keys of nobody.
const THEIRS = parseSecretKey(
  "up-1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGKiOPddAnxlf1S2y08ul1yymcJvx2UEhvzdIgBtA9vXA==",
  "test",
);
const OWN = parseSecretKey(
  "own-1:AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgKBOXcOqH0XX1ajVGbDTH7My42KkbTuN6Jd9g9bj8mzlA==",
  "test",
);
const HASH = "a".repeat(32);
const FILE = "1".repeat(52);
const NAR = "0".repeat(51) + "2";
const RULES: OfferRules = {
  hash: HASH,
  storeDir: "/nix/store",
  trusted: [THEIRS.public],
  signing: [OWN],
  maxNarBytes: 1000,
};

function narInfo(file: readonly string[], signatures?: string[]): string {
  const lines = [
    `StorePath: /nix/store/${HASH}-a`,
    ...file,
    `NarHash: sha256:${NAR}`,
    "NarSize: 500",
    `References: ${HASH}-a`,
    "Unknown: field",
  ];
  const fingerprint =
    `1;/nix/store/${HASH}-a;sha256:${NAR};500;/nix/store/${HASH}-a`;
  const all = signatures ?? [signText(fingerprint, THEIRS)];
  return [...lines, ...all.map((text) => `Sig: ${text}`)].join("\n") + "\n";
}

const PACKED = [
  `URL: nar/${FILE}.nar.xz`,
  "Compression: xz",
  `FileHash: sha256:${FILE}`,
  "FileSize: 100",
];

function valid(info: NarInfo, key: typeof OWN): boolean {
  return info.signatures.some((signature) =>
    verifySignature(narInfoFingerprint(info), signature, [key.public])
  );
}

Deno.test("takeOver: what a trusted key signed is offered, signed by us too", () => {
  const { info, text, url } = takeOver(narInfo(PACKED), RULES);
  assert.equal(url, `nar/${FILE}.nar.xz`);
  assert.equal(info.file, `${FILE}.nar.xz`);
  assert.deepEqual(
    parseNarInfo(text, { hash: HASH, storeDir: "/nix/store" }),
    info,
  );
  assert.ok(valid(info, OWN) && valid(info, THEIRS));
});

Deno.test("takeOver: a nar is named by its hash, however the upstream names it", () => {
  const plain = takeOver(
    narInfo([`URL: nar/x.nar?hash=${HASH}`, "Compression: none"]),
    RULES,
  );
  assert.equal(plain.info.file, `${NAR}.nar`);
  assert.equal(plain.info.fileSize, 500);
  assert.equal(plain.url, `nar/x.nar?hash=${HASH}`);
  const packed = takeOver(
    narInfo(["URL: https://s3.example/x", ...PACKED.slice(1)]),
    RULES,
  );
  assert.equal(packed.info.file, `${FILE}.nar.xz`);
});

Deno.test("takeOver: a packed nar without the hash of its file is unpacked on its way", () => {
  for (const compression of ["zstd", "gzip", "br"]) {
    const { info, unpack, url } = takeOver(
      narInfo(["URL: nar/x", `Compression: ${compression}`]),
      RULES,
    );
    assert.equal(unpack, compression);
    assert.equal(url, "nar/x");
    assert.equal(info.file, `${NAR}.nar`);
    assert.equal(info.compression, "none");
    assert.equal(info.fileSize, 500);
  }
  assert.equal(takeOver(narInfo(PACKED), RULES).unpack, undefined);
});

Deno.test("takeOver: nothing is believed that no trusted key signed", () => {
  const forged = narInfo(PACKED, [signText("something else", THEIRS)]);
  for (const text of [forged, narInfo(PACKED, [])]) {
    assert.throws(
      () => takeOver(text, RULES),
      /signatures.* valid one of up-1/,
    );
  }
  const own = { ...RULES, trusted: [OWN.public] };
  assert.throws(() => takeOver(narInfo(PACKED), own), /valid one of own-1/);
  const changed = narInfo(PACKED).replace("NarSize: 500", "NarSize: 501");
  assert.throws(() => takeOver(changed, RULES), /valid one of up-1/);
});

Deno.test("takeOver: a signature in our name that is not ours is dropped", () => {
  const wrong = signText("something else", OWN);
  const { info } = takeOver(
    narInfo(PACKED, [
      wrong,
      ...takeOver(narInfo(PACKED), RULES).info.signatures,
    ]),
    RULES,
  );
  assert.equal(info.signatures.includes(wrong), false);
  assert.equal(info.signatures.length, 2);
});

Deno.test("takeOver: what cannot be checked or is too large is passed over, with the reason", () => {
  const cases: [string[], RegExp][] = [
    [["URL: nar/x.nar.bz2"], /"bzip2", which cannot be unpacked/],
    [["URL: nar/x", "Compression: lzip"], /"lzip"/],
    [["URL: nar/x", "Compression: xz"], /does not say the FileHash/],
    [PACKED.slice(1), /no URL/],
    [[...PACKED, "URL: nar/y"], /URL is there twice/],
    [[...PACKED.slice(0, 3), "FileSize: 1001"], /at most 1000/],
    [[...PACKED.slice(0, 3), "FileSize: -1"], /FileSize/],
    [
      [...PACKED.slice(0, 2), "FileHash: md5:abc", "FileSize: 1"],
      /not a sha256/,
    ],
  ];
  for (const [file, message] of cases) {
    assert.throws(() => takeOver(narInfo(file), RULES), message);
  }
  for (
    const [from, to] of [
      ["/nix/store/", "/gnu/store/"],
      [`${HASH}-a`, `${"b".repeat(32)}-a`],
      [`StorePath: /nix/store/${HASH}-a`, "StorePath: /nix/store/../etc"],
    ]
  ) {
    const text = narInfo(PACKED).replace(from ?? "", to ?? "");
    assert.throws(() => takeOver(text, RULES), /StorePath/);
  }
});
