import assert from "node:assert/strict";
import {
  duration,
  painter,
  plain,
  plainLines,
  stateCell,
  table,
} from "./table.ts";

Deno.test("columns line up, with colours as without", () => {
  const rows = [["a", stateCell("active"), "x"], [
    "longer",
    stateCell("odd"),
    "",
  ]];
  assert.equal(
    table(["NAME", "STATE", "Y"], rows, painter(false)),
    "NAME    STATE   Y\na       active  x\nlonger  odd\n",
  );
  const colored = table(["NAME", "STATE", "Y"], rows, painter(true));
  assert.ok(colored.includes("\x1b[32mactive\x1b[0m  x"));
});

Deno.test("text from elsewhere cannot steer the terminal", () => {
  assert.equal(
    plainLines("\x1b[1;31mred\x1b[0m\r\n\tb\x1b]0;title\x07\x9b2J\n"),
    "red\n\tb]0;title2J\n",
  );
  assert.equal(plain("a\x1b[2Jb\nc\x9b1m"), "a [2Jb c 1m");
  assert.ok(!table(["M"], [["\x1b]0;x\x07"]], painter(false)).includes("\x1b"));
});

Deno.test("durations are short", () => {
  const cases = [
    [0, "0 s"],
    [119_000, "119 s"],
    [121_000, "2 min"],
    [7_300_000, "2 h"],
    [200_000_000, "2 d"],
    [-5, "0 s"],
  ] as const;
  for (const [ms, text] of cases) assert.equal(duration(ms), text);
});
