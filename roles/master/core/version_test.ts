import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareVersions,
  isWithin,
  parseRange,
  parseVersion,
} from "./version.ts";

function within(version: string, range: string): boolean {
  const [parsed, bounds] = [parseVersion(version), parseRange(range)];
  assert.ok(parsed !== null && Array.isArray(bounds), `${version} ${range}`);
  return isWithin(parsed, bounds);
}

Deno.test("a version is in a range when every comparison holds", () => {
  const table: [string, string, boolean][] = [
    ["1.2", ">= 1.2, < 2", true],
    ["1.10.0", ">= 1.2, < 2", true],
    ["2", ">= 1.2, < 2", false],
    ["v6.1.0+build.7", "6.1", true],
    ["6.1.1", "= 6.1", false],
    ["6.1.1", "!=6.1", true],
    ["1.2.3.4", "> 1.2.3, <= 1.2.3.4", true],
    ["2.0.0-rc.1", "< 2", true],
    ["2.0.0-rc.1", "< 2-0", false],
    ["1.0.0-alpha.2", "> 1.0.0-alpha.1, < 1.0.0-alpha.beta", true],
    ["1.0.0-alpha", "< 1.0.0-alpha.1", true],
  ];
  for (const [version, range, expected] of table) {
    assert.equal(within(version, range), expected, `${version} in ${range}`);
  }
});

Deno.test("what is no version or range is told so", () => {
  for (const text of ["", "one", "1.2.3.4.5", "1..2", "1.2-", "9".repeat(16)]) {
    assert.equal(parseVersion(text), null, text);
  }
  for (const text of ["", ">= 1.2 <2", "~> 1", ">=", "1,,2", "=> 1"]) {
    const range = parseRange(text);
    assert.ok(!Array.isArray(range), text);
    assert.match(range.problem, /no comparison/);
  }
  const many = parseRange(Array(17).fill("> 1").join(","));
  assert.ok("problem" in many && /more than 16/.test(many.problem));
});

Deno.test("comparing versions is an order", () => {
  const version = fc.tuple(
    fc.array(fc.nat(3), { minLength: 1, maxLength: 4 }),
    fc.array(fc.constantFrom("0", "1", "10", "a", "rc"), { maxLength: 2 }),
  ).map(([parts, pre]) =>
    parts.join(".") + (pre.length === 0 ? "" : `-${pre.join(".")}`)
  );
  const compare = (a: string, b: string) => {
    const [left, right] = [parseVersion(a), parseVersion(b)];
    assert.ok(left !== null && right !== null);
    return compareVersions(left, right);
  };
  fc.assert(fc.property(version, version, version, (a, b, c) => {
    assert.equal(compare(a, b) + compare(b, a), 0);
    if (compare(a, b) <= 0 && compare(b, c) <= 0) {
      assert.ok(compare(a, c) <= 0, `${a} ${b} ${c}`);
    }
  }));
});
