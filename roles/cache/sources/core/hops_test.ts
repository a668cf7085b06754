import assert from "node:assert/strict";
import { hopTo } from "./hops.ts";

const BASE = new URL("https://cache.example/shop/");

Deno.test("hopTo follows within the scheme, to paths and to hosts", () => {
  assert.equal(hopTo("nar/x", BASE).href, "https://cache.example/shop/nar/x");
  assert.equal(
    hopTo("/nar/x?a=b", BASE).href,
    "https://cache.example/nar/x?a=b",
  );
  assert.equal(hopTo("https://s3.example/x", BASE).host, "s3.example");
});

Deno.test("hopTo refuses other schemes, credentials and what is no address", () => {
  const cases: [string, RegExp][] = [
    ["http://cache.example/x", /from https: to http:/],
    ["file:///etc/passwd", /to file:/],
    ["data:text/plain,x", /to data:/],
    ["https://a:b@cache.example/x", /credentials/],
    ["https://", /no address/],
    ["x".repeat(9000), /no address/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => hopTo(text, BASE), message, text.slice(0, 50));
  }
});
