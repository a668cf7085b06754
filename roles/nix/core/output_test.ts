import { deepEqual, equal, throws } from "node:assert/strict";
import {
  atLeast,
  parseBuilt,
  parseChecks,
  parseEvaluated,
  parseLocalInputs,
  parsePathInfo,
  parsePaths,
  parseVersion,
} from "./output.ts";

const A = "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-a";
const B = "/nix/store/1123456789abcdfghijklmnpqrsvwxyz-b";
const DRV = "/nix/store/2123456789abcdfghijklmnpqrsvwxyz-a.drv";

Deno.test("parseVersion() reads every form nix prints", () => {
  for (
    const [printed, major, minor] of [
      ["nix (Nix) 2.8.0\n", 2, 8],
      ["nix (Nix) 2.34.8", 2, 34],
      ["nix (Lix, like Nix) 2.91.1", 2, 91],
      ["nix (Nix) 2.27pre20250101_abc", 2, 27],
    ] as const
  ) {
    const version = parseVersion(printed);
    deepEqual([version.major, version.minor], [major, minor], printed);
  }
  throws(() => parseVersion("command not found"), { code: "failed" });
});

Deno.test("atLeast() compares as numbers", () => {
  const version = parseVersion("nix (Nix) 2.8.0");
  equal(atLeast(version, 2, 8), true);
  equal(atLeast(version, 2, 26), false);
  equal(atLeast(parseVersion("nix (Nix) 3.0.0"), 2, 26), true);
});

Deno.test("parsePathInfo() reads the list of 2.8 and the table of later versions alike", () => {
  const info = { narHash: "sha256:x", narSize: 3, references: [B] };
  const want = [
    { path: A, narHash: "sha256:x", narSizeBytes: 3, references: [B] },
  ];
  deepEqual(
    parsePathInfo(
      JSON.stringify([{ path: A, ...info }, { path: B, valid: false }]),
    ),
    want,
  );
  deepEqual(parsePathInfo(JSON.stringify({ [A]: info, [B]: null })), want);
  throws(() => parsePathInfo("nonsense"), { code: "invalid" });
});

Deno.test("parseEvaluated() tells what is to be built from what is there", () => {
  const printed = JSON.stringify({
    text: "{}",
    context: { [DRV]: { outputs: ["out"] }, [B]: { path: true } },
  });
  deepEqual(parseEvaluated(printed), {
    text: "{}",
    derivations: [DRV],
    sources: [B],
  });
  throws(() => parseEvaluated('{"text":3}'), { code: "invalid" });
});

Deno.test("parseChecks() takes derivations only: the rest would be options of nix-store", () => {
  deepEqual(parseChecks({ page: DRV }), { page: DRV });
  deepEqual(parseChecks({}), {});
  const many = Array.from({ length: 1001 }, (_, n) => [`check${n}`, DRV]);
  for (
    const bad of [
      { page: "--delete" },
      { page: "/etc/passwd" },
      { page: A },
      { page: `${DRV}/../x.drv` },
      { page: 3 },
      { "a\u001b[2Jb": DRV },
      { "": DRV },
      [DRV],
      null,
      Object.fromEntries(many),
    ]
  ) throws(() => parseChecks(bad), { code: "invalid" }, JSON.stringify(bad));
});

Deno.test("parseLocalInputs() finds what is read from this machine's disk", () => {
  const nodes = {
    root: { inputs: { a: "a" } },
    far: {
      locked: { type: "github", owner: "a", repo: "b", rev: "c" },
      original: { type: "github", owner: "a", repo: "b" },
    },
    fetched: { locked: { type: "tarball", url: "https://a.example/b" } },
    beside: { locked: { type: "path", path: "./sub" } },
    secret: { locked: { type: "path", path: "/etc" } },
    claimed: {
      locked: { type: "tarball", url: "https://a.example/b" },
      original: { type: "path", path: "/etc" },
    },
    clone: { locked: { type: "git", url: "file:///srv/x.git" } },
    plain: { locked: { type: "git", url: "/srv/x.git" } },
    packed: { locked: { type: "tarball", url: "FILE:///srv/x.tgz" } },
    odd: { locked: { type: "path" } },
  };
  deepEqual(parseLocalInputs(JSON.stringify({ locks: { nodes } })), [
    "claimed",
    "clone",
    "odd",
    "packed",
    "plain",
    "secret",
  ]);
  throws(() => parseLocalInputs("{}"), { code: "invalid" });
});

Deno.test("parseBuilt() gives every output", () => {
  const printed = JSON.stringify([{ drvPath: DRV, outputs: { out: A } }, {
    drvPath: DRV,
    outputs: { out: B, doc: A },
  }]);
  deepEqual(parseBuilt(printed), [A, B, A]);
});

Deno.test("parsePaths() keeps only store paths", () => {
  deepEqual(parsePaths(`warning: x\n${A}\n\n ${B} \n/etc/passwd\n`), [A, B]);
});
