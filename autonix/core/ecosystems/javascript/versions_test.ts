import assert from "node:assert/strict";
import { cleanVersion } from "./versions.ts";

Deno.test("cleanVersion() keeps what pins, without a leading v", () => {
  const cases: [string, string | null][] = [
    ["v20.11.1", "20.11.1"],
    ["20", "20"],
    [">=18 <20", ">=18 <20"],
    ["^18 || ^20", "^18 || ^20"],
    ["lts/iron", "lts/iron"],
    ["lts/*", "lts/*"],
    ["node", "node"],
    ["*", null],
    ["", null],
    ["system", null],
    ["whatever", null],
    ["20; rm -rf /", null],
    ["${x}", null],
  ];
  for (const [text, version] of cases) {
    assert.equal(cleanVersion(text), version, text);
  }
});
