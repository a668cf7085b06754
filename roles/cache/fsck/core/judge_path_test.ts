import assert from "node:assert/strict";
import { parseSecretKey, signText } from "../../../nar/core/signature.ts";
import {
  formatNarInfo,
  type NarInfo,
  narInfoFingerprint,
} from "../../../nar/core/narinfo.ts";
import { judgePath, type PathFacts } from "./judge_path.ts";

const KEY = parseSecretKey(
  "own-1:AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQGKiOPddAnxlf1S2y08ul1yymcJvx2UEhvzdIgBtA9vXA==",
  "a test",
);
const RULES = { storeDir: "/nix/store", keys: [KEY.public] };
const HASH = "a".repeat(32);
const LIB = "b".repeat(32);
const FILE = "0".repeat(52);
const INFO: NarInfo = {
  storeDir: "/nix/store",
  base: `${HASH}-app`,
  file: `${FILE}.nar.zst`,
  compression: "zstd",
  fileHash: `sha256:${FILE}`,
  fileSize: 10,
  narHash: `sha256:${"1".repeat(52)}`,
  narSize: 20,
  references: [`${LIB}-lib`],
  signatures: [],
};
const SIGNED: NarInfo = {
  ...INFO,
  signatures: [signText(narInfoFingerprint(INFO), KEY)],
};

function facts(change: Partial<PathFacts> = {}): PathFacts {
  return {
    hash: HASH,
    base: INFO.base,
    file: INFO.file,
    narSize: INFO.narSize,
    text: formatNarInfo(SIGNED),
    nar: {
      file: INFO.file,
      fileSize: INFO.fileSize,
      narHash: INFO.narHash,
      narSize: INFO.narSize,
    },
    referenceRows: [LIB],
    ...change,
  };
}

const unsigned = formatNarInfo(INFO);
const wrong = formatNarInfo({
  ...INFO,
  signatures: [signText("something else", KEY)],
});

const CASES: [string, Partial<PathFacts>, string][] = [
  ["what agrees", {}, "sound"],
  ["no signature of ours", { text: unsigned }, "signature-wrong"],
  ["no narinfo", { text: "\0\0" }, "path-unreadable"],
  ["a narinfo of another path", { hash: LIB }, "path-unreadable"],
  ["no record of the nar", { nar: undefined }, "path-without-nar"],
  ["another size in the column", { narSize: 21 }, "path-differs"],
  ["another name in the column", { base: `${HASH}-other` }, "path-differs"],
  [
    "rows that the signature contradicts",
    { referenceRows: [] },
    "references-differ",
  ],
  ["a signature that all else contradicts", { text: wrong }, "signature-wrong"],
  [
    "rows and signature that contradict the narinfo",
    { text: wrong, referenceRows: [] },
    "path-differs",
  ],
  [
    "rows that differ with nothing signed",
    { text: unsigned, referenceRows: [] },
    "path-differs",
  ],
];

Deno.test("judgePath() without keys asks for no signature", () => {
  const verdict = judgePath(facts({ text: unsigned }), { ...RULES, keys: [] });
  assert.equal(verdict.kind, "sound");
});

for (const [name, change, kind] of CASES) {
  Deno.test(`judgePath() ${name}: ${kind}`, () => {
    assert.equal(judgePath(facts(change), RULES).kind, kind);
  });
}
