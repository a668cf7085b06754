/** Closures in one request, between a real cache and real nix stores. */
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { AppError } from "../../roles/model/errors.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { CONTENT_TYPE } from "../../roles/closure/core/frames.ts";
import { startCache, startCacheProcess } from "../support/cache.ts";
import {
  STREAM_KEY,
  type StreamedPath,
  streamedPath,
  streamOf,
} from "../support/closure_stream.ts";
import { delayingProxy } from "../support/delaying_proxy.ts";
import { tempDir } from "../support/temp.ts";
import {
  assertSound,
  filledCache,
  pushClosure,
  SMALL,
  testWorker,
} from "../support/transferred.ts";
import { until } from "../support/wait.ts";

const WAIT = { timeoutMs: 60_000 };
const { paths: PATHS } = SMALL;

Deno.test("an empty store gets a closure in one request, signatures and all; one that has half of it gets the other half", async () => {
  await using at = await filledCache();
  await using proxy = await delayingProxy({ target: at.cache.url, delayMs: 0 });
  await using dir = await tempDir("wk");
  const { publicKey } = at.cache;
  await using worker = await testWorker(dir.path, {
    url: proxy.url,
    publicKey,
  });
  await worker.fetch(at.top);
  await assertSound(dir.path, worker, at.top, PATHS);
  assert.deepEqual(proxy.requests, ["POST /closure"]);
  assert.deepEqual(worker.warnings, []);
  assert.match(
    worker.progress.at(-1) ?? "",
    /^copying \d+ of 30 paths, [\d.]+ of 1\.7 MiB$/,
  );
  const told = await runChecked("nix", [
    ...["--extra-experimental-features", "nix-command"],
    ...["path-info", "--json", "--store", `${dir.path}/store`, at.top],
  ]);
  assert.match(told, /"signatures":\s*\["procurator-cache-1:/);

  await using half = await tempDir("wk");
  await using other = await testWorker(half.path, {
    url: proxy.url,
    publicKey,
  });
  const closure = await at.nix.closure([at.top]);
  const below = closure.at(-2) ?? "";
  await other.fetch(below);
  const before = proxy.answered;
  await other.fetch(at.top);
  await assertSound(half.path, other, at.top, PATHS);
  const had = (await at.nix.closure([below])).length;
  assert.match(
    other.progress.at(-1) ?? "",
    new RegExp(`of ${PATHS - had} paths`),
  );
  assert.ok(proxy.answered > before);
  assert.equal(proxy.requests.length, 3);
});

Deno.test("a connection that breaks is asked for the rest alone", async () => {
  await using at = await filledCache();
  await using proxy = await delayingProxy({ target: at.cache.url, delayMs: 0 });
  await using dir = await tempDir("wk");
  const { publicKey } = at.cache;
  await using worker = await testWorker(dir.path, {
    url: proxy.url,
    publicKey,
  });
  const held = proxy.hold(300_000);
  const fetching = worker.fetch(at.top);
  await held;
  // What lies in a socket when it breaks is lost: only what was taken counts.
  await until(
    "some have arrived",
    () => worker.progress.some((text) => /^copying [1-9]/.test(text)),
    WAIT,
  );
  proxy.cut();
  // What the proxy had read was on its way, whatever of it came through.
  const onceBroken = proxy.answered;
  proxy.release();
  await fetching;
  const afterwards = proxy.answered - onceBroken;
  await assertSound(dir.path, worker, at.top, PATHS);
  assert.deepEqual(proxy.requests, ["POST /closure", "POST /closure"]);
  assert.equal(worker.warnings.length, 1);
  // What had arrived did not come again.
  const whole = await testWorker(`${dir.path}/2`, {
    url: proxy.url,
    publicKey,
  });
  const before = proxy.answered;
  await using _ = whole;
  await whole.fetch(at.top);
  const once = proxy.answered - before;
  assert.ok(afterwards < once, `${afterwards} bytes, ${once} in one`);
});

Deno.test("the cache is killed in the middle: the next one goes on where it was", async () => {
  await using dir = await tempDir("wk");
  const stateDir = `${dir.path}/cache`;
  let closed: Promise<unknown> = Promise.resolve();
  let top = "";
  let listen = "";
  let publicKey = "";
  await using worker = await (async () => {
    await using cache = await startCacheProcess(stateDir);
    publicKey = cache.publicKey;
    listen = cache.url.slice("http://".length);
    ({ top } = await pushClosure(
      dir.path,
      { url: cache.url, stateDir },
      SMALL,
    ));
    await using proxy = await delayingProxy({ target: cache.url, delayMs: 0 });
    const url = proxy.url;
    const worker = await testWorker(dir.path, { url, publicKey });
    const held = proxy.hold(300_000);
    const giveUp = new AbortController();
    closed = assert.rejects(worker.fetch(top, giveUp.signal));
    await held;
    cache.child.kill("SIGKILL");
    await cache.child.status;
    // What it had sent and nobody has received is lost with it.
    proxy.cut();
    proxy.release();
    // It would be some seconds until nix has given up too.
    await until("it is noticed", () => worker.warnings.length > 0, WAIT);
    giveUp.abort();
    await closed;
    return worker;
  })();
  await assertSound(dir.path, worker, null);
  await using again = await startCacheProcess(stateDir, { listen });
  await using next = await testWorker(dir.path, { url: again.url, publicKey });
  await next.fetch(top);
  await assertSound(dir.path, next, top, PATHS);
  const [, rest = "30"] = /of (\d+) paths/.exec(next.progress.at(-1) ?? "") ??
    [];
  assert.ok(Number(rest) < PATHS, "what had arrived does not come again");
});

Deno.test("the worker is killed in the middle: nothing is half there, and the next one brings the rest", async () => {
  await using at = await filledCache();
  await using proxy = await delayingProxy({ target: at.cache.url, delayMs: 0 });
  await using dir = await tempDir("wk");
  const { publicKey } = at.cache;
  const held = proxy.hold(300_000);
  const script = new URL("../support/transfer_child.ts", import.meta.url);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", script.pathname]
      .concat(dir.path, proxy.url, publicKey, at.top),
    stdin: "null",
  }).spawn();
  await held;
  await using worker = await testWorker(dir.path, {
    url: proxy.url,
    publicKey,
  });
  const closure = await at.nix.closure([at.top]);
  await until("some paths are here", async () => {
    const missing = await worker.nix.missingPaths(closure);
    return missing.length < closure.length;
  }, WAIT).finally(() => child.kill("SIGKILL"));
  await child.status;
  proxy.release();
  await assertSound(dir.path, worker, null);
  await worker.fetch(at.top);
  await assertSound(dir.path, worker, at.top, PATHS);
  const [, rest = "30"] = /of (\d+) paths/.exec(worker.progress.at(-1) ?? "") ??
    [];
  assert.ok(Number(rest) < PATHS, "what had arrived does not come again");
});

