import assert from "node:assert/strict";
import { portsIn } from "./configuration.ts";
import { versionOf } from "./project_file.ts";

Deno.test("versionOf() reads target frameworks", () => {
  assert.deepEqual(
    [
      "net8.0",
      "net10.0",
      "netcoreapp3.1",
      "net8.0-windows10.0.19041",
      "net472",
      "v4.6.1",
      "netstandard2.0",
      "native",
    ].map(versionOf),
    ["8.0", "10.0", "3.1", "8.0", "4.7.2", "4.6.1", null, null],
  );
});

Deno.test("portsIn() prefers what needs no certificate", () => {
  assert.deepEqual(portsIn("https://localhost:7001;http://localhost:5001"), [
    5001,
  ]);
  assert.deepEqual(portsIn("https://*:7001"), [7001]);
  assert.deepEqual(portsIn("http://localhost:0;ftp://a:21;http://a"), []);
});
