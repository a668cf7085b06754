import assert from "node:assert/strict";
import { brotliCompressSync } from "node:zlib";
import { initTls } from "../../roles/auth/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { CacheConfig, PathsReply } from "../../roles/cache/mod.ts";
import { UpstreamClient } from "../../roles/cache/sources/upstream_client.ts";
import { cacheName } from "../../roles/cache/sources/core/via.ts";
import {
  type FakePath,
  fakePath,
  startCache,
  type TestCache,
} from "../support/cache.ts";
import { nixStore } from "../support/nix_store.ts";
import { scriptedUpstream } from "../support/scripted_upstream.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

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

Deno.test("an upstream that cannot be one stops the start, and says why", () => {
  const publicKeys = ["a-1:BxIktZKlwK2Cf3gziLW90B7jhBb8OPJmD5jvkx76GD0="];
  const url = "https://cache.example";
  const cases: [object[], RegExp][] = [
    [[{ url: "https://a:b@cache.example", publicKeys }], /tokenFile/],
    [[{ url: "ftp://cache.example", publicKeys }], /http/],
    [[{ url, publicKeys: [] }], /publicKeys/],
    [[{ url, publicKeys }, { url, publicKeys }], /each upstream once/],
    [[{ url, publicKeys, token: "x" }], /token/],
  ];
  for (const [upstreams, message] of cases) {
    assert.throws(() => CacheConfig.parse({ upstreams }), message);
  }
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

Deno.test("who comes while a nar is received joins, from wherever he wants it", async () => {
  await using up = scriptedUpstream();
  await using cache = await startCache({ upstreams: [up.config] });
  const path = fakePath(
    "slow",
    crypto.getRandomValues(new Uint8Array(50_000)).toHex(),
  );
  up.has(path);
  const { promise: rest, resolve: goOn } = Promise.withResolvers<void>();
  const half = path.packed.length >> 1;
  up.answers.set(path.url, () => {
    let part = 0;
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        if (part++ === 0) {
          return controller.enqueue(path.packed.subarray(0, half));
        }
        await rest;
        controller.enqueue(path.packed.subarray(half));
        controller.close();
      },
    });
    return new Response(body);
  });
  await get(cache, `${path.hash}.narinfo`);
  const first = await fetch(`${cache.url}/${path.url}`);
  const reader = first.body?.getReader() ?? assert.fail("no body");
  // Its first half is here before the second has left the upstream.
  let got = 0;
  while (got < half) got += (await reader.read()).value?.length ?? 0;
  assert.equal(got, half);
  const joined = await fetch(`${cache.url}/${path.url}`, {
    headers: { range: `bytes=${half - 10}-` },
  });
  assert.equal(joined.status, 206);
  // Who leaves takes it from nobody.
  await reader.cancel();
  goOn();
  assert.deepEqual(
    new Uint8Array(await joined.arrayBuffer()),
    path.packed.slice(half - 10),
  );
  const nars = up.asked.filter(({ url }) => url.includes("/nar/"));
  assert.equal(nars.length, 1);
});

Deno.test("a nar that was told of can be fetched after a restart", async () => {
  await using up = await startCache({ keyName: "up-1" });
  await using dir = await tempDir("cache");
  const config = { ...above(up), stateDir: `${dir.path}/state` };
  const path = fakePath("a");
  await push(up, path);
  {
    await using cache = await startCache(config);
    assert.equal((await get(cache, `${path.hash}.narinfo`)).status, 200);
  }
  await using cache = await startCache(config);
  assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
});

