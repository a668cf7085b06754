/**
 * Narinfos in memory are answered before the app is asked; what a client sees
 * is the same either way, byte for byte.
 *
 * @module
 */
import assert from "node:assert/strict";
import { fakePath, startCache, type TestCache } from "../support/cache.ts";
import { connectRaw, isWhole } from "../support/raw_http.ts";

/** As the app gets it too: a chunked body, though empty, is none of the direct answer's. */
const THROUGH_APP = "Transfer-Encoding: chunked\r\n";

async function pushed(cache: TestCache, name: string): Promise<string> {
  const path = fakePath(name);
  const headers = { authorization: `Bearer ${cache.token("publisher")}` };
  for (
    const [url, body] of [
      [path.url, new Uint8Array(path.packed)],
      [`${path.hash}.narinfo`, path.narInfo],
    ] as const
  ) {
    const answer = await fetch(`${cache.url}/${url}`, {
      method: "PUT",
      headers,
      body,
    });
    assert.equal(answer.status, 200, await answer.text());
  }
  return `/${path.hash}.narinfo`;
}

function isAllHere(text: string): boolean {
  return text.includes("transfer-encoding: chunked")
    ? text.endsWith("\r\n0\r\n\r\n")
    : isWhole(text);
}

/** The whole answer, without its date. */
async function answerTo(
  cache: TestCache,
  { method, path, headers }: { method: string; path: string; headers: string },
): Promise<string> {
  using connection = await connectRaw(cache.url);
  const isChunked = headers.includes("chunked");
  const { host } = new URL(cache.url);
  const named = headers.includes("Host:") ? "" : `Host: ${host}\r\n`;
  await connection.send(
    `${method} ${path} HTTP/1.1\r\n${named}${headers}\r\n` +
      (isChunked ? "0\r\n\r\n" : ""),
  );
  const text = await connection.receive(
    (all) => method === "HEAD" ? all.includes("\r\n\r\n") : isAllHere(all),
  );
  assert.notEqual(text, "");
  return text.replace(/^date: .*\r\n/im, "");
}

/** Requests counted so far, by method and status. */
async function counted(cache: TestCache, token: string) {
  const headers = { authorization: `Bearer ${token}` };
  const answer = await fetch(`${cache.url}/metrics`, { headers });
  const lines = (await answer.text()).split("\n");
  const numberOf = (start: string) =>
    Number(
      lines.find((line) => line.startsWith(start))?.split(" ").at(-1) ?? 0,
    );
  const requests = (method: string) =>
    numberOf(
      `procurator_cache_requests_total{kind="narinfo",method="${method}",answer="ok"`,
    );
  return {
    get: requests("GET"),
    head: requests("HEAD"),
    hits: numberOf(
      'procurator_cache_lookups_total{what="narinfo",result="hit"}',
    ),
  };
}

Deno.test("a narinfo from memory and through the app are the same, and counted alike", async () => {
  await using cache = await startCache();
  const path = await pushed(cache, "hello");
  const token = cache.token("viewer");
  const before = await counted(cache, token);
  let gets = 0;
  let heads = 0;
  for (const method of ["GET", "HEAD"]) {
    for (
      const asked of [
        "",
        "Accept-Encoding: br\r\n",
        "Accept-Encoding: gzip\r\n",
        "Accept: */*\r\nUser-Agent: curl/8 Nix/2.34.0\r\n",
        "If-None-Match: *\r\n",
        "Range: bytes=0-9\r\n",
        "Connection: close\r\n",
      ]
    ) {
      const direct = await answerTo(cache, { method, path, headers: asked });
      assert.match(direct, /^HTTP\/1\.1 200 OK\r\n/);
      for (
        const through of [
          THROUGH_APP,
          `Authorization: Bearer ${token}\r\n`,
        ]
      ) {
        const headers = asked + through;
        const app = await answerTo(cache, { method, path, headers });
        assert.equal(direct, app, `${method} with ${asked}`);
      }
      if (method === "GET") gets += 3;
      else heads += 3;
    }
  }
  const after = await counted(cache, token);
  assert.deepEqual({
    get: after.get - before.get,
    head: after.head - before.head,
    hits: after.hits - before.hits,
  }, { get: gets, head: heads, hits: gets + heads });
});

Deno.test("whoever speaks HTTP/1.0 is told a narinfo's length", async () => {
  await using cache = await startCache();
  const path = await pushed(cache, "old");
  using connection = await connectRaw(cache.url);
  const { host } = new URL(cache.url);
  await connection.send(`GET ${path} HTTP/1.0\r\nHost: ${host}\r\n\r\n`);
  const [head = "", body = ""] = (await connection.receive()).split("\r\n\r\n");
  assert.match(head, new RegExp(`^content-length: ${body.length}$`, "m"));
  assert.doesNotMatch(head, /transfer-encoding/);
  assert.match(body, /^StorePath: .*-old$/m);
});

Deno.test("who may not read is refused a narinfo from memory as any other", async () => {
  const stranger = "Host: stranger.example\r\n";
  for (
    const [anonymousRole, headers] of [
      ["none", ""],
      [undefined, stranger],
      ["viewer", "Authorization: Bearer pcr_viewer_nonsense\r\n"],
    ] as const
  ) {
    await using cache = await startCache(
      anonymousRole === undefined ? {} : { anonymousRole },
    );
    const path = await pushed(cache, "secret");
    for (const method of ["GET", "HEAD"]) {
      const answers = [];
      for (const more of ["", THROUGH_APP]) {
        const sent = { method, path, headers: headers + more };
        answers.push(await answerTo(cache, sent));
      }
      const [direct = "", app] = answers;
      assert.match(direct, /^HTTP\/1\.1 401 /, headers);
      assert.equal(direct, app);
    }
  }
});

Deno.test("what is deleted is no longer answered from memory", async () => {
  await using cache = await startCache({ gc: { standalone: true } });
  const path = await pushed(cache, "gone");
  assert.match(
    await answerTo(cache, { method: "GET", path, headers: "" }),
    / 200 /,
  );
  const hash = path.slice(1, 33);
  const deleted = await fetch(`${cache.url}/api/v1/paths/${hash}`, {
    method: "DELETE",
    headers: { authorization: `Bearer ${cache.token("admin")}` },
  });
  assert.equal(deleted.ok, true, await deleted.text());
  assert.match(
    await answerTo(cache, { method: "GET", path, headers: "" }),
    / 404 /,
  );
});
