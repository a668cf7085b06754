import assert from "node:assert/strict";
import { isOwnOrigin, namesThisHost } from "./origin.ts";

Deno.test("isOwnOrigin() compares host and port", () => {
  const url = "http://127.0.0.1:3001/api";
  assert.ok(isOwnOrigin("http://127.0.0.1:3001", url));
  for (
    const origin of [
      "null",
      "",
      "http://127.0.0.1:3002",
      "https://evil.example",
    ]
  ) assert.ok(!isOwnOrigin(origin, url), origin);
});

Deno.test("namesThisHost() takes addresses and localhost only", () => {
  for (
    const host of [
      "127.0.0.1:3001",
      "10.0.0.7",
      "[::1]:6441",
      "localhost",
      "LOCALHOST:80",
      "hub.localhost",
    ]
  ) assert.ok(namesThisHost(`http://${host}/x`), host);
  for (
    const host of [
      "evil.example",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "notlocalhost",
      "127.0.0.1:99999",
      "127.0.0.1:80.evil.example",
    ]
  ) assert.ok(!namesThisHost(`http://${host}/x`), host);
});
