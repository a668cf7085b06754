import assert from "node:assert/strict";
import { selfExtractHeader } from "./self_extract.ts";

Deno.test("the payload's offset is the byte after the header", () => {
  for (const version of ["0.1.0", "10.20.30-something-longer"]) {
    const header = selfExtractHeader({ version, hash: "0123abcd" });
    const bytes = new TextEncoder().encode(header).length;
    assert.equal(/^offset=(\d+) *$/m.exec(header)?.[1], String(bytes + 1));
    assert.match(header, /^#!\/bin\/sh\n/);
    assert.ok(
      header.endsWith("\nexit 1\n"),
      "the shell must never read on into the payload",
    );
  }
});
