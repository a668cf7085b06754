import { equal, match, ok, throws } from "node:assert/strict";
import { netrcText, renderConf } from "./conf.ts";

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

Deno.test("netrcText() names the cache's host; a cache in a directory is shown no token", () => {
  equal(
    netrcText({ url: "https://cache.example:6445/x", token: "pcr_worker_1_s" }),
    "machine cache.example login procurator password pcr_worker_1_s\n",
  );
  equal(netrcText({ url: "file:///srv/cache", token: "t" }), null);
  equal(netrcText({ url: "http://127.0.0.1", token: undefined }), null);
  equal(netrcText({ url: undefined, token: "t" }), null);
  equal(netrcText(undefined), null);
});
