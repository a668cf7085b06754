import assert from "node:assert/strict";
import { AppError } from "../../model/errors.ts";
import { failureOf, gitFailure } from "./failure.ts";

Deno.test("gitFailure() tells what passes by itself from what does not", () => {
  const table = [
    [
      "fatal: unable to access 'http://h/': Failed to connect to h port 1: Connection refused",
      "unavailable",
    ],
    [
      "fatal: unable to access 'http://h/': The requested URL returned error: 503",
      "unavailable",
    ],
    [
      "fatal: unable to access 'http://h/': The requested URL returned error: 403",
      "denied",
    ],
    [
      "fatal: could not read Username for 'http://h': terminal prompts disabled",
      "unauthenticated",
    ],
    ["fatal: repository 'http://h/shop.git/' not found", "not_found"],
    ["error: file write error: No space left on device", "storage"],
    ["fatal: remote error: upload-pack: not our ref aaaa", "failed"],
  ] as const;
  for (const [said, code] of table) {
    const error = gitFailure("fetch", said);
    assert.equal(error.code, code, said);
    assert.match(error.message, /^Cannot fetch: /);
  }
});

Deno.test("failureOf() says what to do where the commit is at fault, and keeps a hint that is there", () => {
  const bare = new AppError("failed", "Cannot evaluate blueprintJSON: error");
  assert.match(failureOf(bare, "eval").hint ?? "", /nix eval --raw/);
  assert.match(failureOf(bare, "build").hint ?? "", /log/);
  const told = new AppError("failed", "no", { hint: "name the derivation" });
  assert.equal(failureOf(told, "build").hint, "name the derivation");
  const away = new AppError("unavailable", "Cannot reach the hub");
  assert.equal(failureOf(away, "eval").hint, null);
});
