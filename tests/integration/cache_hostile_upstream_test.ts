import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { zstdCompressSync } from "node:zlib";
import { encodeNixBase32 } from "../../roles/nar/core/nix_base32.ts";
import {
  type FakePath,
  fakePath,
  startCache,
  type TestCache,
} from "../support/cache.ts";
import {
  type ScriptedUpstream,
  scriptedUpstream,
  signed,
} from "../support/scripted_upstream.ts";
import { tempDir } from "../support/temp.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: 60_000 };

/** A cache with a scripted upstream. */
async function setUp(deps: Parameters<typeof startCache>[1] = {}) {
  const stack = new AsyncDisposableStack();
  const up = stack.use(scriptedUpstream());
  const cache = stack.use(await startCache({ upstreams: [up.config] }, deps));
  return { up, cache, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

async function status(cache: TestCache, path: string): Promise<number> {
  const answer = await fetch(`${cache.url}/${path}`);
  await answer.body?.cancel();
  return answer.status;
}

async function text(cache: TestCache, path: string): Promise<string> {
  return await (await fetch(`${cache.url}/${path}`)).text();
}

async function bytes(cache: TestCache, path: string): Promise<Uint8Array> {
  const answer = await fetch(`${cache.url}/${path}`);
  assert.equal(answer.status, 200);
  return new Uint8Array(await answer.arrayBuffer());
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

async function assertNothingStored(cache: TestCache): Promise<void> {
  await until(
    "everything staged went",
    async () => (await filesBelow(`${cache.stateDir}/tmp`)).length === 0,
    WAIT,
  );
  assert.deepEqual(await filesBelow(`${cache.stateDir}/nar`), []);
  const stats = JSON.parse(await text(cache, "api/v1/stats"));
  assert.equal(stats.paths, 0);
  assert.equal(stats.nars, 0);
}

/** A client has its answer once it is true, which is before it is stored. */
async function untilStored(cache: TestCache, paths: number): Promise<void> {
  await until(
    `${paths} paths are stored`,
    async () => JSON.parse(await text(cache, "api/v1/stats")).paths === paths,
    WAIT,
  );
}

/** Its bytes do not shrink, so that a nar comes in pieces. */
function noisy(name: string): FakePath {
  const noise = crypto.getRandomValues(new Uint8Array(60_000));
  return fakePath(name, noise.toHex());
}

/** Text of that many characters that shrinks to half. */
function noise(chars: number): string {
  let text = "";
  while (text.length < chars) {
    text += crypto.getRandomValues(new Uint8Array(60_000)).toHex();
  }
  return text;
}

function changed(packed: Uint8Array): Uint8Array {
  const copy = packed.slice();
  copy[copy.length - 1] = (copy[copy.length - 1] ?? 0) ^ 1;
  return copy;
}

/** A body that begins with these bytes, without a stated length. */
function chunked(parts: readonly Uint8Array[], end: "close" | "cut") {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const part = parts[at++];
      if (part !== undefined) controller.enqueue(part);
      else if (end === "close") controller.close();
      else controller.error("cut by the test");
    },
  });
}

Deno.test("a narinfo that is not to be believed is not there, whatever is wrong with it", async () => {
  await using at = await setUp();
  const path = fakePath("a");
  const other = fakePath("b");
  const { narInfo } = path;
  const cases: [string, string][] = [
    ["unsigned", narInfo],
    [
      "signed for another",
      narInfo + (/Sig: .*\n/.exec(signed(other.narInfo))?.[0] ?? ""),
    ],
    ["changed", signed(narInfo).replace(/NarSize: /, "NarSize: 1")],
    [
      "other references",
      signed(narInfo).replace("References: ", `References: ${other.base}`),
    ],
    ["another path", signed(other.narInfo)],
    ["another store", signed(narInfo).replace("/nix/store", "/gnu/store")],
    ["traversal", signed(narInfo).replace(path.base, "../../etc/passwd")],
    ["too large", signed(narInfo) + "x".repeat(2 * 1024 * 1024)],
    ["no text", "\0\xff"],
    ["a page", "<html>"],
    ["empty", ""],
    [
      "more than is taken",
      signed(narInfo.replace(/FileSize: .*/, `FileSize: ${2 ** 52}`)),
    ],
    ["bzip2", signed(narInfo).replace(/Compression: .*/, "Compression: bzip2")],
  ];
  for (const [what, body] of cases) {
    // Each under a cache that has not given up on this upstream.
    await using cache = await startCache({ upstreams: [at.up.config] });
    at.up.answers.set(`${path.hash}.narinfo`, () => new Response(body));
    assert.equal(await status(cache, `${path.hash}.narinfo`), 404, what);
    assert.equal(await status(cache, path.url), 404, what);
    assert.match(
      await text(cache, "metrics"),
      /source_failures_total\{[^}]*kind="(refused|unavailable)"\} 1/,
      what,
    );
    await assertNothingStored(cache);
  }
});

