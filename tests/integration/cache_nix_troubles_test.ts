/**
 * Stock nix and a cache in trouble: what passes costs a client no push and no
 * pull, and what does not pass ends at once.
 *
 * @module
 */
import assert from "node:assert/strict";
import { statfs } from "node:fs/promises";
import { formatError } from "../../roles/model/errors.ts";
import type { Nix } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { cacheToken, startCache, startCacheProcess } from "../support/cache.ts";
import { deepClosure } from "../support/deep_closure.ts";
import { nixStore } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

/** What hangs is seen by it; what passes takes seconds. */
const CALL = { timeoutMs: 120_000 };
/** A thousand syncs of a store's database are none of the cache's business. */
const UNSYNCED = { "fsync-metadata": "false" };
const LONG = { timeoutMs: 60_000 };

function publisher(stateDir: string) {
  return nixStore("nix", {
    cache: {
      url: "http://127.0.0.1",
      token: cacheToken(stateDir, "publisher"),
    },
    extraConf: UNSYNCED,
  });
}

async function addNoise(nix: Nix, dir: string, bytes: number): Promise<string> {
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(data.subarray(at, at + 65_536));
  }
  await Deno.writeFile(`${dir}/noise`, data);
  return await nix.addPath(`${dir}/noise`, "noise");
}

async function assertPulls(url: string, path: string, publicKey: string) {
  await using worker = await nixStore("nix", { extraConf: UNSYNCED });
  await worker.nix.copyFrom(url, [path], { ...CALL, publicKeys: [publicKey] });
  assert.deepEqual(await worker.nix.missingPaths([path]), []);
}

const hashOf = (path: string) => path.slice("/nix/store/".length).slice(0, 32);

/** Stands between nix and a cache. */
function between(answer: (request: Request) => Promise<Response>) {
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: () => new Response(null, { status: 502 }),
  }, answer);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

function passOn(request: Request, url: string): Promise<Response> {
  return fetch(url + new URL(request.url).pathname, {
    method: request.method,
    headers: request.headers,
    body: request.body,
  });
}

Deno.test("a disk that is full for a moment costs no push", async () => {
  await using dir = await tempDir("cache");
  const stateDir = `${dir.path}/small`;
  await Deno.mkdir(stateDir);
  await runChecked("mount", [
    "-t",
    "tmpfs",
    "-o",
    "size=16m",
    "tmpfs",
    stateDir,
  ]);
  try {
    await using ci = await publisher(stateDir);
    await using cache = await startCache({ stateDir });
    const path = await addNoise(ci.nix, dir.path, 6_000_000);
    const filler = `${stateDir}/filler`;
    await Deno.writeFile(filler, new Uint8Array(12 * 1024 * 1024));
    const pushed = ci.nix.copyTo(cache.url, [path], CALL);
    pushed.catch(() => undefined);
    await until(
      "the disk is full",
      async () => (await statfs(stateDir)).bavail === 0,
      LONG,
    );
    await Deno.remove(filler);
    await pushed;
    await assertPulls(cache.url, path, cache.publicKey);
  } finally {
    await runChecked("umount", [stateDir]);
  }
});

Deno.test("a cache that is stopped in the middle of a push hangs nobody, and the next push brings the rest", async () => {
  await using dir = await tempDir("cache");
  const stateDir = `${dir.path}/state`;
  await Deno.mkdir(stateDir);
  await using ci = await publisher(stateDir);
  const path = await deepClosure(ci.nix, `${dir.path}/expression`, {
    paths: 60,
    depth: 6,
  });
  let port = "";
  let pushed: Promise<unknown>;
  {
    await using cache = await startCache({ stateDir });
    port = new URL(cache.url).port;
    pushed = ci.nix.copyTo(cache.url, [path], CALL);
    pushed.catch(() => undefined);
    await until("some paths are there", async () => {
      const stats = await (await fetch(`${cache.url}/api/v1/stats`)).json();
      return stats.nars > 3;
    }, LONG);
  }
  await using cache = await startCache({
    stateDir,
    listen: `127.0.0.1:${port}`,
  });
  // By nix's own retries it may come through; what it must not do is hang.
  const failed = await pushed.then(() => "", formatError);
  assert.doesNotMatch(failed, /did not end within/);
  await ci.nix.copyTo(cache.url, [path], CALL);
  await assertPulls(cache.url, path, cache.publicKey);
});

