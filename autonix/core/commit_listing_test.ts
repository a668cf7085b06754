import assert from "node:assert/strict";
import { CommitListing, ListingParser } from "./commit_listing.ts";

const ID = "a".repeat(40);

function listingOf(
  entries: readonly (readonly [mode: string, path: string])[],
): CommitListing {
  const listing = new CommitListing();
  for (const [mode, path] of entries) {
    listing.add(`${mode} blob ${ID}      12`, path, true);
  }
  return listing;
}

Deno.test("CommitListing: names by directory, without what no checkout has", () => {
  const listing = listingOf([
    ["100644", "a/b/c"],
    ["100755", "a/d"],
    ["160000", "module"],
    ["100644", "../out"],
    ["100644", "a/../b"],
    ["100644", "a//b"],
    ["100644", "/etc/x"],
    ["100644", ".git/config"],
    ["100644", "a/.git/hooks/x"],
    ["100644", ".github/x"],
    ["100644", "..a"],
    ["100644", `${"x/".repeat(3000)}y`],
  ]);
  assert.deepEqual(listing.entriesOf("."), [
    "a/",
    "module/",
    ".github/",
    "..a",
  ]);
  assert.deepEqual(listing.entriesOf("a"), ["b/", "d"]);
  assert.deepEqual(listing.entriesOf("module"), []);
  assert.deepEqual(listing.blobOf("a/d"), { id: ID, bytes: 12 });
  assert.equal(listing.blobOf("a"), null);
});

Deno.test("CommitListing: links of links end, however many there are", () => {
  const links = Array.from({ length: 60 }, (_, at) => `l${at}`);
  const listing = listingOf([
    ["100644", "file"],
    ...links.map((link) => ["120000", link] as const),
    ["120000", "bomb"],
  ]);
  links.forEach((link, at) =>
    listing.setTarget(link, at === 0 ? "file" : `l${at - 1}`)
  );
  listing.setTarget("bomb", Array(1000).fill("l39/..").join("/"));
  const names = listing.entriesOf(".");
  assert.ok(names.includes("l39"), "as many as Linux follows");
  assert.ok(!names.includes("l40"));
  assert.ok(!names.includes("bomb"));
});

Deno.test("CommitListing: it is full, and says so", () => {
  const listing = new CommitListing(1);
  listing.add(`100644 blob ${ID} 1`, "a", true);
  listing.add(`100644 blob ${ID} 1`, "b", true);
  assert.equal(listing.isFull, true);
  assert.deepEqual(listing.entriesOf("."), ["a"]);
});

Deno.test("ListingParser: lines in any pieces, names that are no text, and endless ones", () => {
  const head = `100644 blob ${ID}       1\t`;
  const printed = new Uint8Array([
    ...new TextEncoder().encode(`${head}ü/a\nb\0${head}bad`),
    0xff,
    ...new TextEncoder().encode(
      `/x\0${head}${"n".repeat(20_000)}\0${
        head.replace("      1", "    BAD")
      }lost\0`,
    ),
  ]);
  for (const size of [printed.length, 1, 5, 4000]) {
    const listing = new CommitListing();
    const parser = new ListingParser(listing);
    for (let at = 0; at < printed.length; at += size) {
      parser.push(printed.subarray(at, at + size));
    }
    assert.deepEqual(
      listing.entriesOf("."),
      ["ü/", "bad\ufffd/", "lost"],
      `pieces of ${size}`,
    );
    assert.deepEqual(listing.entriesOf("ü"), ["a\nb"]);
    assert.equal(listing.isUnreachable("bad\ufffd"), true);
    assert.equal(listing.blobOf("lost")?.bytes, null);
  }
});
