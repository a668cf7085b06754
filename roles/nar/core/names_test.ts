import assert from "node:assert/strict";
import { isObjectName, parseBaseName, parseNarName } from "./names.ts";

const FILE_HASH = "1h41ryk8hmm2z1nb3vvvsy5yrsaw8cb7zm07zawrhvs5ip6p9jr6";
const BASE = "yfdsa1xkiy3ys31pjgp8zv7nlk1nrncm-hello-2.12";

Deno.test("parseNarName() knows the compressions and nothing else", () => {
  const compressionOf = (suffix: string) =>
    parseNarName(`${FILE_HASH}.nar${suffix}`)?.compression;
  assert.equal(compressionOf(""), "none");
  assert.equal(compressionOf(".zst"), "zstd");
  assert.equal(compressionOf(".xz"), "xz");
  assert.equal(compressionOf(".gz"), "gzip");
  for (const suffix of [".bz2", ".br", ".", ".zst.xz", "/..", "\n"]) {
    assert.equal(compressionOf(suffix), undefined, suffix);
  }
  assert.equal(parseNarName(`../${FILE_HASH}.nar`), undefined);
});

Deno.test("parseBaseName() refuses what could leave a directory", () => {
  assert.equal(parseBaseName(BASE)?.name, "hello-2.12");
  for (
    const base of [
      BASE.slice(0, 33),
      `${BASE}/x`,
      `${BASE.slice(0, 33)}.hidden`,
      `${BASE}\n`,
      `${BASE.slice(0, 33)}${"x".repeat(212)}`,
    ]
  ) assert.equal(parseBaseName(base), undefined, base);
});

Deno.test("isObjectName() has a shape for each kind", () => {
  assert.ok(isObjectName("ls", BASE.slice(0, 32)));
  assert.ok(isObjectName("log", `${BASE}.drv`));
  assert.ok(!isObjectName("log", BASE));
  assert.ok(isObjectName("realisation", `sha256:${"a1".repeat(32)}!out`));
  assert.ok(!isObjectName("realisation", `sha256:${"a1".repeat(32)}!../x`));
  assert.ok(isObjectName("debuginfo", `${"0a".repeat(20)}.debug`));
  assert.ok(!isObjectName("debuginfo", "../../etc/passwd"));
});