Deno.test("two fetches at once into one store: each path comes once", async () => {
  await using at = await filledCache();
  const more = { ...SMALL, seed: "more" };
  const { top } = await pushClosure(at.dir, at.cache, more);
  await using proxy = await delayingProxy({ target: at.cache.url, delayMs: 0 });
  await using dir = await tempDir("wk");
  const { publicKey } = at.cache;
  await using worker = await testWorker(dir.path, {
    url: proxy.url,
    publicKey,
  });
  await using other = await testWorker(dir.path, { url: proxy.url, publicKey });
  await Promise.all([
    worker.fetch(at.top),
    worker.fetch(top),
    other.fetch(at.top),
  ]);
  assert.deepEqual([...worker.warnings, ...other.warnings], []);
  await assertSound(dir.path, worker, at.top, PATHS);
  await assertSound(dir.path, worker, top, PATHS);
  assert.deepEqual(new Set(proxy.requests), new Set(["POST /closure"]));
});

Deno.test("what is signed by another key is not taken, by nix neither", async () => {
  await using at = await filledCache({ paths: 2, depth: 2 });
  await using dir = await tempDir("wk");
  const { publicKey } = await at.nix.generateKey("procurator-cache-1");
  await using proxy = await delayingProxy({ target: at.cache.url, delayMs: 0 });
  await using worker = await testWorker(dir.path, {
    url: proxy.url,
    publicKey,
  });
  // These are addressed by their content: nix takes them without a signature.
  await worker.fetch(at.top);
  assert.match(worker.warnings[0] ?? "", /not signed by any of procurator-/);
  assert.equal(
    proxy.requests.filter((line) => line === "POST /closure").length,
    1,
  );
  assert.ok(proxy.requests.some((line) => line.includes(".narinfo")));
});

