import assert from "node:assert/strict";
import {
  assertSafeListen,
  formatListen,
  isLocalListen,
  parseListen,
} from "./listen.ts";

Deno.test("parseListen() reads addresses and sockets, and formatListen() writes them back", () => {
  for (
    const [text, expected] of [
      ["127.0.0.1:0", { hostname: "127.0.0.1", port: 0 }],
      ["[::1]:6440", { hostname: "::1", port: 6440 }],
      ["control-plane-1:65535", { hostname: "control-plane-1", port: 65535 }],
      ["unix:/run/x.sock", { path: "/run/x.sock" }],
    ] as const
  ) {
    assert.deepEqual(parseListen(text), expected);
    assert.equal(formatListen(parseListen(text)), text);
  }
});

Deno.test("parseListen() refuses what is not an address, saying why", () => {
  for (
    const [text, why] of [
      ["6440", /not HOST:PORT/],
      ["", /not HOST:PORT/],
      [":6440", /not HOST:PORT/],
      ["::1:6440", /not HOST:PORT/],
      ["http://x:1", /not HOST:PORT/],
      ["127.0.0.1:65536", /at most 65535/],
      ["unix:relative", /absolute/],
      [`unix:/${"x".repeat(107)}`, /108 bytes, at most 107/],
    ] as const
  ) assert.throws(() => parseListen(text), { code: "invalid", message: why });
  assert.ok(parseListen(`unix:/${"x".repeat(106)}`));
});

Deno.test("only loopback and sockets are local", () => {
  for (
    const text of [
      "127.0.0.1:1",
      "127.9.9.9:1",
      "[::1]:1",
      "localhost:1",
      "unix:/x",
    ]
  ) {
    assert.ok(isLocalListen(parseListen(text)), text);
  }
  for (
    const text of [
      "0.0.0.0:1",
      "[::]:1",
      "10.0.0.1:1",
      "127.evil.example:1",
      "[::ffff:10.0.0.1]:1",
    ]
  ) {
    assert.ok(!isLocalListen(parseListen(text)), text);
  }
});

Deno.test("listening elsewhere takes TLS and tokens", () => {
  const open = parseListen("0.0.0.0:6440");
  assertSafeListen(open, { tls: true, tokens: true });
  assertSafeListen(parseListen("127.0.0.1:1"), { tls: false, tokens: false });
  assert.throws(() => assertSafeListen(open, { tls: false, tokens: false }), {
    code: "refused",
    message:
      "Cannot listen on 0.0.0.0:6440 without TLS and without tokens: other hosts can reach it",
  });
  assert.throws(
    () => assertSafeListen(open, { tls: true, tokens: false }),
    { message: /without tokens/ },
  );
});
