import { deepEqual, equal, match } from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import { baseNameOf, hashOfBaseName, parsePathSize } from "./narinfo_sizes.ts";

const HASH = "0123456789abcdfghijklmnpqrsvwxyz";
const OTHER = "a".repeat(32);

function narInfo(over: Record<string, string | null> = {}): string {
  const fields = {
    StorePath: `/nix/store/${HASH}-web`,
    URL: "nar/x.nar.zst",
    NarSize: "1024",
    References: `${OTHER}-lib ${HASH}-web`,
    ...over,
  };
  return Object.entries(fields).flatMap(([key, value]) =>
    value === null ? [] : [`${key}: ${value}\n`]
  ).join("");
}

function refusal(text: string): string {
  try {
    parsePathSize(text, HASH);
    return "accepted";
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.message;
  }
}

Deno.test("parsePathSize() reads path, size and references, itself left out", () => {
  deepEqual(parsePathSize(narInfo(), HASH), {
    path: `/nix/store/${HASH}-web`,
    narSize: 1024,
    references: [`${OTHER}-lib`],
  });
  for (const References of ["", null]) {
    deepEqual(parsePathSize(narInfo({ References }), HASH).references, []);
  }
});

Deno.test("parsePathSize() refuses what another machine should not have sent", () => {
  const table: [Record<string, string | null>, RegExp][] = [
    [{ StorePath: null }, /StorePath is no store path/],
    [{ StorePath: `/nix/store/${HASH}-web/../../etc` }, /no store path/],
    [{ StorePath: `/nix/store/${OTHER}-web` }, /is another one/],
    [{ NarSize: "-1" }, /NarSize is not a size/],
    [{ NarSize: "9".repeat(30) }, /NarSize is not a size/],
    [{ NarSize: null }, /NarSize is not a size/],
    [{ References: "../../etc/passwd" }, /reference is not/],
    [
      { References: Array(20_000).fill(`${OTHER}-lib`).join(" ") },
      /more than 16384 references/,
    ],
  ];
  for (const [over, says] of table) match(refusal(narInfo(over)), says);
  match(refusal("<html>not found</html>"), /no store path/);
});

Deno.test("base names and their hashes", () => {
  equal(baseNameOf(`/nix/store/${HASH}-web/bzImage`), `${HASH}-web`);
  equal(baseNameOf("/etc/passwd"), null);
  equal(baseNameOf(`nix/store/${HASH}-web`), null);
  equal(hashOfBaseName(`${HASH}-web`), HASH);
  equal(hashOfBaseName("web"), null);
});
