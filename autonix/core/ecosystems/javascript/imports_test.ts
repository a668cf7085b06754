import assert from "node:assert/strict";
import { aliasOf, packageOf } from "./imports.ts";

Deno.test("packageOf() names the package of a specifier", () => {
  const cases: [string, string | null, string | null][] = [
    ["express", "express", null],
    ["@nestjs/core/x", "@nestjs/core", null],
    ["npm:express@^4.18.2", "express", "^4.18.2"],
    ["jsr:@std/http@1/server", "@std/http", "1"],
    ["https://deno.land/x/oak@v12.0.0/mod.ts", "oak", "12.0.0"],
    ["https://esm.sh/preact@10.5.0", "preact", "10.5.0"],
    ["node:http", null, null],
    ["./local.ts", null, null],
    ["https://example.org/x.ts", null, null],
  ];
  for (const [specifier, name, version] of cases) {
    const told = packageOf(specifier);
    assert.equal(told?.name ?? null, name, specifier);
    assert.equal(told?.version ?? null, version, specifier);
  }
});

Deno.test("aliasOf() takes the longest name of the repository", () => {
  const aliases = new Map([["@org/util", ""], ["@org/util/kafka", ""]]);
  assert.equal(aliasOf("@org/util/kafka/client", aliases), "@org/util/kafka");
  assert.equal(aliasOf("@org/util/kafka", aliases), "@org/util/kafka");
  assert.equal(aliasOf("@org/util/other", aliases), "@org/util");
  assert.equal(aliasOf("@org/else", aliases), null);
});
