import { equal, match, ok } from "node:assert/strict";
import { errorPart, nixFailure, plainLine } from "./failure.ts";

Deno.test("errorPart() leaves out what nix said before the error", () => {
  equal(
    errorPart(["building x", "error: a", "  b", "error: c"]),
    "error: a\n  b\nerror: c",
  );
  equal(errorPart(["only", "this"]), "only\nthis");
  ok(errorPart(["error: " + "x".repeat(100_000)]).length < 5000);
});

Deno.test("errorPart() puts the reason before the trace of later versions", () => {
  equal(
    errorPart([
      "error:",
      "       … while evaluating the attribute 'x'",
      "         at flake.nix:3:5:",
      "",
      "       error: no such thing",
      "       more of it",
    ]),
    "error: no such thing\n       more of it\n       … while evaluating the attribute 'x'\n         at flake.nix:3:5:",
  );
  equal(errorPart(["error:", "alone"]), "error:\nalone");
});

Deno.test("plainLine() removes colours and control characters", () => {
  equal(plainLine("\x1b[31;1merror:\x1b[0m a\tb\x07\x00"), "error: a\tb");
});

Deno.test("nixFailure() tells kinds of failure apart", () => {
  const cases = [
    ["error: writing to file: No space left on device", "storage"],
    [
      "error: unable to download 'http://c/x': HTTP error 401",
      "unauthenticated",
    ],
    [
      "error: cannot add path 'x' because it lacks a valid signature",
      "refused",
    ],
    ["error: cannot add path 'x' because it lacks a signature", "refused"],
    ["error: path 'x' is not valid", "not_found"],
    ["error: path 'x' does not exist in binary cache 'file://c'", "not_found"],
    [
      "error: unable to download 'http://c': Couldn't connect to server (7)",
      "unavailable",
    ],
    ["error: builder for 'x.drv' failed with exit code 3", "failed"],
  ] as const;
  for (const [line, code] of cases) {
    const error = nixFailure("copy", "exit code 1", ["warning: w", line]);
    equal(error.code, code, line);
    equal(error.message, `Cannot copy: ${line}`);
  }
});

Deno.test("nixFailure() says how nix ended when nix said nothing", () => {
  match(
    nixFailure("build", "SIGKILL", []).message,
    /^Cannot build: nix ended with SIGKILL and said nothing$/,
  );
});