Deno.test("a nar that is not what its narinfo says is cut off and not stored; the true one is", async () => {
  const path = noisy("a");
  const more = new Uint8Array(1000);
  const cases: [string, () => BodyInit][] = [
    ["other bytes", () => changed(path.packed) as BodyInit],
    ["cut", () => chunked([path.packed.slice(0, 40_000)], "cut")],
    ["short", () => chunked([path.packed.slice(0, 40_000)], "close")],
    ["longer", () => chunked([path.packed, more], "close")],
  ];
  for (const [what, body] of cases) {
    await using at = await setUp();
    at.up.has(path);
    at.up.answers.set(path.url, () => new Response(body()));
    assert.equal(await status(at.cache, `${path.hash}.narinfo`), 200);
    await assert.rejects(bytes(at.cache, path.url), what);
    await assertNothingStored(at.cache);
    at.up.has(path);
    assert.deepEqual(await bytes(at.cache, path.url), path.packed, what);
    await untilStored(at.cache, 1);
  }
});

Deno.test("a nar whose file is true and whose contents are not is cut off", async () => {
  await using at = await setUp();
  const path = noisy("a");
  const bomb = new Uint8Array(zstdCompressSync(new Uint8Array(50_000_000)));
  const digest = createHash("sha256").update(bomb).digest();
  const fileHash = encodeNixBase32(new Uint8Array(digest));
  const url = `nar/${fileHash}.nar.zst`;
  const lie = path.narInfo
    .replace(/URL: .*/, `URL: ${url}`)
    .replace(/FileHash: .*/, `FileHash: sha256:${fileHash}`)
    .replace(/FileSize: .*/, `FileSize: ${bomb.length}`);
  at.up.answers.set(`${path.hash}.narinfo`, () => new Response(signed(lie)));
  at.up.answers.set(url, () => new Response(bomb));
  assert.equal(await status(at.cache, `${path.hash}.narinfo`), 200);
  await assert.rejects(bytes(at.cache, url));
  await assertNothingStored(at.cache);
});

Deno.test("without room on the disk a nar goes through, checked and not stored; uploads keep the rest", async () => {
  await using dir = await tempDir("cache");
  const stateDir = `${dir.path}/small`;
  await Deno.mkdir(stateDir);
  await runChecked(
    "mount",
    ["-t", "tmpfs", "-o", "size=4m", "tmpfs", stateDir],
  );
  try {
    await using up = scriptedUpstream();
    await using cache = await startCache({ stateDir, upstreams: [up.config] });
    const large = fakePath(
      "large",
      noise(10_000_000),
    );
    const small = noisy("b");
    up.has(large);
    assert.equal(await status(cache, `${large.hash}.narinfo`), 200);
    for (const _ of ["once", "again"]) {
      assert.deepEqual(await bytes(cache, large.url), large.packed);
    }
    const part = await fetch(`${cache.url}/${large.url}`, {
      headers: { range: "bytes=1000000-1000009" },
    });
    assert.equal(part.status, 206);
    assert.deepEqual(
      new Uint8Array(await part.arrayBuffer()),
      large.packed.slice(1_000_000, 1_000_010),
    );
    // Clients that leave say nothing about the upstream.
    for (let time = 0; time < 4; time++) {
      const left = await fetch(`${cache.url}/${large.url}`);
      await left.body?.cancel();
    }
    assert.match(await text(cache, "readyz"), /"reasons":\[\]/);
    up.answers.set(
      large.url,
      () => new Response(changed(large.packed) as BodyInit),
    );
    await assert.rejects(bytes(cache, large.url));
    up.answers.delete(large.url);
    assert.equal(await status(cache, large.url), 404);
    await assertNothingStored(cache);
    up.has(small);
    await status(cache, `${small.hash}.narinfo`);
    assert.deepEqual(await bytes(cache, small.url), small.packed);
    await untilStored(cache, 1);
  } finally {
    await runChecked("umount", [stateDir]);
  }
});

Deno.test("a nar that cannot begin is an error before the answer, and is asked again", async () => {
  await using at = await setUp();
  const path = fakePath("a");
  at.up.has(path);
  assert.equal(await status(at.cache, `${path.hash}.narinfo`), 200);
  at.up.answers.set(path.url, () => new Response("x"));
  assert.equal(await status(at.cache, path.url), 503);
  at.up.answers.set(path.url, () => new Response(null, { status: 500 }));
  assert.equal(await status(at.cache, path.url), 503);
  at.up.answers.delete(path.url);
  assert.equal(await status(at.cache, path.url), 404);
  at.up.has(path);
  assert.deepEqual(await bytes(at.cache, path.url), path.packed);
});

