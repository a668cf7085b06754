import assert from "node:assert/strict";
import { runtimeOf } from "./runtimes.ts";

Deno.test("runtimeOf() reads names of platforms", () => {
  const cases: [string, string | null][] = [
    ["nodejs18.x", "node 18.x"],
    ["nodejs20", "node 20"],
    ["python3.11", "python 3.11"],
    ["python312", "python 3.12"],
    ["php82", "php 8.2"],
    ["go121", "go 1.21"],
    ["java17", "jvm 17"],
    ["provided.al2", null],
    ["nodejs", null],
    ["${self:custom.runtime}", null],
  ];
  for (const [name, expected] of cases) {
    const told = runtimeOf(name);
    const text = told === null ? null : `${told.runtime} ${told.version}`;
    assert.equal(text, expected, name);
  }
});