Deno.test("the cache killed in the middle of a pull: nix goes on where it was once it is back", async () => {
  await using dir = await tempDir("cache");
  const stateDir = `${dir.path}/state`;
  await Deno.mkdir(stateDir);
  await using ci = await publisher(stateDir);
  const path = await addNoise(ci.nix, dir.path, 3_000_000);
  await using stack = new AsyncDisposableStack();
  const first = stack.use(await startCacheProcess(stateDir));
  await ci.nix.copyTo(first.url, [path], CALL);
  const ranges: (string | null)[] = [];
  let back: Promise<unknown> = Promise.resolve();
  await using proxy = between(async (request) => {
    if (!new URL(request.url).pathname.startsWith("/nar/")) {
      return await passOn(request, first.url);
    }
    ranges.push(request.headers.get("range"));
    await back;
    const answer = await passOn(request, first.url);
    if (ranges.length > 1) return answer;
    const reader = answer.body?.getReader();
    const { value } = await reader?.read() ?? {};
    first.child.kill("SIGKILL");
    await first.child.status;
    await reader?.cancel().catch(() => undefined);
    back = startCacheProcess(stateDir, {
      listen: new URL(first.url).host,
    }).then((again) => stack.use(again));
    let sent = false;
    const cut = new ReadableStream<Uint8Array>({
      pull(controller) {
        if (sent) return controller.error(new Error("cut"));
        sent = true;
        controller.enqueue(value ?? new Uint8Array());
      },
    }, { highWaterMark: 0 });
    return new Response(cut, { headers: answer.headers });
  });
  await assertPulls(proxy.url, path, first.publicKey);
  assert.equal(ranges[0], null);
  assert.match(ranges[1] ?? "", /^bytes=[1-9][0-9]*-$/);
});

Deno.test("a path whose reference the cache lacks is refused by name, and nix says so", async () => {
  await using dir = await tempDir("cache");
  await using cache = await startCache();
  await using ci = await publisher(cache.stateDir);
  const top = await deepClosure(ci.nix, `${dir.path}/expression`, {
    paths: 2,
    depth: 2,
  });
  const { references } = (await ci.nix.pathInfo([top]))[0] ??
    assert.fail("no path");
  const leaf = references.find((path) => path !== top) ??
    assert.fail("no leaf");
  // Tells nix that the leaf is there already, so that it is not pushed.
  await using proxy = between((request) =>
    request.method === "GET" && request.url.includes(hashOf(leaf))
      ? Promise.resolve(
        new Response(
          `StorePath: ${leaf}\nURL: nar/x.nar\nCompression: none\nNarHash: sha256:${
            "0".repeat(52)
          }\nNarSize: 1\nReferences: \n`,
        ),
      )
      : passOn(request, cache.url)
  );
  const message = await ci.nix.copyTo(proxy.url, [top], CALL)
    .then(() => assert.fail("it was taken"), formatError);
  assert.match(message, /lacks its references/);
  assert.ok(message.includes(leaf.slice("/nix/store/".length)));
  const found = await fetch(`${cache.url}/${hashOf(top)}.narinfo`);
  assert.equal(found.status, 404);
  await found.body?.cancel();
});

Deno.test("a closure of 1,000 paths is pushed and pulled, under a key that came by rotation", async () => {
  await using dir = await tempDir("cache");
  // In memory: three thousand syncs are a matter of the disk.
  const stateDir = await Deno.makeTempDir({ dir: "/dev/shm" });
  await using _gone = {
    [Symbol.asyncDispose]: () => Deno.remove(stateDir, { recursive: true }),
  };
  await using cache = await startCache({ stateDir });
  await using ci = await publisher(cache.stateDir);
  const path = await deepClosure(ci.nix, `${dir.path}/expression`, {
    paths: 1000,
    depth: 10,
    isEven: true,
    fileBytes: 256,
  });
  await ci.nix.copyTo(cache.url, [path], CALL);
  const stats = await (await fetch(`${cache.url}/api/v1/stats`)).json();
  assert.equal(stats.paths, 1000);
  const rotated = await fetch(`${cache.url}/api/v1/keys`, {
    method: "POST",
    headers: { authorization: `Bearer ${cache.token("admin")}` },
  });
  const key = (await rotated.json()).keys[0].publicKey;
  await until("all are signed anew", async () => {
    const { keys } = await (await fetch(`${cache.url}/api/v1/keys`)).json();
    return keys[0].signedPart === 1;
  }, LONG);
  await assertPulls(cache.url, path, key);
});
