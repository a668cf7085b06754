import assert from "node:assert/strict";
import { parseMasterUrl } from "./master_url.ts";

Deno.test("URLs of the RPC are taken, with or without the port", () => {
  assert.equal(
    parseMasterUrl("tls://control-plane-1"),
    "tls://control-plane-1:6440",
  );
  assert.equal(parseMasterUrl("tcp://127.0.0.1:7000/"), "tcp://127.0.0.1:7000");
  assert.equal(parseMasterUrl("tls://[::1]:1"), "tls://[::1]:1");
  assert.equal(parseMasterUrl("unix:/run/p/rpc.sock"), "unix:/run/p/rpc.sock");
});

Deno.test("other URLs are refused with the one that was meant", () => {
  assert.throws(() => parseMasterUrl("https://cp:6441"), {
    code: "usage",
    hint: "tls://cp:6440",
  });
  for (
    const bad of [
      "",
      "cp",
      "tls://",
      "tls://a:99999",
      "unix:relative",
      "tls://user@h",
      "ftp://x",
    ]
  ) {
    assert.throws(() => parseMasterUrl(bad), { code: "usage" }, bad);
  }
});
