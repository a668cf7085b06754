import assert from "node:assert/strict";
import { quoted } from "./mod.ts";

Deno.test("a line of the log is one line, whatever it quotes", () => {
  assert.equal(
    quoted("pushed \x1b[2J\x9bx\r\n12:00:00.000 info    hub: all is well"),
    "pushed [2Jx\n    12:00:00.000 info    hub: all is well",
  );
});
