import assert from "node:assert/strict";
import type { Line } from "../../reading.ts";
import { callAt, literalOf, portOf, stringOf } from "./expression.ts";

function linesOf(text: string): Line[] {
  return text.split("\n").map((line, index) => ({
    number: index + 1,
    text: line,
  }));
}

Deno.test("expression: a call over several lines, with what follows it", () => {
  const lines = linesOf(
    'x = get(\n    "A, (",\n    default=f(1, [2]),\n) or 5',
  );
  const call = callAt(lines, 0, lines[0]!.text.indexOf("(") + 1);
  assert.deepEqual(call.positional, ['"A, ("']);
  assert.equal(call.named.get("default"), "f(1, [2])");
  assert.equal(call.rest, " or 5");
});

Deno.test("expression: a call that never ends is cut", () => {
  const lines = linesOf("f(" + "\n(".repeat(10_000));
  assert.equal(callAt(lines, 0, 2).rest, "");
});

Deno.test("expression: literals", () => {
  assert.equal(literalOf("8_000"), "8000");
  assert.equal(literalOf("True"), "True");
  assert.equal(literalOf("None"), null);
  assert.equal(literalOf("PORT"), null);
  assert.equal(literalOf("'a' + 'b'"), null);
  assert.equal(stringOf(`'it\\'s'`), "it's");
  assert.equal(stringOf('"""x"""'), "x");
  assert.equal(stringOf('f"{x}"'), null);
  assert.equal(stringOf('"'), null);
});

Deno.test("expression: ports are numbers that are ports", () => {
  assert.equal(portOf("8000"), 8000);
  for (const text of ["0", "70000", "8e3", "-80", ""]) {
    assert.equal(portOf(text), null, text);
  }
});
