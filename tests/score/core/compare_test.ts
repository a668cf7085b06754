import assert from "node:assert/strict";
import { meetsVersion } from "./compare.ts";

const MET: readonly [string, string][] = [
  ["18", "18"],
  ["18.20.1", "18"],
  ["^18.2", "18"],
  ["lts/iron", "20"],
  [">=18.0.0", "22"],
  [">=18 <23", "22"],
  ["3.11.4", "3.11"],
  ["1.8", "8"],
];
const NOT_MET: readonly [string, string][] = [
  ["18", "20"],
  [">=18 <20", "22"],
  [">=20", "18"],
  ["3.11", "3.12"],
  ["lts/iron", "18"],
];

Deno.test("compare: a version is met as far as both go, or when a range lets it in", () => {
  for (const [told, stated] of MET) {
    assert.equal(meetsVersion(told, stated), true, `${told} | ${stated}`);
  }
  for (const [told, stated] of NOT_MET) {
    assert.equal(meetsVersion(told, stated), false, `${told} | ${stated}`);
  }
});