Deno.test("a pulled path that was deleted is pulled again", async () => {
  await using up = await startCache({ keyName: "up-1" });
  await using cache = await startCache({
    ...above(up),
    gc: { standalone: true, graceHours: 0 },
  });
  const path = fakePath("a");
  await push(up, path);
  const stored = async () =>
    JSON.parse((await get(cache, "api/v1/stats")).text).paths === 1;
  for (const _ of ["first", "again"]) {
    assert.equal((await get(cache, `${path.hash}.narinfo`)).status, 200);
    assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
    await until("it is stored", stored, { timeoutMs: 60_000 });
    const gone = await get(cache, `api/v1/paths/${path.hash}`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${cache.token("admin")}` },
    });
    assert.equal(gone.status, 200, gone.text);
    assert.equal(await stored(), false);
  }
  // Who knew the nar's name comes for it: its path is asked about anew.
  assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
});

Deno.test("upstreams are asked in the order of their priorities, ours before theirs", async () => {
  await using far = scriptedUpstream();
  await using near = scriptedUpstream();
  const info = (priority: number) => () =>
    new Response(`StoreDir: /nix/store\nPriority: ${priority}\n`);
  far.answers.set("nix-cache-info", info(40));
  near.answers.set("nix-cache-info", info(30));
  const path = fakePath("a");
  const narInfo = `${path.hash}.narinfo`;
  const asks = ({ asked }: typeof far) =>
    asked.filter(({ url }) => url.endsWith(".narinfo")).length;
  far.has(path);
  near.has(path);
  {
    await using cache = await startCache({
      upstreams: [far.config, near.config],
    });
    assert.equal((await get(cache, narInfo)).status, 200);
    assert.deepEqual([asks(far), asks(near)], [0, 1]);
  }
  {
    await using cache = await startCache({
      upstreams: [{ ...near.config, priority: 45 }, far.config],
    });
    assert.equal((await get(cache, narInfo)).status, 200);
    assert.deepEqual([asks(far), asks(near)], [1, 1]);
    // Who told of it fails: the other has it too.
    far.answers.delete(path.url);
    assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
  }
});

Deno.test("tokens and passwords go to their upstream and nowhere else", async () => {
  await using dir = await tempDir("cache");
  await using up = await startCache({ keyName: "up-1", anonymousRole: "none" });
  const path = fakePath("a");
  await push(up, path);
  const token = up.token("viewer");
  const [upstream] = above(up).upstreams;
  const tokenFile = `${dir.path}/token`;
  if (upstream === undefined) return assert.fail();
  {
    await using cache = await startCache(above(up));
    assert.equal((await get(cache, `${path.hash}.narinfo`)).status, 404);
  }
  for (const text of [`${token}\n`, `anyone:${token}`]) {
    await Deno.writeTextFile(tokenFile, text);
    await using cache = await startCache({
      upstreams: [{ ...upstream, tokenFile }],
    });
    await get(cache, `${path.hash}.narinfo`);
    assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
  }
  await using front = scriptedUpstream();
  await using storage = scriptedUpstream();
  front.has(path);
  storage.has(path);
  front.answers.set(path.url, () => {
    const location = `${storage.url}/${path.url}`;
    return new Response(null, { status: 307, headers: { location } });
  });
  await using cache = await startCache({
    upstreams: [{ ...front.config, tokenFile }],
  });
  await get(cache, `${path.hash}.narinfo`);
  assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
  const shown = ({ asked }: typeof front) =>
    asked.filter(({ headers }) => headers.has("authorization")).length;
  assert.equal(shown(front), front.asked.length);
  assert.deepEqual([storage.asked.length, shown(storage)], [1, 0]);
  await Deno.writeTextFile(tokenFile, "two words");
  await assert.rejects(
    startCache({ upstreams: [{ ...front.config, tokenFile }] }),
    /not one line of a token/,
  );
});

Deno.test("an upstream that does not say the hash of its files is unpacked on the way", async () => {
  await using up = scriptedUpstream();
  await using cache = await startCache({ upstreams: [up.config] });
  const path = fakePath("a", "long ".repeat(100_000));
  up.has(path);
  const narInfo = await (await fetch(`${up.url}/${path.hash}.narinfo`)).text();
  const bare = (name: string) =>
    narInfo.replace(/File(Hash|Size): .*\n/g, "").replace(path.url, name);
  const narInfoAt = `${path.hash}.narinfo`;
  up.answers.set(narInfoAt, () => new Response(bare("nar/a.nar?x=y")));
  up.answers.set("nar/a.nar?x=y", () => new Response(path.packed as BodyInit));
  const told = await get(cache, narInfoAt);
  assert.match(told.text, /^Compression: none$/m);
  const url = /^URL: (.*)$/m.exec(told.text)?.[1] ?? "";
  assert.deepEqual((await get(cache, url)).bytes, path.nar);
  // It has come through another cache no more once it is stored.
  await until(
    "it is stored",
    async () => (await get(cache, narInfoAt)).headers.get("via") === null,
    { timeoutMs: 60_000 },
  );

  const cut = fakePath("b", "short ".repeat(100_000));
  up.has(cut);
  const cutInfo = await (await fetch(`${up.url}/${cut.hash}.narinfo`)).text();
  up.answers.set(
    `${cut.hash}.narinfo`,
    () => new Response(cutInfo.replace(/File(Hash|Size): .*\n/g, "")),
  );
  const other = await get(cache, `${cut.hash}.narinfo`);
  const otherUrl = /^URL: (.*)$/m.exec(other.text)?.[1] ?? "";
  for (const body of [cut.packed.subarray(0, -4), path.packed, path.nar]) {
    up.answers.set(cut.url, () => new Response(body as BodyInit));
    await assert.rejects(get(cache, otherUrl));
  }
});

Deno.test("listings and logs of an upstream are passed on, each as it is now", async () => {
  await using up = scriptedUpstream();
  await using cache = await startCache({ upstreams: [up.config] });
  await using front = await startCache(above(cache));
  const { hash } = fakePath("a");
  const drv = `${hash}-a.drv`;
  const packed = (text: string) =>
    new Response(brotliCompressSync(text) as BodyInit, {
      headers: { "content-encoding": "br" },
    });
  up.answers.set(`${hash}.ls`, () => packed(`{"version":1}`));
  up.answers.set(`log/${drv}`, () => new Response("built"));
  for (const one of [front, cache]) {
    const ls = await get(one, `${hash}.ls`);
    assert.deepEqual([ls.status, ls.text], [200, `{"version":1}`]);
    assert.equal(ls.headers.get("content-type"), "application/json");
    assert.equal((await get(one, `log/${drv}`)).text, "built");
  }
  // Nobody signed them: they are not kept.
  up.answers.set(`log/${drv}`, () => new Response("built again"));
  assert.equal((await get(cache, `log/${drv}`)).text, "built again");
  const stats = await get(cache, "api/v1/stats");
  assert.equal(JSON.parse(stats.text).objects, 0);
  // What is pushed here comes first.
  assert.equal((await put(cache, `log/${drv}`, "ours")).status, 200);
  assert.equal((await get(cache, `log/${drv}`)).text, "ours");
});

Deno.test("listings and logs that are absent, too large or none are asked for once in a while", async () => {
  await using up = scriptedUpstream();
  await using cache = await startCache({ upstreams: [up.config] });
  const name = (at: number) => `${fakePath(`p${at}`).hash}-p.drv`;
  const mib = new Uint8Array(1024 * 1024);
  const endless = () =>
    new Response(
      new ReadableStream<Uint8Array>({
        pull: (controller) => controller.enqueue(mib),
      }),
    );
  const bomb = brotliCompressSync(new Uint8Array(17 * 1024 * 1024));
  const packedAs = (encoding: string) => () =>
    new Response(bomb as BodyInit, {
      headers: { "content-encoding": encoding },
    });
  up.answers.set(`log/${name(1)}`, endless);
  up.answers.set(`log/${name(2)}`, packedAs("br"));
  up.answers.set(`log/${name(3)}`, packedAs("of its own"));
  const { hash } = fakePath("a");
  up.answers.set(`${hash}.ls`, () => new Response("<html>"));
  const names = [0, 1, 2, 3].map((at) => `log/${name(at)}`);
  for (const _ of ["asked", "remembered"]) {
    for (const path of [...names, `${hash}.ls`]) {
      assert.equal((await get(cache, path)).status, 404, path);
    }
  }
  const asked = (path: string) =>
    up.asked.filter(({ url }) => url.endsWith(`/${path}`)).length;
  assert.deepEqual(names.map(asked), [1, 1, 1, 1]);
  // It answers, so it is asked for all else.
  assert.equal((await get(cache, "readyz")).text.includes(up.url), false);
  const head = await get(cache, `log/${name(9)}`, { method: "HEAD" });
  assert.equal(head.status, 404);
  assert.equal(asked(`log/${name(9)}`), 0);
});

Deno.test("narinfos that an upstream keeps packed are understood", async () => {
  await using up = scriptedUpstream();
  await using cache = await startCache({ upstreams: [up.config] });
  const path = fakePath("a");
  up.has(path);
  const narInfo = await (await fetch(`${up.url}/${path.hash}.narinfo`)).text();
  up.answers.set(
    `${path.hash}.narinfo`,
    () =>
      new Response(brotliCompressSync(narInfo) as BodyInit, {
        headers: { "content-encoding": "br" },
      }),
  );
  assert.equal((await get(cache, `${path.hash}.narinfo`)).status, 200);
  assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
});

Deno.test("an upstream over TLS needs a certificate of a CA that is trusted", async () => {
  await using dir = await tempDir("cache");
  const tls = await initTls(`${dir.path}/tls`, ["127.0.0.1"], {
    now: Date.now(),
    random: systemRandom,
  });
  await using up = await startCache({
    keyName: "up-1",
    tlsCert: tls.serverCert,
    tlsKey: tls.serverKey,
  });
  const path = fakePath("a");
  using ca = Deno.createHttpClient({
    caCerts: [await Deno.readTextFile(tls.caCert)],
  });
  const headers = { authorization: `Bearer ${up.token("publisher")}` };
  for (
    const [name, body] of [
      [path.url, path.packed],
      [`${path.hash}.narinfo`, path.narInfo],
    ] as const
  ) {
    const init = { method: "PUT", body: body as BodyInit, headers, client: ca };
    const answer = await fetch(`${up.url}/${name}`, init);
    assert.equal(answer.status, 200, await answer.text());
  }
  const narInfo = `${path.hash}.narinfo`;
  {
    await using cache = await startCache(above(up));
    for (let time = 0; time < 3; time++) {
      assert.equal((await get(cache, narInfo)).status, 404);
    }
    assert.match((await get(cache, "readyz")).text, /certificate/);
  }
  await using cache = await startCache({ ...above(up), caFile: tls.caCert });
  assert.equal((await get(cache, narInfo)).status, 200);
  assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
});

Deno.test("caches that are upstreams of each other find what one has, and an end", async () => {
  await using dir = await tempDir("cache");
  const oneDir = `${dir.path}/one`;
  const before = await startCache({ keyName: "one-1", stateDir: oneDir });
  await before.running.stop();
  await using other = await startCache({
    keyName: "other-1",
    ...above(before),
  });
  await using one = await startCache({
    ...above(other),
    keyName: "one-1",
    stateDir: oneDir,
    listen: new URL(before.url).host,
  });
  const path = fakePath("a");
  const absent = fakePath("absent");
  await push(other, path);
  const answers = await Promise.all(
    [one, other, one, other].map((cache) =>
      get(cache, `${absent.hash}.narinfo`)
    ),
  );
  for (const { status } of answers) assert.equal(status, 404);
  for (const cache of [other, one]) {
    assert.equal((await get(cache, `${path.hash}.narinfo`)).status, 200);
    assert.deepEqual((await get(cache, path.url)).bytes, path.packed);
  }
});

Deno.test("an upstream that is slow ends within the time it is given", async () => {
  await using up = scriptedUpstream();
  const never = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([120])),
  });
  const { promise: head, resolve } = Promise.withResolvers<Response>();
  up.answers.set("head", () => head);
  up.answers.set("body", () => new Response(never));
  using client = new UpstreamClient({
    url: up.url,
    own: cacheName("0".repeat(16)),
  });
  const call = { chain: [], timeoutMs: 50, maxBytes: 100 };
  for (const path of ["head", "body"]) {
    await assert.rejects(client.text(path, call), { code: "timeout" }, path);
  }
  resolve(new Response());
});

Deno.test("nix pulls a closure through, and again when the upstream is gone", async () => {
  await using dir = await tempDir("cache");
  await using up = await startCache({ keyName: "up-1" });
  await using cache = await startCache(above(up));
  await using ci = await nixStore("ci", {
    cache: { url: "http://127.0.0.1", token: up.token("publisher") },
  });
  await Deno.writeTextFile(
    `${dir.path}/flake.nix`,
    `{ outputs = { self }: { closure = builtins.toFile "top" "see \${builtins.toFile "leaf" "x"}"; }; }`,
  );
  const call = { timeoutMs: 60_000 };
  const path = await ci.nix.evalRaw(`path:${dir.path}`, "closure", call);
  await ci.nix.copyTo(up.url, [path], call);
  for (const round of ["cold", "warm"]) {
    await using worker = await nixStore("nix");
    await worker.nix.copyFrom(cache.url, [path], {
      ...call,
      publicKeys: [cache.publicKey],
    });
    assert.deepEqual(await worker.nix.missingPaths([path]), [], round);
    const stored = async () =>
      JSON.parse((await get(cache, "api/v1/stats")).text).paths === 2;
    await until("both are stored", stored, call);
    await up.running.stop();
  }
});
