import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { AppError } from "../model/errors.ts";
import { openTokenTable, type TokenRole } from "../auth/mod.ts";
import { logger } from "../log/mod.ts";
import { baseApp, type BaseAppOptions } from "./base.ts";
import { identityOf, requireRole } from "./authentication.ts";

const NOW = 1_000_000;

function setUp(more: Partial<BaseAppOptions> = {}) {
  const tokens = openTokenTable(":memory:");
  let drawn = 0;
  const random = {
    hex: (bytes: number) => `${++drawn}`.padStart(bytes * 2, "0"),
  };
  const app = baseApp({
    role: "cache",
    ready: () => ({ ok: false, reasons: ["the store is read-only"] }),
    metrics: new Registry(),
    tokens,
    anonymousRole: "viewer",
    log: logger("test"),
    nowMs: () => NOW,
    ...more,
  });
  app.get("/see", requireRole("viewer"), (c) => c.json(identityOf(c)));
  app.put(
    "/change/:what",
    requireRole("publisher"),
    async (c) => c.text(String((await c.req.text()).length)),
  );
  app.get("/conflict", () => {
    throw new AppError("conflict", "Cannot do <this>", { hint: "do that" });
  });
  app.get("/crash", () => {
    throw new Error("secret detail");
  });
  const make = (role: TokenRole) =>
    tokens.create({ role, name: role }, { now: NOW, random });
  return { app, tokens, make };
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const basic = (user: string, password: string) => ({
  authorization: `Basic ${btoa(`${user}:${password}`)}`,
});

Deno.test("health, readiness with its reasons, and metrics", async () => {
  const { app } = setUp();
  assert.equal((await app.request("/healthz")).status, 200);
  const ready = await app.request("/readyz");
  assert.equal(ready.status, 503);
  assert.deepEqual((await ready.json()).reasons, ["the store is read-only"]);
  await app.request("/change/abc");
  await app.request("/no/such/page");
  const text = await (await app.request("/metrics")).text();
  assert.match(
    text,
    /http_requests_total\{method="GET",route="\/healthz",status="200"\} 1/,
  );
  assert.ok(!text.includes("/no/such/page"), "paths must not become labels");
});

Deno.test("a token works as Bearer, as Basic password and as Basic user", async () => {
  const { app, make } = setUp();
  const { token, info } = make("publisher");
  for (const headers of [bearer(token), basic("x", token), basic(token, "")]) {
    const response = await app.request("/see", { headers });
    assert.deepEqual(await response.json(), {
      role: "publisher",
      name: "publisher",
      tokenId: info.id,
    });
  }
});

Deno.test("without a token one may look, and is asked for one to change", async () => {
  const { app } = setUp();
  assert.equal((await app.request("/see")).status, 200);
  const response = await app.request("/change/x", { method: "PUT", body: "x" });
  assert.equal(response.status, 401);
  assert.match(
    response.headers.get("www-authenticate") ?? "",
    /^Basic realm="procurator"/,
  );
  const closed = setUp({ anonymousRole: "none" });
  assert.equal((await closed.app.request("/see")).status, 401);
});

Deno.test("the wrong role is denied and told which one it takes", async () => {
  const { app, make } = setUp();
  const response = await app.request("/change/x", {
    method: "PUT",
    headers: bearer(make("viewer").token),
  });
  assert.equal(response.status, 403);
  const { error } = await response.json();
  assert.equal(error.code, "denied");
  assert.match(error.message, /role is viewer, it takes publisher/);
});

Deno.test("without a token one may look only by this host's own names", async () => {
  const { app, make } = setUp({ anonymousRole: "local" });
  for (const host of ["localhost", "127.0.0.1:3001", "[::1]:3001"]) {
    assert.equal((await app.request(`http://${host}/see`)).status, 200, host);
  }
  // What a page sees whose own name was made to resolve to this host.
  const rebound = "http://evil.example:3001/see";
  const refused = await app.request(rebound);
  assert.equal(refused.status, 401);
  const { error } = await refused.json();
  assert.match(error.message, /"evil\.example" was asked for/);
  const headers = bearer(make("viewer").token);
  assert.equal((await app.request(rebound, { headers })).status, 200);
  const open = setUp({ anonymousRole: "viewer" });
  assert.equal((await open.app.request(rebound)).status, 200);
});

Deno.test("a page of another site cannot make a browser use its credentials", async () => {
  const { app, tokens, make } = setUp();
  const send = (origin?: string) =>
    app.request("http://127.0.0.1:6445/api/v1/tokens", {
      method: "POST",
      headers: {
        ...basic("x", make("admin").token),
        "content-type": "text/plain",
        ...(origin === undefined ? {} : { origin }),
      },
      body: `{"role":"admin","name":"planted"}`,
    });
  for (const origin of ["https://evil.example", "null", "http://127.0.0.1"]) {
    assert.equal((await send(origin)).status, 403, origin);
  }
  assert.ok(!tokens.list().some((info) => info.name === "planted"));
  assert.equal((await send("http://127.0.0.1:6445")).status, 201);
  assert.equal((await send()).status, 201);
});

Deno.test("a wrong token is refused even where none is needed", async () => {
  const { app } = setUp();
  for (
    const authorization of ["Bearer nonsense", "Basic !!", "Digest x", "Bearer"]
  ) {
    const response = await app.request("/see", { headers: { authorization } });
    assert.equal(response.status, 401, authorization);
  }
});

Deno.test("errors are JSON, text or a page, as asked, and never tell internals", async () => {
  const { app } = setUp();
  const json = await app.request("/conflict");
  assert.equal(json.status, 409);
  assert.deepEqual(await json.json(), {
    error: { code: "conflict", message: "Cannot do <this>", hint: "do that" },
  });
  const text = await app.request("/conflict", {
    headers: { accept: "text/plain" },
  });
  assert.equal(await text.text(), "error: Cannot do <this>\nTry: do that\n");
  const html = await app.request("/conflict", {
    headers: { accept: "text/html,*/*" },
  });
  assert.ok((await html.text()).includes("Cannot do &#60;this&#62;"));
  const crash = await app.request("/crash");
  assert.equal(crash.status, 500);
  assert.ok(!(await crash.text()).includes("secret"));
  assert.equal((await app.request("/nothing")).status, 404);
});

Deno.test("bodies over the bound are refused, by length and by counting", async () => {
  const { app, make } = setUp({
    maxBodyBytes: (_method, path) => path.endsWith("/big") ? Infinity : 10,
  });
  const headers = bearer(make("publisher").token);
  const put = (path: string, body: BodyInit) =>
    app.request(path, { method: "PUT", headers, body });
  assert.equal((await put("/change/x", "0123456789")).status, 200);
  assert.equal((await put("/change/x", "0123456789a")).status, 413);
  const stream = new Blob(["0123456789a"]).stream();
  assert.equal((await put("/change/x", stream)).status, 413);
  assert.equal(await (await put("/change/big", "0123456789a")).text(), "11");
});

Deno.test("admins make, list and revoke tokens; others may not", async () => {
  const { app, make } = setUp();
  const admin = bearer(make("admin").token);
  const body = JSON.stringify({ role: "viewer", name: "screen" });
  const made = await app.request("/api/v1/tokens", {
    method: "POST",
    headers: admin,
    body,
  });
  assert.equal(made.status, 201);
  const { token, info } = await made.json();
  assert.equal(
    (await app.request("/see", { headers: bearer(token) })).status,
    200,
  );
  const list = await (await app.request("/api/v1/tokens", { headers: admin }))
    .json();
  assert.deepEqual(list.tokens.map((item: { name: string }) => item.name), [
    "admin",
    "screen",
  ]);
  assert.ok(!JSON.stringify(list).includes(token.split("_")[3]));
  const other = await app.request("/api/v1/tokens", { headers: bearer(token) });
  assert.equal(other.status, 403);
  const revoked = await app.request(`/api/v1/tokens/${info.id}`, {
    method: "DELETE",
    headers: admin,
  });
  assert.equal(revoked.status, 200);
  assert.equal(
    (await app.request("/see", { headers: bearer(token) })).status,
    401,
  );
  for (
    const bad of [
      "{",
      "[]",
      `{"role":"king","name":"x"}`,
      `{"role":"viewer","name":"x","extra":1}`,
    ]
  ) {
    const answer = await app.request("/api/v1/tokens", {
      method: "POST",
      headers: admin,
      body: bad,
    });
    assert.equal(answer.status, 400, bad);
  }
});