/** The key that streams of tests are signed with, as nix reads it. */
function streamKey(): string {
  const { x = "" } = STREAM_KEY.publicKey.export({ format: "jwk" });
  const bytes = Uint8Array.fromBase64(x, { alphabet: "base64url" });
  return `test-1:${bytes.toBase64()}`;
}

/** A cache that answers `POST /closure` as a test says, and has nothing else. */
function serveStream(bytes: Uint8Array) {
  const requests: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined },
    (request) => {
      requests.push(new URL(request.url).pathname);
      return request.method === "POST"
        ? new Response(bytes as BodyInit, {
          headers: { "content-type": CONTENT_TYPE },
        })
        : new Response("not here", { status: 404 });
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The archive of a file, as nix writes it. */
function narOf(text: string): Uint8Array {
  const words = ["nix-archive-1", "(", "type", "regular", "contents", text];
  const parts = [...words, ")"].map((word) => {
    const bytes = new TextEncoder().encode(word);
    const padded = new Uint8Array(8 + Math.ceil(bytes.length / 8) * 8);
    new DataView(padded.buffer).setBigUint64(0, BigInt(bytes.length), true);
    padded.set(bytes, 8);
    return [...padded];
  });
  return Uint8Array.from(parts.flat());
}

async function fetchStream(bytes: Uint8Array, top: StreamedPath) {
  await using server = serveStream(bytes);
  await using dir = await tempDir("wk");
  await using worker = await testWorker(dir.path, {
    url: server.url,
    publicKey: streamKey(),
  });
  const path = `/nix/store/${top.info.base}`;
  const error = await worker.fetch(path).then(() => null, (error) => error);
  const missing = await worker.nix.missingPaths([path]);
  await assertSound(dir.path, worker, null);
  return { error, isThere: missing.length === 0, warnings: worker.warnings };
}

Deno.test("a cache that lies about contents, references or its end leaves nothing behind", async () => {
  const honest = streamedPath("honest", narOf("as signed"));
  const { isThere } = await fetchStream(streamOf([honest]), honest);
  assert.ok(isThere, "the same without a lie is taken");

  const other = streamedPath("other", narOf("of others"));
  // Its own file hash, which nobody signs, is true; the contents are not those signed.
  const { file, fileHash } = other.info;
  const info = { ...honest.info, file, fileHash };
  const swapped = { info, file: other.file };
  const lied = await fetchStream(streamOf([swapped]), honest);
  assert.ok(!lied.isThere);
  assert.match(lied.warnings[0] ?? "", /hash mismatch/);

  const absent = streamedPath("absent", narOf("not sent"));
  const needy = streamedPath("needy", narOf("needs"), [absent.info.base]);
  const open = await fetchStream(streamOf([needy]), needy);
  assert.ok(!open.isThere);
  assert.match(open.warnings[0] ?? "", /refers to .*-absent/);

  const whole = streamOf([honest]);
  const cut = await fetchStream(whole.subarray(0, whole.length - 20), other);
  assert.ok(!cut.isThere);
  assert.match(cut.warnings[0] ?? "", /whole closure/);
  assert.ok(cut.error instanceof AppError);
});

Deno.test("a nar that was damaged on the cache's disk is not taken; what is whole before it is", async () => {
  await using at = await filledCache({ paths: 4, depth: 4 });
  await using dir = await tempDir("wk");
  const { publicKey, stateDir } = at.cache;
  const url = at.cache.url;
  await using worker = await testWorker(dir.path, { url, publicKey });
  const database = new DatabaseSync(`${stateDir}/cache.sqlite`);
  const row = database.prepare("SELECT file FROM path WHERE base = ?")
    .get(at.top.slice("/nix/store/".length));
  database.close();
  const name = String(row?.["file"]);
  const file = `${stateDir}/nar/${name.slice(0, 2)}/${name}`;
  const bytes = await Deno.readFile(file);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 0xff;
  await Deno.writeFile(file, bytes);
  await assert.rejects(worker.fetch(at.top));
  assert.match(worker.warnings[0] ?? "", /has the hash|does not unpack/);
  assert.deepEqual(await worker.nix.missingPaths([at.top]), [at.top]);
  await assertSound(dir.path, worker, null);
  const below = (await at.nix.closure([at.top])).slice(0, -1);
  assert.deepEqual(await worker.nix.missingPaths(below), []);
});

/** Answers `POST /closure` by `closure`, all else by the cache at `url`. */
function serveFront(
  closure: (body: string) => Promise<Response>,
  url: string,
) {
  const posts: string[] = [];
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => undefined },
    async (request) => {
      const { pathname } = new URL(request.url);
      if (request.method !== "POST") return await fetch(`${url}${pathname}`);
      posts.push(pathname);
      return await closure(await request.text());
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    posts,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

Deno.test("a stream that breaks twice is left to nix, which brings the rest", async () => {
  await using at = await filledCache();
  await using dir = await tempDir("wk");
  const { publicKey } = at.cache;
  await using front = serveFront(async (body) => {
    const response = await fetch(`${at.cache.url}/closure`, {
      method: "POST",
      body,
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const half = bytes.subarray(0, bytes.length >> 1);
    return new Response(half, { headers: response.headers });
  }, at.cache.url);
  const { url, posts } = front;
  await using worker = await testWorker(dir.path, { url, publicKey });
  await worker.fetch(at.top);
  assert.equal(posts.length, 2);
  assert.equal(worker.warnings.length, 2);
  await assertSound(dir.path, worker, at.top, PATHS);
});

Deno.test("what the cache has only by reference is left to nix, after all that it has itself", async () => {
  await using at = await filledCache();
  await using dir = await tempDir("wk");
  const { publicKey, stateDir } = at.cache;
  // An upstream: the same closure, by files.
  const upstream = await startCache({
    signingKeyFiles: [`${stateDir}/signing.key`],
    keyName: "upstream-1",
  });
  await using _ = upstream;
  const { top } = await pushClosure(`${dir.path}/up`, upstream, SMALL);
  assert.equal(top, at.top);
  const leaf = (await at.nix.closure([top]))[0] ?? "";
  const database = new DatabaseSync(`${stateDir}/cache.sqlite`);
  database.prepare("DELETE FROM path WHERE base = ?")
    .run(leaf.slice("/nix/store/".length));
  database.close();
  await using front = serveFront(
    (body) => fetch(`${at.cache.url}/closure`, { method: "POST", body }),
    upstream.url,
  );
  const { url, posts } = front;
  await using worker = await testWorker(dir.path, { url, publicKey });
  await worker.fetch(top);
  assert.deepEqual(posts, ["/closure"]);
  assert.deepEqual(worker.warnings, []);
  await assertSound(dir.path, worker, top, PATHS);
});

Deno.test("a small disk: refused before anything comes, and when it gets full nothing is half there", async () => {
  await using at = await filledCache({
    paths: 30,
    depth: 6,
    fileBytes: 262_144,
    isEven: true,
  });
  await using dir = await tempDir("wk");
  const disk = `${dir.path}/disk`;
  await Deno.mkdir(disk);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=20m", "none", disk]);
  try {
    const { publicKey, url } = at.cache;
    const common = { url, publicKey, store: `${disk}/store` };
    await using careful = await testWorker(`${dir.path}/1`, {
      ...common,
      minFreeMib: 1,
    });
    await assert.rejects(careful.fetch(at.top), {
      code: "storage",
      message: /it needs 2\d MiB, and 1 MiB that stay free/,
    });
    await using careless = await testWorker(`${dir.path}/2`, common);
    await assert.rejects(careless.fetch(at.top), { code: "storage" });
    assert.deepEqual(await careless.nix.missingPaths([at.top]), [at.top]);
    await assertSound(`${dir.path}/2`, careless, null);
  } finally {
    await runChecked("umount", [disk]);
  }
});
