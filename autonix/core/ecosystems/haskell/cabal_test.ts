import assert from "node:assert/strict";
import { FileTree } from "../../file_tree.ts";
import { Reading } from "../../reading.ts";
import { readCabal } from "./cabal.ts";

Deno.test("cabal: dependencies with leading and trailing commas, by section", () => {
  const text = `cabal-version: 2.4
name:    notes
-- name: comment
library
  build-depends: base ^>=4.17, text
executable notes
  main-is: Main.hs
  build-depends:
      base
    , notes
    , scotty >=0.20 && <1
  extra-libraries: pq
test-suite spec
  build-depends: base,
                 hspec
`;
  const tree = new FileTree({
    files: ["notes.cabal"],
    texts: new Map([["notes.cabal", text]]),
  });
  const read = readCabal(new Reading(tree), "notes.cabal");
  assert.equal(read.name?.value, "notes");
  assert.deepEqual(read.executables.map(({ value }) => value), ["notes"]);
  assert.deepEqual(
    read.dependencies.map(({ name, version, isDev }) => [name, version, isDev]),
    [
      ["base", "^>=4.17", false],
      ["text", null, false],
      ["scotty", ">=0.20 && <1", false],
      ["hspec", null, true],
    ],
  );
  assert.deepEqual(read.foreign.map(({ value }) => value), ["pq"]);
  assert.equal(read.hasTests?.line, 13);
});
