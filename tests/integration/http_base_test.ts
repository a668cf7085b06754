/**
 * The HTTP base over real sockets: ports, unix sockets, stopping, curl.
 *
 * @module
 */
import assert from "node:assert/strict";
import { Registry } from "prom-client";
import { z } from "zod";
import { AppError } from "../../roles/model/mod.ts";
import { baseApp, httpClient, serveHttp } from "../../roles/http/mod.ts";
import { openTokenTable } from "../../roles/auth/mod.ts";
import { logger } from "../../roles/log/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { tempDir } from "../support/temp.ts";

function sampleApp(tokens = openTokenTable(":memory:")) {
  const app = baseApp({
    role: "cache",
    ready: () => ({ ok: true, reasons: [] }),
    metrics: new Registry(),
    tokens,
    anonymousRole: "viewer",
    log: logger("test"),
    maxBodyBytes: (_method, path) => path === "/count" ? Infinity : 1024,
  });
  app.put("/count", async (c) => {
    let bytes = 0;
    for await (const chunk of c.req.raw.body ?? []) bytes += chunk.byteLength;
    return c.text(String(bytes));
  });
  app.get("/slow", () => new Promise<Response>(() => {}));
  return app;
}

const Health = z.object({ ok: z.boolean(), role: z.string() });

Deno.test("a taken port is refused with what to do", async () => {
  const app = sampleApp();
  const first = await serveHttp({ name: "cache", listen: "127.0.0.1:0", app });
  try {
    await assert.rejects(
      serveHttp({ name: "cache", listen: `127.0.0.1:${first.port}`, app }),
      (error: AppError) => {
        assert.equal(error.code, "refused");
        assert.match(error.message, /port is in use/);
        assert.match(error.hint ?? "", /--port-base 0/);
        return true;
      },
    );
  } finally {
    await first.stop();
  }
});

Deno.test("it serves a unix socket, over the remains of a killed server too", async () => {
  await using dir = await tempDir("http");
  const path = `${dir.path}/s.sock`;
  const script = `Deno.serve({path:${
    JSON.stringify(path)
  },onListen(){Deno.kill(Deno.pid,"SIGKILL")}},()=>new Response())`;
  await runChecked(Deno.execPath(), ["eval", script]).catch(() => undefined);
  assert.ok(
    (await Deno.lstat(path)).isSocket,
    "the killed server left its socket",
  );
  const app = sampleApp();
  const listen = `unix:${path}`;
  const server = await serveHttp({ name: "cache", listen, app });
  try {
    assert.equal(server.url, listen);
    using client = httpClient({ url: listen });
    assert.deepEqual(await client.json(Health, "/healthz"), {
      ok: true,
      role: "cache",
    });
    await assert.rejects(
      serveHttp({ name: "cache", listen, app }),
      { code: "refused" },
    );
  } finally {
    await server.stop();
  }
});

Deno.test("stop ends within its bound although a request hangs", async () => {
  const server = await serveHttp({
    name: "cache",
    listen: "127.0.0.1:0",
    app: sampleApp(),
  });
  using client = httpClient({ url: server.url, timeoutMs: 60_000 });
  const hanging = client.request("/slow").then(
    () => "answered",
    () => "dropped",
  );
  await client.json(Health, "/healthz");
  await server.stop();
  await server.stop();
  assert.equal(await hanging, "dropped");
  await assert.rejects(client.request("/healthz"), { code: "unavailable" });
});

Deno.test("the client tells a time-out, a refusal and a foreign server apart", async () => {
  const tokens = openTokenTable(":memory:");
  const server = await serveHttp({
    name: "cache",
    listen: "127.0.0.1:0",
    app: sampleApp(tokens),
  });
  try {
    using client = httpClient({ url: server.url });
    await assert.rejects(client.request("/slow", { timeoutMs: 50 }), {
      code: "timeout",
    });
    await assert.rejects(client.request("/api/v1/tokens"), {
      code: "unauthenticated",
    });
    await assert.rejects(client.json(Health, "/metrics"), {
      code: "failed",
      message: /not JSON/,
    });
    const viewer = tokens.create({ role: "viewer", name: "v" }, {
      now: Date.now(),
      random: systemRandom,
    });
    using weak = httpClient({ url: server.url, token: viewer.token });
    await assert.rejects(weak.request("/api/v1/tokens"), {
      code: "denied",
      message: /takes admin/,
    });
  } finally {
    await server.stop();
  }
});

Deno.test("curl uploads with Expect: 100-continue, and reads the answer when it is refused", async () => {
  await using dir = await tempDir("curl");
  const file = `${dir.path}/body`;
  await Deno.writeFile(file, new Uint8Array(3 * 1024 * 1024));
  const server = await serveHttp({
    name: "cache",
    listen: "127.0.0.1:0",
    app: sampleApp(),
  });
  const curl = (path: string) =>
    runChecked("curl", [
      "-sS",
      "--max-time",
      "20",
      "-T",
      file,
      "-H",
      "Expect: 100-continue",
      "-w",
      " %{http_code} %{size_upload}",
      `${server.url}${path}`,
    ]);
  try {
    assert.equal(
      await curl("/count"),
      `${3 * 1024 * 1024} 200 ${3 * 1024 * 1024}`,
    );
    const refused = await curl("/other");
    assert.match(refused, / 413 \d+$/);
  } finally {
    await server.stop();
  }
});
