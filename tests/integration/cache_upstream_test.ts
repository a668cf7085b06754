import assert from "node:assert/strict";
import { PathsReply } from "../../roles/cache/mod.ts";
import {
  type FakePath,
  fakePath,
  startCache,
  type TestCache,
} from "../support/cache.ts";

async function put(
  cache: TestCache,
  path: string,
  body: string | Uint8Array,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${cache.url}/${path}`, {
    method: "PUT",
    body: body as BodyInit,
    headers: { authorization: `Bearer ${cache.token("publisher")}` },
  });
  return { status: answer.status, text: await answer.text() };
}

async function push(cache: TestCache, ...paths: FakePath[]): Promise<void> {
  for (const path of paths) {
    const nar = await put(cache, path.url, path.packed);
    assert.equal(nar.status, 200, nar.text);
    const info = await put(cache, `${path.hash}.narinfo`, path.narInfo);
    assert.equal(info.status, 200, info.text);
  }
}

async function get(cache: { url: string }, path: string, init?: RequestInit) {
  const answer = await fetch(`${cache.url}/${path}`, init);
  const bytes = new Uint8Array(await answer.arrayBuffer());
  const text = new TextDecoder().decode(bytes);
  return { status: answer.status, headers: answer.headers, bytes, text };
}

function above(...upstreams: TestCache[]) {
  return {
    upstreams: upstreams.map(({ url, publicKey }) => ({
      url,
      publicKeys: [publicKey],
    })),
  };
}

async function count(cache: TestCache, pattern: RegExp): Promise<number> {
  const { text } = await get(cache, "metrics");
  return Number(pattern.exec(text)?.[1] ?? 0);
}

Deno.test("a path of an upstream is told of, pulled through, stored and signed", async () => {
  await using up = await startCache({ keyName: "up-1" });
  await using cache = await startCache(above(up));
  const leaf = fakePath("leaf");
  const top = fakePath("top", "top", [leaf.base]);
  await push(up, leaf, top);

  assert.equal((await get(cache, `${leaf.hash}.narinfo`)).status, 200);
  const info = await get(cache, `${top.hash}.narinfo`);
  assert.equal(info.status, 200);
  assert.match(info.text, /^Sig: procurator-cache-1:/m);
  assert.match(info.text, /^Sig: up-1:/m);
  const nar = await get(cache, top.url);
  assert.deepEqual(nar.bytes, top.packed);
  assert.equal(nar.headers.get("content-length"), `${top.packed.length}`);

  await up.running.stop();
  const again = await get(cache, top.url, { headers: { range: "bytes=3-" } });
  assert.equal(again.status, 206);
  assert.deepEqual(again.bytes, top.packed.subarray(3));
  assert.equal((await get(cache, `${top.hash}.narinfo`)).text, info.text);
  // Was told of and never fetched: its upstream may come back.
  assert.equal((await get(cache, leaf.url)).status, 503);
});

Deno.test("what an upstream has is present, and counts as a reference that is there", async () => {
  await using up = await startCache({ keyName: "up-1" });
  await using cache = await startCache(above(up));
  const leaf = fakePath("leaf");
  const absent = fakePath("absent");
  await push(up, leaf);
  await push(cache, fakePath("top", "top", [leaf.base]));
  const asked = await get(
    cache,
    `api/v1/paths?hashes=${leaf.hash},${absent.hash}`,
  );
  assert.deepEqual(PathsReply.parse(JSON.parse(asked.text)), {
    present: [leaf.hash],
    missing: [absent.hash],
  });
  const lacking = fakePath("other", "other", [absent.base]);
  await put(cache, lacking.url, lacking.packed);
  const refused = await put(cache, `${lacking.hash}.narinfo`, lacking.narInfo);
  assert.equal(refused.status, 409);
  assert.match(refused.text, new RegExp(absent.base));
});

Deno.test("twenty clients that ask for one cold path make one fetch", async () => {
  await using up = await startCache({ keyName: "up-1" });
  await using cache = await startCache(above(up));
  const path = fakePath("cold", crypto.randomUUID().repeat(5000));
  await push(up, path);
  const answers = await Promise.all(
    Array.from({ length: 20 }, async () => {
      await get(cache, `${path.hash}.narinfo`);
      return await get(cache, path.url);
    }),
  );
  for (const { bytes } of answers) assert.deepEqual(bytes, path.packed);
  const asked = /lookups_total\{what="(?:nar)",result="hit"\} (\d+)/;
  assert.equal(await count(up, asked), 1);
  assert.equal(
    await count(up, /lookups_total\{what="narinfo",result="hit"\} (\d+)/),
    1,
  );
  assert.equal(
    await count(cache, /source_bytes_total\{source="[^"]*"\} (\d+)/),
    path.packed.length,
  );
});
