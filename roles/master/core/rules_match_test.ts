import assert from "node:assert/strict";
import { type Rule, ruleHolds, ruleProblem } from "./rules.ts";

const w1 = {
  name: "w1",
  attributes: { kernel: "6.1.0-18", zone: "eu-1", note: "" },
};

function rule(
  attribute: string,
  operator: Rule["operator"],
  value: Rule["value"],
): Rule {
  return { attribute, operator, value };
}

Deno.test("each operator compares as its row in the table says", () => {
  const table: [Rule, boolean][] = [
    [rule("zone", "=", "eu-1"), true],
    [rule("zone", "=", ["us-1", "eu-1"]), true],
    [rule("zone", "in", ["us-1"]), false],
    [rule("zone", "!=", "us-1"), true],
    [rule("rack", "!=", "r1"), true],
    [rule("rack", "=", ""), false],
    [rule("worker", "in", ["w1", "w2"]), true],
    [rule("constructor", "!=", "x"), true],
    [rule("constructor", "regexp", "."), false],
    [rule("kernel", "version", ">= 6.1-0, < 7"), true],
    [rule("kernel", "version", ["< 5", ">= 6.2"]), false],
    [rule("zone", "version", ">= 0"), false],
    [rule("zone", "regexp", "^eu-[0-9]+$"), true],
    [rule("worker", "regexp", ["^db", "^w"]), true],
    [rule("note", "regexp", "x"), false],
    [rule("rack", "regexp", ".*"), false],
  ];
  for (const [asked, expected] of table) {
    assert.equal(ruleHolds(asked, w1), expected, JSON.stringify(asked));
    assert.equal(ruleHolds(asked, w1), expected, "the same when remembered");
  }
});

Deno.test("patterns that keep a backtracking engine busy are done at once", () => {
  const long = { name: "w", attributes: { text: "a".repeat(255) + "!" } };
  for (const pattern of ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(.*a){12}b"]) {
    const asked = rule("text", "regexp", pattern);
    assert.equal(ruleProblem(asked), null, pattern);
    assert.equal(ruleHolds(asked, long), false, pattern);
  }
});

Deno.test("a rule that cannot be evaluated says why, and holds nowhere", () => {
  const table: [Rule, RegExp][] = [
    [rule("zone", "regexp", "(a"), /no pattern in RE2's syntax .*missing/],
    [rule("zone", "regexp", "(?=a)"), /no pattern in RE2's syntax/],
    [rule("zone", "regexp", "(a)\\1"), /no pattern in RE2's syntax/],
    [rule("zone", "regexp", "((e{10}){10}){10}"), /1222 steps, at most 500/],
    [rule("zone", "regexp", "((e{100}){100})"), /no pattern in RE2's syntax/],
    [rule("zone", "regexp", "e".repeat(257)), /longer than 256/],
    [rule("kernel", "version", "6.x"), /"6.x", which is no comparison/],
    [rule("zone", "in", []), /no value to compare with/],
  ];
  for (const [asked, says] of table) {
    assert.match(ruleProblem(asked) ?? "", says, JSON.stringify(asked));
    assert.equal(ruleHolds(asked, w1), false);
  }
});
