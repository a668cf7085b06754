import assert from "node:assert/strict";
import { answerOf, kindOf } from "./request_kind.ts";

Deno.test("kindOf() names what each route of the cache serves", () => {
  const table = {
    "/:file{[0-9a-df-np-sv-z]{32}\\.narinfo}": "narinfo",
    "/:name{[0-9a-df-np-sv-z]{32}\\.ls}": "ls",
    "/nar/:file": "nar",
    "/nix-cache-info": "info",
    "/log/:name": "log",
    "/realisations/:name": "realisation",
    "/debuginfo/:name": "debuginfo",
    "/closure": "closure",
    "/api/v1/why/:path": "api",
    "/": "page",
    "/why": "page",
    "/metrics": "health",
    "/*": "other",
  };
  for (const [route, kind] of Object.entries(table)) {
    assert.equal(kindOf(route), kind, route);
  }
});

Deno.test("answerOf() tells what is absent from what is refused", () => {
  assert.deepEqual(
    [200, 206, 304, 404, 401, 403, 409, 413, 500, 503].map(answerOf),
    [
      "ok",
      "ok",
      "not_modified",
      "absent",
      "denied",
      "denied",
      "refused",
      "refused",
      "failed",
      "failed",
    ],
  );
});
