import assert from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import { type AdmissionFacts, admitNarInfo } from "./admission.ts";
import {
  MAX_SIGNATURES,
  type NarInfo,
  narInfoFingerprint,
} from "../../nar/core/narinfo.ts";
import {
  parsePublicKey,
  parseSecretKey,
  signText,
} from "../../nar/core/signature.ts";

// Made for these tests by `nix key generate-secret`.
const KEY = parseSecretKey(
  "t-1:1Vo7TdGkxHMkSg1lJ3U+aZdIFkD2f4gX/051lv3L05IHEiS1kqXArYJ/eDOItb3QHuOEFvw48mYPmO+THvoYPQ==",
  "test",
);
const HASH = "sha256:1h41ryk8hmm2z1nb3vvvsy5yrsaw8cb7zm07zawrhvs5ip6p9jr6";
const OTHER = "sha256:0mdqa9w1p6cmli6976v4wi0sw9r4p5prkj7lzfd1877wk11c9c73";
const NO_KEYS = { signing: [], trusted: [] };
const UNKNOWN_SIGNATURE = `other-1:${new Uint8Array(64).toBase64()}`;

function narInfo(over: Partial<NarInfo> = {}): NarInfo {
  return {
    storeDir: "/nix/store",
    base: "yfdsa1xkiy3ys31pjgp8zv7nlk1nrncm-c",
    file: `${HASH.slice(7)}.nar.zst`,
    compression: "zstd",
    fileHash: HASH,
    fileSize: 160,
    narHash: HASH,
    narSize: 208,
    references: [],
    signatures: [],
    ...over,
  };
}

function facts(over: Partial<AdmissionFacts> = {}): AdmissionFacts {
  const uploaded = over.uploaded ?? narInfo();
  return {
    uploaded,
    nar: {
      file: uploaded.file,
      fileSize: 160,
      narHash: HASH,
      narSize: 208,
    },
    present: undefined,
    missingReferences: [],
    ...over,
  };
}

function refusal(over: Partial<AdmissionFacts>, keys = NO_KEYS): AppError {
  try {
    admitNarInfo(facts(over), keys);
  } catch (error) {
    if (error instanceof AppError) return error;
  }
  return assert.fail("it was admitted");
}

Deno.test("an honest narinfo is admitted and signed", () => {
  const admitted = admitNarInfo(facts(), { signing: [KEY], trusted: [] });
  assert.deepEqual(admitted.signatures, [
    signText(narInfoFingerprint(narInfo()), KEY),
  ]);
});

Deno.test("a narinfo that lies about its nar is refused with both values", () => {
  for (
    const over of [{ narHash: OTHER }, { narSize: 207 }, { fileSize: 161 }]
  ) {
    const error = refusal({ uploaded: narInfo(over) });
    assert.equal(error.code, "invalid");
    assert.match(error.message, new RegExp(String(Object.values(over)[0])));
  }
  assert.equal(refusal({ nar: undefined }).code, "refused");
});

Deno.test("missing references are named, a few of many", () => {
  const missing = Array.from(
    { length: 9 },
    (_, at) => `${"a".repeat(32)}-p${at}`,
  );
  const error = refusal({ missingReferences: missing });
  assert.equal(error.code, "refused");
  assert.match(error.message, /-p0.*-p4 and 4 more/);
});

Deno.test("a path keeps its contents: the same again is fine, others conflict", () => {
  const present = narInfo({ signatures: [UNKNOWN_SIGNATURE] });
  assert.deepEqual(admitNarInfo(facts({ present }), NO_KEYS).signatures, [
    UNKNOWN_SIGNATURE,
  ]);
  assert.equal(
    refusal({ present: narInfo({ narHash: OTHER }) }).code,
    "conflict",
  );
});

Deno.test("a path keeps its references, in whatever order they are said", () => {
  const [a, b] = [`${"a".repeat(32)}-a`, `${"b".repeat(32)}-b`];
  const present = narInfo({ references: [a, b] });
  const same = narInfo({ references: [b, a] });
  assert.deepEqual(
    admitNarInfo(facts({ uploaded: same, present }), NO_KEYS),
    same,
  );
  for (
    const [references, said] of [
      [[a], `${b} is gone`],
      [[], `${a} is gone, ${b} is gone`],
      [[a, b, `${"c".repeat(32)}-c`], `${"c".repeat(32)}-c is new`],
    ] as const
  ) {
    const uploaded = narInfo({ references: [...references] });
    const error = refusal({ uploaded, present });
    assert.equal(error.code, "conflict");
    assert.ok(error.message.includes(said), error.message);
  }
});

Deno.test("a path may be sent again packed in another way", () => {
  const present = narInfo({
    file: `${OTHER.slice(7)}.nar.xz`,
    compression: "xz",
    fileHash: OTHER,
    fileSize: 100,
    signatures: [UNKNOWN_SIGNATURE],
  });
  const admitted = admitNarInfo(facts({ present }), NO_KEYS);
  assert.equal(admitted.file, `${HASH.slice(7)}.nar.zst`);
  assert.deepEqual(admitted.signatures, [UNKNOWN_SIGNATURE]);
});

Deno.test("signatures of unknown keys stay, wrong ones under a known name go", () => {
  const stale = `t-1:${new Uint8Array(64).toBase64()}`;
  const uploaded = narInfo({ signatures: [stale, UNKNOWN_SIGNATURE] });
  const admitted = admitNarInfo(facts({ uploaded }), {
    signing: [KEY],
    trusted: [],
  });
  assert.deepEqual(admitted.signatures, [
    signText(narInfoFingerprint(uploaded), KEY),
    UNKNOWN_SIGNATURE,
  ]);
});

Deno.test("signatures never outgrow what a narinfo may have", () => {
  const many = (from: number) =>
    Array.from(
      { length: MAX_SIGNATURES },
      (_, at) => `k-${from + at}:${new Uint8Array(64).toBase64()}`,
    );
  const admitted = admitNarInfo(
    facts({
      uploaded: narInfo({ signatures: many(0) }),
      present: narInfo({ signatures: many(100) }),
    }),
    { signing: [KEY], trusted: [] },
  );
  assert.equal(admitted.signatures.length, MAX_SIGNATURES);
  assert.match(admitted.signatures[0] ?? "", /^t-1:/);
});

Deno.test("with trusted keys, an upload needs a valid signature of one", () => {
  const trusted = [parsePublicKey(KEY.publicText)];
  const keys = { signing: [], trusted };
  const good = signText(narInfoFingerprint(narInfo()), KEY);
  const admitted = admitNarInfo(
    facts({ uploaded: narInfo({ signatures: [good] }) }),
    keys,
  );
  assert.deepEqual(admitted.signatures, [good]);
  for (const signatures of [[], [UNKNOWN_SIGNATURE]]) {
    const uploaded = narInfo({ signatures });
    assert.throws(
      () => admitNarInfo(facts({ uploaded }), keys),
      (error) =>
        error instanceof AppError && error.code === "refused" &&
        error.message.includes("t-1"),
    );
  }
});
