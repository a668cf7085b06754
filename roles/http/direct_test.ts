import assert from "node:assert/strict";
import { Hono } from "hono";
import { Registry } from "prom-client";
import { anonymousReaders, type AppEnv } from "./authentication.ts";
import { withDirectAnswers } from "./direct.ts";
import { AccessMetrics } from "./metrics.ts";

const INFO = {
  remoteAddr: { transport: "tcp", hostname: "127.0.0.1", port: 1 },
  completed: Promise.resolve(),
} as const;

async function ask(
  anonymousRole: "none" | "viewer" | "local",
  request: Request,
): Promise<string> {
  const app = new Hono<AppEnv>();
  app.all("*", (c) => c.text("app"));
  const served = withDirectAnswers(app, {
    anonymousRole,
    access: new AccessMetrics(new Registry()),
    answer: (path) =>
      path === "/hot"
        ? { response: new Response("direct"), route: "/:name" }
        : undefined,
  });
  const answer = served.direct?.(request) ?? await served.fetch(request, INFO);
  return await answer.text();
}

Deno.test("a plain question for what is in memory never reaches the app", async () => {
  assert.equal(
    await ask("viewer", new Request("http://x.example/hot")),
    "direct",
  );
  assert.equal(
    await ask("local", new Request("http://127.0.0.1:80/hot")),
    "direct",
  );
  assert.equal(
    await ask("viewer", new Request("http://x.example/cold")),
    "app",
  );
});

Deno.test("whoever needs a token, or shows one, is the app's to judge", async () => {
  const url = "http://127.0.0.1/hot";
  assert.equal(await ask("none", new Request(url)), "app");
  assert.equal(await ask("local", new Request("http://x.example/hot")), "app");
  const headers = { authorization: "Bearer nonsense" };
  assert.equal(await ask("viewer", new Request(url, { headers })), "app");
});

Deno.test("what is not plain is the app's", async () => {
  for (
    const request of [
      new Request("http://x.example/hot", { method: "POST" }),
      new Request("http://x.example/hot?query"),
      new Request("http://x.example/h%6ft"),
      new Request("http://x.example/hot", {
        headers: { "content-length": "5" },
      }),
    ]
  ) assert.equal(await ask("viewer", request), "app", request.url);
});

Deno.test("direct answers are counted as the app's are", async () => {
  const registry = new Registry();
  const served = withDirectAnswers(new Hono<AppEnv>(), {
    anonymousRole: "viewer",
    access: new AccessMetrics(registry),
    answer: () => ({ response: new Response("direct"), route: "/:name" }),
  });
  for (const method of ["GET", "HEAD"]) {
    const request = new Request("http://x.example/hot", { method });
    assert.ok(served.direct?.(request) !== undefined);
  }
  const text = await registry.metrics();
  for (const method of ["GET", "HEAD"]) {
    const labels = `method="${method}",route="/:name"`;
    assert.ok(text.includes(`_requests_total{${labels},status="200"} 1`), text);
    assert.ok(text.includes(`_request_seconds_count{${labels}} 1`), text);
  }
});

Deno.test("who is known to be on this host vouches for no other name", () => {
  const mayRead = anonymousReaders("local");
  assert.ok(mayRead("http://127.0.0.1:6445/a"));
  assert.ok(mayRead("http://127.0.0.1:6445/b"));
  for (
    const url of [
      "http://127.0.0.1.evil.example/a",
      "http://127.0.0.1:64450.evil.example/a",
      "http://127.0.0.1:6445@evil.example/a",
      "http://evil.example/a",
    ]
  ) assert.ok(!mayRead(url), url);
  assert.ok(mayRead("http://localhost:6445/c"));
  assert.ok(mayRead("http://127.0.0.1:6445/d"));
});
