import assert from "node:assert/strict";
import { AppError, HTTP_STATUS } from "../../model/errors.ts";
import { errorBody, errorFormat, errorOfAnswer } from "./error_body.ts";

Deno.test("every code crosses HTTP and comes back with message and hint", () => {
  for (const code of Object.keys(HTTP_STATUS) as (keyof typeof HTTP_STATUS)[]) {
    const sent = new AppError(code, "Cannot do it", { hint: "do that" });
    const got = errorOfAnswer(
      HTTP_STATUS[code],
      JSON.stringify(errorBody(sent)),
      "GET /",
    );
    assert.deepEqual([got.code, got.message, got.hint], [
      code,
      "Cannot do it",
      "do that",
    ]);
  }
});

Deno.test("answers that are not ours are judged by their status", () => {
  assert.equal(errorOfAnswer(401, "<html>", "GET /").code, "unauthenticated");
  assert.equal(errorOfAnswer(404, "{}", "GET /").code, "not_found");
  assert.equal(errorOfAnswer(502, "", "GET /").code, "unavailable");
  assert.equal(errorOfAnswer(418, "", "GET /").code, "failed");
  assert.equal(
    errorOfAnswer(400, `{"error":{"code":"hm","message":"x"}}`, "GET /").code,
    "invalid",
  );
});

Deno.test("the Accept header chooses the format", () => {
  assert.equal(errorFormat(undefined), "json");
  assert.equal(errorFormat("*/*"), "json");
  assert.equal(
    errorFormat("text/html,application/xhtml+xml,*/*;q=0.8"),
    "html",
  );
  assert.equal(errorFormat("text/plain"), "text");
});
