import { equal, match, ok, throws } from "node:assert/strict";
import { renderConf } from "./conf.ts";

Deno.test("renderConf() takes nothing from the network unless told to", () => {
  match(renderConf({}), /^substituters =$/m);
  match(
    renderConf({ substituters: "http://127.0.0.1:1" }),
    /^substituters = http:\/\/127\.0\.0\.1:1$/m,
  );
});

Deno.test("renderConf() names each setting once", () => {
  const keys = renderConf({ sandbox: "true" }).trim().split("\n").map((line) =>
    line.split(" =")[0]
  );
  equal(new Set(keys).size, keys.length);
  ok(keys.includes("build-users-group"));
});

Deno.test("renderConf() lets no value begin another line", () => {
  throws(() => renderConf({ "netrc-file": "/a\nsandbox = false" }));
  throws(() => renderConf({ "a = b\nc": "" }));
});
