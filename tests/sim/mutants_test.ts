import assert from "node:assert/strict";
import { MUTANTS, mutate } from "./mutants.ts";

const edit = { file: "a.ts", find: "if (held) return x;", put: "$& is text" };

Deno.test("a mutant is found whatever the formatter made of its lines", () => {
  const text = "a();\nif (held)\n    return x;\nb();\n";
  assert.equal(mutate(text, edit), "a();\n$& is text\nb();\n");
});

Deno.test("a mutant whose text is gone, or there twice, is an error that names the file", () => {
  assert.throws(() => mutate("nothing", edit), /a\.ts .* 0 times/);
  const twice = "if (held) return x; if (held) return x;";
  assert.throws(() => mutate(twice, edit), /a\.ts .* 2 times/);
});

Deno.test("every mutant has a name of its own and an edit", () => {
  assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  assert.ok(MUTANTS.every(({ edits }) => edits.length > 0));
});