Deno.test("redirects are followed a little, never out of the scheme", async () => {
  await using at = await setUp();
  await using storage = scriptedUpstream();
  const path = fakePath("a");
  at.up.has(path);
  storage.has(path);
  const to = (url: string) => () =>
    new Response(null, { status: 302, headers: { location: url } });
  at.up.answers.set(path.url, to(`${storage.url}/${path.url}`));
  assert.equal(await status(at.cache, `${path.hash}.narinfo`), 200);
  assert.deepEqual(await bytes(at.cache, path.url), path.packed);

  const other = fakePath("b");
  at.up.has(other);
  assert.equal(await status(at.cache, `${other.hash}.narinfo`), 200);
  const cases = [
    `${at.up.url}/${other.url}`,
    "https://127.0.0.1:1/x",
    "file:///etc/passwd",
    "",
  ];
  for (const location of cases) {
    const before = at.up.asked.length;
    at.up.answers.set(other.url, to(location));
    const answered = await status(at.cache, other.url);
    assert.ok(answered >= 400, location);
    // The narinfo once more, the nar, three times elsewhere.
    assert.ok(at.up.asked.length - before <= 5, location);
  }
});

Deno.test("an upstream that is down is passed over, told of, and used when it is back", async () => {
  let nowMs = 1_000_000;
  await using at = await setUp({ clock: { now: () => nowMs } });
  const path = fakePath("a");
  at.up.has(path);
  at.up.answers.set(
    "nix-cache-info",
    () => new Response("down", { status: 502 }),
  );
  const narInfo = `${path.hash}.narinfo`;
  for (let time = 0; time < 3; time++) {
    assert.equal(await status(at.cache, narInfo), 404);
  }
  const asked = at.up.asked.length;
  assert.equal(await status(at.cache, narInfo), 404);
  assert.equal(at.up.asked.length, asked);
  const ready = await fetch(`${at.cache.url}/readyz`);
  assert.equal(ready.status, 200);
  assert.match(await ready.text(), /passed over: .*status 502/);
  assert.match(await text(at.cache, "metrics"), /source_up\{[^}]*\} 0/);

  at.up.answers.set(
    "nix-cache-info",
    () => new Response("StoreDir: /nix/store\n"),
  );
  nowMs += 10_000;
  assert.equal(await status(at.cache, narInfo), 200);
  assert.match(await text(at.cache, "readyz"), /"reasons":\[\]/);
});

Deno.test("who asks while an upstream is tried again waits for that, and is not told no", async () => {
  let nowMs = 1_000_000;
  await using at = await setUp({ clock: { now: () => nowMs } });
  const path = fakePath("a");
  const info = (body: string, status = 200) => () =>
    new Response(body, { status });
  at.up.has(path);
  at.up.answers.set("nix-cache-info", info("", 500));
  const narInfo = `${path.hash}.narinfo`;
  for (let time = 0; time < 3; time++) await status(at.cache, narInfo);
  nowMs += 10_000;
  at.up.answers.set("nix-cache-info", info("StoreDir: /nix/store\n"));
  const others = Array.from({ length: 10 }, (_, at) => fakePath(`p${at}`));
  others.forEach((other) => at.up.has(other));
  const answers = await Promise.all(
    others.map(({ hash }) => status(at.cache, `${hash}.narinfo`)),
  );
  assert.deepEqual(answers, others.map(() => 200));
});

Deno.test("what an upstream does not have is not asked of it again for a while", async () => {
  let nowMs = 1_000_000;
  await using at = await setUp({ clock: { now: () => nowMs } });
  const path = fakePath("a");
  const narInfo = `${path.hash}.narinfo`;
  assert.equal(await status(at.cache, narInfo), 404);
  at.up.has(path);
  assert.equal(await status(at.cache, narInfo), 404);
  assert.equal(at.up.asked.length, 2);
  nowMs += 30_000;
  assert.equal(await status(at.cache, narInfo), 200);
});

Deno.test("an upstream of another store directory is not used, and that is said", async () => {
  await using at = await setUp();
  const path = fakePath("a");
  at.up.has(path);
  at.up.answers.set(
    "nix-cache-info",
    () => new Response("StoreDir: /gnu/store\n"),
  );
  for (let time = 0; time < 3; time++) {
    assert.equal(await status(at.cache, `${path.hash}.narinfo`), 404);
  }
  assert.match(await text(at.cache, "readyz"), /store directory is .gnu.store/);
});

Deno.test("a flood of headers and a head without an end are failures within bounds", async () => {
  const floods: ((connection: Deno.TcpConn) => Promise<void>)[] = [
    async (connection) => {
      const line = new TextEncoder().encode(`x: ${"y".repeat(8000)}\r\n`);
      await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\n"));
      for (;;) await connection.write(line);
    },
    async (connection) => {
      const garbage = new Uint8Array(65_536).fill(120);
      for (;;) await connection.write(garbage);
    },
  ];
  for (const flood of floods) {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      for await (const connection of listener) {
        await flood(connection).catch(() => undefined);
        connection.close();
      }
    })();
    const url = `http://127.0.0.1:${listener.addr.port}`;
    {
      const { publicKeys } = await withKey();
      await using cache = await startCache({
        upstreams: [{ url, publicKeys }],
      });
      assert.equal(await status(cache, `${fakePath("a").hash}.narinfo`), 404);
      assert.match(
        await text(cache, "metrics"),
        /source_failures_total\{[^}]*kind="unavailable"\} 1/,
      );
    }
    listener.close();
    await serving;
  }
});

async function withKey(): Promise<ScriptedUpstream["config"]> {
  await using up = scriptedUpstream();
  return up.config;
}
