import assert from "node:assert/strict";
import { brotliCompressSync } from "node:zlib";
import { PathsReply, PublicKeyReply } from "../../roles/cache/mod.ts";
import {
  type FakePath,
  fakePath,
  startCache,
  type TestCache,
} from "../support/cache.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

interface Answer {
  status: number;
  text: string;
  headers: Headers;
}

async function ask(
  cache: TestCache,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const answer = await fetch(`${cache.url}/${path}`, init);
  const { status, headers } = answer;
  return { status, headers, text: await answer.text() };
}

function put(
  cache: TestCache,
  token: string,
  path: string,
  body: string | Uint8Array,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return ask(cache, path, {
    method: "PUT",
    body: body as BodyInit,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

async function push(cache: TestCache, token: string, path: FakePath) {
  const nar = await put(cache, token, path.url, path.packed);
  assert.equal(nar.status, 200, nar.text);
  return await put(cache, token, `${path.hash}.narinfo`, path.narInfo);
}

async function filesBelow(path: string): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(path)) {
    if (entry.isDirectory) {
      found.push(...await filesBelow(`${path}/${entry.name}`));
    } else found.push(entry.name);
  }
  return found;
}

Deno.test("what was pushed is served, signed, with ranges", async () => {
  await using cache = await startCache();
  const path = fakePath("hello");
  assert.equal((await push(cache, cache.token("publisher"), path)).status, 200);
  const info = await ask(cache, `${path.hash}.narinfo`);
  assert.match(info.text, /^Sig: procurator-cache-1:/m);
  assert.equal(info.headers.get("content-type"), "text/x-nix-narinfo");

  const whole = await fetch(`${cache.url}/${path.url}`);
  assert.deepEqual(new Uint8Array(await whole.arrayBuffer()), path.packed);
  assert.equal(whole.headers.get("content-length"), `${path.packed.length}`);
  assert.equal(whole.headers.get("accept-ranges"), "bytes");
  const etag = whole.headers.get("etag") ?? "";

  const part = (range: string, more: Record<string, string> = {}) =>
    fetch(`${cache.url}/${path.url}`, { headers: { range, ...more } });
  for (const range of ["bytes=5-", "bytes=5-9"]) {
    const answer = await part(range, { "if-range": etag });
    assert.equal(answer.status, 206);
    const end = range.endsWith("-") ? path.packed.length : 10;
    assert.equal(
      answer.headers.get("content-range"),
      `bytes 5-${end - 1}/${path.packed.length}`,
    );
    assert.deepEqual(
      new Uint8Array(await answer.arrayBuffer()),
      path.packed.subarray(5, end),
    );
  }
  const changed = await part("bytes=5-", { "if-range": '"other"' });
  assert.equal(changed.status, 200);
  await changed.body?.cancel();
  const beyond = await part("bytes=9999-");
  assert.equal(beyond.status, 416);
  await beyond.body?.cancel();

  const head = await ask(cache, path.url, { method: "HEAD" });
  assert.equal(head.headers.get("content-length"), `${path.packed.length}`);
  for (const known of [etag, `"other", W/${etag}`, "*"]) {
    const same = await ask(cache, path.url, {
      headers: { "if-none-match": known },
    });
    assert.equal(same.status, 304, known);
  }
  assert.match(whole.headers.get("cache-control") ?? "", /immutable/);
});

Deno.test("nix-cache-info may be put by who agrees; another store is told so", async () => {
  await using cache = await startCache();
  const token = cache.token("publisher");
  const agreed = await put(
    cache,
    token,
    "nix-cache-info",
    "StoreDir: /nix/store\n",
  );
  assert.equal(agreed.status, 200, agreed.text);
  const other = await put(
    cache,
    token,
    "nix-cache-info",
    "StoreDir: /gnu/store\n",
  );
  assert.equal(other.status, 409);
  assert.match(other.text, /is of \/nix\/store, not of \/gnu\/store/);
  const text = "StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n";
  assert.equal((await ask(cache, "nix-cache-info")).text, text);
});

Deno.test("a packed narinfo is unpacked once; what is asked for packed comes as it is, with its length", async () => {
  await using cache = await startCache();
  const token = cache.token("publisher");
  const path = fakePath("hello");
  await put(cache, token, path.url, path.packed);
  const packed = new Uint8Array(brotliCompressSync(path.narInfo));
  const stored = await put(cache, token, `${path.hash}.narinfo`, packed, {
    "content-encoding": "br",
  });
  assert.equal(stored.status, 200, stored.text);
  await put(cache, token, `log/${path.base}.drv`, "built\n".repeat(1000));
  for (
    const name of [
      `${path.hash}.narinfo`,
      path.url,
      "nix-cache-info",
      `log/${path.base}.drv`,
    ]
  ) {
    const headers = { "accept-encoding": "br, gzip, zstd" };
    const whole = await fetch(`${cache.url}/${name}`, { headers });
    const { byteLength } = await whole.arrayBuffer();
    assert.equal(whole.headers.get("content-encoding"), null, name);
    const head = await ask(cache, name, { method: "HEAD", headers });
    assert.equal(head.headers.get("content-length"), `${byteLength}`, name);
  }
  const signed = await ask(cache, `${path.hash}.narinfo`);
  assert.match(signed.text, /^StorePath: [^]*^Sig: /m);
});

Deno.test("what is not there is 404, for every kind of thing", async () => {
  await using cache = await startCache();
  const path = fakePath("absent");
  for (
    const name of [
      `${path.hash}.narinfo`,
      path.url,
      `${path.hash}.ls`,
      `log/${path.base}.drv`,
      `realisations/sha256:${"0".repeat(64)}!out.doi`,
      "nar/..%2f..%2fcache.sqlite",
      "log/..%2f..%2fsigning.key",
    ]
  ) {
    for (const method of ["GET", "HEAD"]) {
      const answer = await ask(cache, name, { method });
      assert.equal(answer.status, 404, `${method} ${name}`);
    }
  }
});

Deno.test("writing needs a publisher, whatever is written", async () => {
  await using cache = await startCache();
  const path = fakePath("hello");
  const worker = cache.token("worker");
  for (
    const name of [path.url, `${path.hash}.narinfo`, `log/${path.base}.drv`]
  ) {
    const anonymous = await ask(cache, name, { method: "PUT", body: "x" });
    assert.equal(anonymous.status, 401);
    assert.match(anonymous.headers.get("www-authenticate") ?? "", /^Basic/);
    assert.match(anonymous.text, /token of the role publisher/);
    const denied = await put(cache, worker, name, "x");
    assert.equal(denied.status, 403);
    assert.match(denied.text, /worker.*publisher/);
  }
  assert.deepEqual(await filesBelow(`${cache.stateDir}/nar`), []);
});

Deno.test("with anonymousRole none, reading needs a token too", async () => {
  await using cache = await startCache({ anonymousRole: "none" });
  assert.equal((await ask(cache, "nix-cache-info")).status, 401);
  const password = btoa(`anyone:${cache.token("worker")}`);
  const answer = await ask(cache, "nix-cache-info", {
    headers: { authorization: `Basic ${password}` },
  });
  assert.match(answer.text, /^StoreDir: \/nix\/store$/m);
});

Deno.test("a nar that is not what its name says leaves nothing", async () => {
  await using cache = await startCache({ maxNarBytes: 4096 });
  const token = cache.token("publisher");
  const path = fakePath("hello");
  const cases: [string, string, Uint8Array, RegExp][] = [
    ["cut", path.url, path.packed.subarray(0, -1), /push again/],
    ["empty", path.url, new Uint8Array(), /0 bytes came/],
    ["not zstd", path.url, path.nar, /does not unpack as zstd/],
    [
      "too large",
      path.url.replace(".zst", ""),
      new Uint8Array(5000),
      /at most 4096/,
    ],
    [
      "a bomb",
      fakePath("b", "0".repeat(9000)).url,
      fakePath("b", "0".repeat(9000)).packed,
      /unpacked: it is larger than 4096/,
    ],
    [
      "bzip2",
      path.url.replace(".zst", ".bz2"),
      path.packed,
      /zstd, xz, gzip and none/,
    ],
  ];
  for (const [what, url, body, message] of cases) {
    const answer = await put(cache, token, url, body);
    assert.ok(answer.status >= 400 && answer.status < 500, what);
    assert.match(answer.text, message, what);
    assert.equal((await ask(cache, url, { method: "HEAD" })).status, 404, what);
  }
  assert.deepEqual(await filesBelow(`${cache.stateDir}/nar`), []);
  assert.deepEqual(await filesBelow(`${cache.stateDir}/tmp`), []);
});

Deno.test("a narinfo that lies is refused, and the path stays absent", async () => {
  await using cache = await startCache();
  const token = cache.token("publisher");
  const path = fakePath("hello");
  const other = fakePath("other");
  const absent = fakePath("absent");
  const before = await put(
    cache,
    token,
    `${path.hash}.narinfo`,
    path.narInfo,
  );
  assert.match(before.text, /is not in the cache/);
  assert.equal((await push(cache, token, other)).status, 200);
  await put(cache, token, path.url, path.packed);
  const narHash = (info: string) => /NarHash: .*/.exec(info)?.[0] ?? "";
  const cases: [string, string, RegExp][] = [
    [
      "NarHash",
      path.narInfo.replace(narHash(path.narInfo), narHash(other.narInfo)),
      /NarHash is/,
    ],
    ["NarSize", path.narInfo.replace(/NarSize: /, "NarSize: 1"), /NarSize is/],
    ["FileSize", path.narInfo.replace(/FileSize: /, "FileSize: 1"), /FileSize/],
    [
      "reference",
      path.narInfo.replace("References: ", `References: ${absent.base}`),
      new RegExp(absent.base),
    ],
    ["path", other.narInfo, /another hash/],
    ["garbage", "<html>", /line 1/],
  ];
  for (const [what, text, message] of cases) {
    const answer = await put(cache, token, `${path.hash}.narinfo`, text);
    assert.ok(answer.status >= 400 && answer.status < 500, what);
    assert.match(answer.text, message, what);
    const found = await ask(cache, `${path.hash}.narinfo`);
    assert.equal(found.status, 404, what);
  }
});

Deno.test("a path keeps its contents; the same push again changes nothing", async () => {
  await using cache = await startCache();
  const token = cache.token("publisher");
  const path = fakePath("hello");
  assert.equal((await push(cache, token, path)).status, 200);
  const first = await ask(cache, `${path.hash}.narinfo`);
  assert.equal((await push(cache, token, path)).status, 200);
  const conflict = await push(cache, token, fakePath("hello", "other bytes"));
  assert.equal(conflict.status, 409);
  assert.match(conflict.text, /not reproducible/);
  assert.equal(
    (await ask(cache, `${path.hash}.narinfo`)).text,
    first.text,
  );
});

Deno.test("two clients pushing one path at once both succeed", async () => {
  await using cache = await startCache();
  const token = cache.token("publisher");
  const path = fakePath("hello");
  const answers = await Promise.all(
    Array.from({ length: 8 }, () => push(cache, token, path)),
  );
  for (const answer of answers) assert.equal(answer.status, 200, answer.text);
  assert.equal((await filesBelow(`${cache.stateDir}/nar`)).length, 1);
  assert.deepEqual(await filesBelow(`${cache.stateDir}/tmp`), []);
});

Deno.test("more uploads at once than turns are all stored", async () => {
  await using cache = await startCache({ maxUploads: 1 });
  const token = cache.token("publisher");
  const answers = await Promise.all(
    Array.from(
      { length: 12 },
      (_, at) => push(cache, token, fakePath(`p${at}`)),
    ),
  );
  for (const answer of answers) assert.equal(answer.status, 200, answer.text);
});

Deno.test("with trusted keys, an unsigned upload is refused by name", async () => {
  const key = "ci-1:BxIktZKlwK2Cf3gziLW90B7jhBb8OPJmD5jvkx76GD0=";
  await using cache = await startCache({ trustedPublicKeys: [key] });
  const path = fakePath("hello");
  const answer = await push(cache, cache.token("publisher"), path);
  assert.equal(answer.status, 409);
  assert.match(answer.text, /valid one of ci-1/);
  assert.equal((await ask(cache, `${path.hash}.narinfo`)).status, 404);
});

Deno.test("listings, logs, realisations and debug infos come back, encoded or not", async () => {
  await using cache = await startCache();
  const token = cache.token("publisher");
  const path = fakePath("hello");
  const realisation = `realisations/sha256:${"0a".repeat(32)}!out.doi`;
  const objects: [string, string][] = [
    [`${path.hash}.ls`, '{"version":1,"root":{"type":"regular"}}'],
    [`log/${path.base}.drv`, "building\nok\n"],
    [realisation.replace("!", "%21"), '{"outPath":"x"}'],
    [`debuginfo/${"0a".repeat(20)}.debug`, '{"archive":"../nar/x"}'],
  ];
  for (const [name, text] of objects) {
    const answer = await put(
      cache,
      token,
      name,
      new Uint8Array(brotliCompressSync(new TextEncoder().encode(text))),
      { "content-encoding": "br" },
    );
    assert.equal(answer.status, 200, answer.text);
    assert.equal((await ask(cache, name)).text, text);
  }
  assert.equal((await ask(cache, realisation)).status, 200);
  const broken = await put(cache, token, `${path.hash}.ls`, "<html>");
  assert.match(broken.text, /not JSON/);
  const large = await put(
    cache,
    token,
    `debuginfo/${"0b".repeat(20)}`,
    "x".repeat(70_000),
  );
  assert.match(large.text, /larger than 65536/);
  const bomb = await put(
    cache,
    token,
    `debuginfo/${"0b".repeat(20)}`,
    new Uint8Array(brotliCompressSync(new Uint8Array(10_000_000))),
    { "content-encoding": "br" },
  );
  assert.equal(bomb.status, 400);
});

Deno.test("the API tells keys, which paths are there, and how much", async () => {
  await using cache = await startCache();
  const path = fakePath("hello");
  await push(cache, cache.token("publisher"), path);
  const key = PublicKeyReply.parse(
    JSON.parse((await ask(cache, "api/v1/public-key")).text),
  );
  assert.equal(key.publicKey, cache.publicKey);
  const absent = fakePath("absent").hash;
  const expected = { present: [path.hash], missing: [absent] };
  const byGet = await ask(
    cache,
    `api/v1/paths?hashes=${path.hash},${absent}`,
  );
  assert.deepEqual(PathsReply.parse(JSON.parse(byGet.text)), expected);
  const byPost = await ask(cache, "api/v1/paths", {
    method: "POST",
    body: JSON.stringify({ hashes: [path.hash, absent] }),
  });
  assert.deepEqual(JSON.parse(byPost.text), expected);
  const bad = await ask(cache, "api/v1/paths?hashes=../x");
  assert.equal(bad.status, 400);
  const stats = JSON.parse((await ask(cache, "api/v1/stats")).text);
  assert.equal(stats.paths, 1);
  assert.equal(stats.fileBytes, path.packed.length);
  const metrics = (await ask(cache, "metrics")).text;
  assert.match(metrics, /^procurator_cache_paths 1$/m);
  assert.match(metrics, /^procurator_cache_received_bytes_total [1-9]/m);
});

Deno.test("a start keeps paths and key, and removes what uploads left behind", async () => {
  await using dir = await tempDir("cache");
  const path = fakePath("hello");
  let key = "";
  {
    await using cache = await startCache({ stateDir: dir.path });
    await push(cache, cache.token("publisher"), path);
    key = cache.publicKey;
    await assert.rejects(
      startCache({ stateDir: dir.path }),
      /in use by process/,
    );
  }
  const secret = await Deno.stat(`${dir.path}/signing.key`);
  assert.equal((secret.mode ?? 0) & 0o777, 0o600);
  await Deno.writeTextFile(`${dir.path}/tmp/7`, "half a nar");
  await Deno.mkdir(`${dir.path}/nar/zz`);
  await Deno.writeTextFile(`${dir.path}/nar/zz/zz-unknown.nar`, "no record");
  await using cache = await startCache({ stateDir: dir.path });
  assert.equal(cache.publicKey, key);
  assert.equal((await ask(cache, `${path.hash}.narinfo`)).status, 200);
  await until(
    "the sweep",
    async () => (await filesBelow(`${dir.path}/nar`)).length === 1,
    { timeoutMs: 60_000 },
  );
  assert.deepEqual(await filesBelow(`${dir.path}/tmp`), []);
});

Deno.test("a nar lost from disk is 404 and can be pushed again", async () => {
  await using cache = await startCache();
  const token = cache.token("publisher");
  const path = fakePath("hello");
  await push(cache, token, path);
  const file = path.url.slice("nar/".length);
  await Deno.remove(`${cache.stateDir}/nar/${file.slice(0, 2)}/${file}`);
  for (const method of ["HEAD", "GET"]) {
    assert.equal((await ask(cache, path.url, { method })).status, 404);
  }
  assert.equal((await push(cache, token, path)).status, 200);
  assert.equal((await ask(cache, path.url)).status, 200);
});

Deno.test("a broken signing key stops the start and says where", async () => {
  await using dir = await tempDir("cache");
  await Deno.writeTextFile(
    `${dir.path}/signing.key`,
    "procurator-cache-1:AAAA",
  );
  await assert.rejects(startCache({ stateDir: dir.path }), /signing\.key/);
});
