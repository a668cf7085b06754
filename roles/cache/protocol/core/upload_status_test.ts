import assert from "node:assert/strict";
import { UPLOAD_STATUS } from "./upload_status.ts";

Deno.test("no upload is answered with a status that nix retries for minutes", () => {
  for (const [code, status] of Object.entries(UPLOAD_STATUS)) {
    assert.ok(status >= 400 && status < 500, `${code} is ${status}`);
    assert.ok(![408, 425, 429].includes(status), `${code} is ${status}`);
  }
});
