import assert from "node:assert/strict";
import { AppError, formatError, toAppError } from "./errors.ts";

Deno.test("formatError() prints the cause chain once and the hint last", () => {
  const root = new Error("connection refused");
  const middle = new AppError(
    "unavailable",
    "Cannot reach the master at tcp://127.0.0.1:6440",
    {
      cause: root,
      hint: "start it with: procurator dev",
    },
  );
  const top = new AppError("failed", "Cannot show the status", {
    cause: middle,
  });
  assert.equal(
    formatError(top),
    "error: Cannot show the status\n" +
      "  caused by: Cannot reach the master at tcp://127.0.0.1:6440\n" +
      "  caused by: connection refused\n" +
      "Try: start it with: procurator dev",
  );
});

Deno.test("formatError() does not repeat a wrapped message and ends on a cycle", () => {
  const error = new Error("disk");
  assert.equal(formatError(toAppError(error)), "error: disk");
  error.cause = error;
  assert.equal(formatError(error), "error: disk");
});
