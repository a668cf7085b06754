import assert from "node:assert/strict";
import {
  formatScript,
  outputOf,
  parseScript,
  redact,
  wordsOf,
} from "./script.ts";

const TEXT = `# What it shows.
$ worker w1
# Then
$ procurator status --json
    {
      "a": 1

    }
  ! a warning
  = 3
`;

Deno.test("a scenario is parsed and written back as it was", () => {
  const blocks = parseScript(TEXT);
  assert.equal(formatScript(blocks), TEXT);
  assert.deepEqual(
    blocks.flatMap((block) => block.kind === "command" ? [block.words] : []),
    ["worker w1", "procurator status --json"],
  );
});

Deno.test("an outcome shows both streams and a status that is not 0", () => {
  assert.deepEqual(
    outputOf({ out: "one\n\ntwo\n", err: "bad\n", status: 1 }),
    ["    one", "", "    two", "  ! bad", "  = 1"],
  );
  assert.deepEqual(outputOf({ out: "", err: "", status: 0 }), []);
});

Deno.test("hashes, tokens and directories are redacted", () => {
  assert.equal(
    redact(`${"a".repeat(64)} in /tmp/pcr-scenario-Xy1/next.json`),
    "<sha256> in <dir>/next.json",
  );
  assert.equal(redact("pcr_viewer_ab12_c3-d4_e5"), "<token>");
});

Deno.test("words are split as a shell splits them", () => {
  assert.deepEqual(wordsOf(`push web env='{"a": 1}' "two words" a\\ b`), [
    "push",
    "web",
    `env={"a": 1}`,
    "two words",
    "a b",
  ]);
});
