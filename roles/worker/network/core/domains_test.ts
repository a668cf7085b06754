import assert from "node:assert/strict";
import fc from "fast-check";
import { parseDomains } from "./domains.ts";

Deno.test("domains are told apart by their names alone", () => {
  assert.deepEqual(
    parseDomains([
      "*.Example.com",
      ".example.com.",
      "example.com",
      "a.example",
      "_dmarc.a.example",
      "*",
      "localhost",
    ]),
    ["*", "_dmarc.a.example", "a.example", "example.com", "localhost"],
  );
});

Deno.test("what is no name of the DNS is refused, in words", () => {
  const bad = [
    "",
    ".",
    "*.",
    "a..example",
    "a b.example",
    "a/b",
    "a#b.example",
    "a,b.example",
    "a\nserver=/#/6.6.6.6",
    "-a.example",
    "a-.example",
    "ex*mple.com",
    "bücher.example",
    "10.0.0.1",
    "10.0.0.0/8",
    "peers.internal",
    "db.peers.internal.",
    `${"a".repeat(64)}.example`,
    `${"a.".repeat(127)}example`,
  ];
  for (const text of bad) {
    assert.throws(() => parseDomains([text]), {
      code: "invalid",
      message: /^Cannot allow the domain/,
    }, text);
  }
});

/** What names are made of, and what the languages around them are. */
const letters = fc.constantFrom(..."ab9.-_*/#,=:;@{}[]\"'\\$ \n\t\0é");

Deno.test("no domain carries a word of dnsmasq or nft", () => {
  fc.assert(fc.property(fc.string({ unit: letters }), (text) => {
    let domains: string[];
    try {
      domains = parseDomains([text]);
    } catch {
      return;
    }
    assert.match(domains[0] ?? "", /^(\*|[a-z0-9_.-]+)$/);
  }));
});
