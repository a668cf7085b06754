import assert from "node:assert/strict";
import {
  AppError,
  HTTP_STATUS,
  isErrorCode,
} from "../../roles/model/errors.ts";
import { fromWireException, toWireException } from "./errors.ts";

Deno.test("every code, message and hint survives the wire", () => {
  for (const code of Object.keys(HTTP_STATUS)) {
    assert.ok(isErrorCode(code));
    for (const hint of [undefined, "read it again"]) {
      const options = hint === undefined ? {} : { hint };
      const error: AppError = new AppError(
        code,
        "Cannot publish: it is: stale",
        options,
      );
      const read = fromWireException(toWireException(error));
      assert.equal(read.code, code);
      assert.equal(read.message, error.message);
      assert.equal(read.hint, hint);
    }
  }
});

Deno.test("a peer's own exceptions get the code of their type", () => {
  const codes = [
    "failed",
    "overloaded",
    "unavailable",
    "unimplemented",
    "failed",
  ];
  codes.forEach((code, type) => {
    const error = fromWireException({ reason: "remote exception: x: y", type });
    assert.equal(error.code, code);
    assert.equal(error.message, "x: y");
  });
  assert.notEqual(fromWireException({ reason: "", type: 0 }).message, "");
});

Deno.test("what is thrown besides AppErrors crosses as invalid or failed, of bounded size", () => {
  assert.match(toWireException(new RangeError("too big")).reason, /^invalid: /);
  assert.match(toWireException(new Error("x")).reason, /^failed: x$/);
  assert.match(toWireException("text").reason, /^failed: text$/);
  assert.ok(toWireException(new Error("x".repeat(1e6))).reason.length < 10_000);
});
