import assert from "node:assert/strict";
import { initTls } from "../../roles/auth/mod.ts";
import { systemRandom } from "../../roles/clock/mod.ts";
import { formatError } from "../../roles/model/errors.ts";
import type { Nix } from "../../roles/nix/mod.ts";
import { runChecked } from "../../roles/process/mod.ts";
import {
  cacheToken,
  startCache,
  startCacheProcess,
  type TestCache,
} from "../support/cache.ts";
import { nixStore } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";

/** Long enough for nix's own retries, short enough to show a hang. */
const NIX_TIMEOUT_MS = 60_000;
/** 2.8 with an upload that is refused: 0.1 s measured, 5 s and more if it retried. */
const CALL = { timeoutMs: NIX_TIMEOUT_MS };

/** Bytes that do not compress. */
function noise(bytes: number): Uint8Array {
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at += 65_536) {
    crypto.getRandomValues(data.subarray(at, at + 65_536));
  }
  return data;
}

/** A nix with a token for the cache of `stateDir`; `role` null: without one. */
async function client(
  stateDir: string,
  role: "publisher" | "worker" | null,
) {
  if (role === null) return await nixStore("nix");
  return await nixStore("nix", {
    cache: { url: "http://127.0.0.1", token: cacheToken(stateDir, role) },
  });
}

async function addNoise(nix: Nix, dir: string, bytes: number): Promise<string> {
  await Deno.writeFile(`${dir}/noise`, noise(bytes));
  return await nix.addPath(`${dir}/noise`, "noise");
}

/** A path that refers to another, made without a builder. */
async function addClosure(nix: Nix, dir: string): Promise<string> {
  await Deno.writeTextFile(
    `${dir}/flake.nix`,
    `{ outputs = { self }: { closure = builtins.toFile "top" "see \${builtins.toFile "leaf" "${crypto.randomUUID()}"}"; }; }`,
  );
  return await nix.evalRaw(`path:${dir}`, "closure", CALL);
}

/** Input-addressed: such a path is trusted by its signature alone. */
const FLAKE_WITHOUT_CA = `{
  outputs = { self }: {
    built = derivation {
      name = "built";
      system = "${Deno.build.arch}-linux";
      builder = "/bin/sh";
      args = [ "-c" "echo built > $out" ];
    };
  };
}
`;

async function buildWithoutCa(nix: Nix, dir: string): Promise<string> {
  await Deno.writeTextFile(`${dir}/flake.nix`, FLAKE_WITHOUT_CA);
  const [path] = await nix.build(`path:${dir}`, ["built"], CALL);
  return path ?? assert.fail("nothing was built");
}

async function failure(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    return formatError(error);
  }
  return assert.fail("it succeeded");
}

/** A publisher's nix beside a running cache. */
async function setUp(config: Parameters<typeof startCache>[0] = {}) {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir("cache"));
  const cache = stack.use(await startCache(config));
  const ci = stack.use(await client(cache.stateDir, "publisher"));
  return {
    dir: dir.path,
    cache: cache as TestCache,
    ci: ci.nix,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

Deno.test("nix pushes a closure and pulls it with the cache's key alone", async () => {
  await using at = await setUp();
  const path = await addClosure(at.ci, at.dir);
  await at.ci.copyTo(at.cache.url, [path], CALL);
  await using worker = await nixStore("nix");
  await worker.nix.copyFrom(at.cache.url, [path], {
    ...CALL,
    publicKeys: [at.cache.publicKey],
  });
  assert.match(
    await Deno.readTextFile(worker.nix.physicalPath(path)),
    /^see \/nix\/store/,
  );
  assert.deepEqual(await worker.nix.missingPaths([path]), []);
});

Deno.test("nix refuses a pull under another key, before it fetches any nar", async () => {
  await using at = await setUp();
  const key = await at.ci.generateKey("procurator-cache-1");
  const path = await buildWithoutCa(at.ci, at.dir);
  await at.ci.copyTo(at.cache.url, [path], CALL);
  await using worker = await nixStore("nix");
  const message = await failure(
    worker.nix.copyFrom(at.cache.url, [path], {
      ...CALL,
      publicKeys: [key.publicKey],
    }),
  );
  assert.match(message, /signature/);
  const metrics = await (await fetch(`${at.cache.url}/metrics`)).text();
  assert.match(metrics, /lookups_total\{what="narinfo"/);
  assert.doesNotMatch(metrics, /direction="sent"/);
});

Deno.test("a publisher's own signature stays beside the cache's", async () => {
  await using at = await setUp();
  const key = await at.ci.generateKey("ci-1");
  const secretKeyFile = `${at.dir}/ci.sec`;
  await Deno.writeTextFile(secretKeyFile, key.secretKey, { mode: 0o600 });
  const path = await buildWithoutCa(at.ci, at.dir);
  await at.ci.copyTo(at.cache.url, [path], { ...CALL, secretKeyFile });
  for (const publicKey of [key.publicKey, at.cache.publicKey]) {
    await using worker = await nixStore("nix");
    await worker.nix.copyFrom(at.cache.url, [path], {
      ...CALL,
      publicKeys: [publicKey],
    });
    assert.deepEqual(await worker.nix.missingPaths([path]), []);
  }
});

Deno.test("a push without a publisher's token ends at once, says why, stores nothing", async () => {
  await using at = await setUp();
  for (const role of [null, "worker"] as const) {
    await using stranger = await client(at.cache.stateDir, role);
    const path = await addNoise(stranger.nix, at.dir, 100_000);
    const message = await failure(
      stranger.nix.copyTo(at.cache.url, [path], CALL),
    );
    assert.match(message, role === null ? /HTTP error 401/ : /HTTP error 403/);
  }
  const stats = await (await fetch(`${at.cache.url}/api/v1/stats`)).json();
  assert.equal(stats.nars, 0);
});

Deno.test("xz, nix's own default, is accepted and comes back", async () => {
  await using at = await setUp();
  const path = await addNoise(at.ci, at.dir, 300_000);
  await at.ci.copyTo(`${at.cache.url}?compression=xz`, [path], CALL);
  const hash = path.slice("/nix/store/".length).slice(0, 32);
  const info = await (await fetch(`${at.cache.url}/${hash}.narinfo`)).text();
  assert.match(info, /^Compression: xz$/m);
  await using worker = await nixStore("nix");
  await worker.nix.copyFrom(at.cache.url, [path], {
    ...CALL,
    publicKeys: [at.cache.publicKey],
  });
  assert.deepEqual(await worker.nix.missingPaths([path]), []);
});

Deno.test("over TLS, nix pushes and pulls with its defaults and with ours", async () => {
  await using dir = await tempDir("cache");
  const tls = await initTls(`${dir.path}/tls`, ["127.0.0.1"], {
    now: Date.now(),
    random: systemRandom,
  });
  await using cache = await startCache({
    tlsCert: tls.serverCert,
    tlsKey: tls.serverKey,
  });
  const login = { url: cache.url, token: cache.token("publisher") };
  for (const http2 of ["true", "false"]) {
    const options = {
      caFile: tls.caCert,
      cache: login,
      extraConf: { http2 },
    };
    await using ci = await nixStore("nix", options);
    await using worker = await nixStore("nix", options);
    const path = await addClosure(ci.nix, dir.path);
    await ci.nix.copyTo(cache.url, [path], CALL);
    await worker.nix.copyFrom(cache.url, [path], {
      ...CALL,
      publicKeys: [cache.publicKey],
    });
    assert.deepEqual(await worker.nix.missingPaths([path]), [], http2);
  }
});

Deno.test("two clients push the same closure at once", async () => {
  await using at = await setUp();
  await using other = await client(at.cache.stateDir, "publisher");
  const bytes = noise(3_000_000);
  await Deno.writeFile(`${at.dir}/same`, bytes);
  const paths = await Promise.all(
    [at.ci, other.nix].map((nix) => nix.addPath(`${at.dir}/same`, "same")),
  );
  assert.equal(paths[0], paths[1]);
  await Promise.all(
    [at.ci, other.nix].map((nix) => nix.copyTo(at.cache.url, paths, CALL)),
  );
  const stats = await (await fetch(`${at.cache.url}/api/v1/stats`)).json();
  assert.equal(stats.paths, 1);
});

Deno.test("a path that was built to other bytes elsewhere is there already: a push leaves it and succeeds", async () => {
  await using at = await setUp();
  await using other = await client(at.cache.stateDir, "publisher");
  await Deno.writeTextFile(
    `${at.dir}/flake.nix`,
    FLAKE_WITHOUT_CA.replace(
      "echo built > $out",
      "read -r id < /proc/sys/kernel/random/uuid; echo $id > $out",
    ),
  );
  const build = async (nix: Nix) => {
    const [path] = await nix.build(`path:${at.dir}`, ["built"], CALL);
    return path ?? assert.fail("nothing was built");
  };
  const path = await build(at.ci);
  assert.equal(await build(other.nix), path);
  const text = (nix: Nix) => Deno.readTextFile(nix.physicalPath(path));
  const first = await text(at.ci);
  assert.notEqual(await text(other.nix), first);
  await at.ci.copyTo(at.cache.url, [path], CALL);
  await other.nix.copyTo(at.cache.url, [path], CALL);
  await other.nix.copyTo(`${at.cache.url}?compression=xz`, [path], CALL);
  await using worker = await nixStore("nix");
  await worker.nix.copyFrom(at.cache.url, [path], {
    ...CALL,
    publicKeys: [at.cache.publicKey],
  });
  assert.equal(await text(worker.nix), first);
});

Deno.test("a nar cut on its way is resumed by a range", async () => {
  await using at = await setUp();
  const path = await addNoise(at.ci, at.dir, 2_000_000);
  await at.ci.copyTo(at.cache.url, [path], CALL);
  const ranges: (string | null)[] = [];
  // Stands between nix and the cache, and cuts the first nar in the middle.
  const cutting = Deno.serve(
    {
      hostname: "127.0.0.1",
      port: 0,
      onListen: () => {},
      onError: () => new Response(null, { status: 502 }),
    },
    async (request) => {
      const url = new URL(request.url);
      const answer = await fetch(at.cache.url + url.pathname, {
        headers: request.headers,
      });
      if (!url.pathname.startsWith("/nar/")) return answer;
      ranges.push(request.headers.get("range"));
      if (ranges.length > 1) return answer;
      const whole = new Uint8Array(await answer.arrayBuffer());
      let sent = 0;
      const half = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (sent >= 1_000_000) return controller.error(new Error("cut"));
          controller.enqueue(whole.subarray(sent, sent += 100_000));
        },
      });
      return new Response(half, { headers: answer.headers });
    },
  );
  try {
    await using worker = await nixStore("nix");
    await worker.nix.copyFrom(
      `http://127.0.0.1:${cutting.addr.port}`,
      [path],
      { ...CALL, publicKeys: [at.cache.publicKey] },
    );
    assert.deepEqual(await worker.nix.missingPaths([path]), []);
  } finally {
    await cutting.shutdown();
  }
  assert.equal(ranges[0], null);
  assert.match(ranges[1] ?? "", /^bytes=[1-9][0-9]*-$/);
});

Deno.test("the cache killed at its failpoints keeps what it acknowledged; the next push completes", async () => {
  for (const failpoint of ["cache.nar.stored", "cache.narinfo.stored"]) {
    await using dir = await tempDir("cache");
    const stateDir = `${dir.path}/state`;
    await Deno.mkdir(stateDir);
    await using ci = await client(stateDir, "publisher");
    const path = await addClosure(ci.nix, dir.path);
    let port = "";
    {
      await using cache = await startCacheProcess(stateDir, { failpoint });
      port = new URL(cache.url).port;
      await failure(ci.nix.copyTo(cache.url, [path], CALL));
      assert.equal((await cache.child.status).signal, "SIGKILL", failpoint);
    }
    await using cache = await startCacheProcess(stateDir, {
      listen: `127.0.0.1:${port}`,
    });
    await ci.nix.copyTo(cache.url, [path], CALL);
    await using worker = await nixStore("nix");
    await worker.nix.copyFrom(cache.url, [path], {
      ...CALL,
      publicKeys: [cache.publicKey],
    });
    assert.deepEqual(await worker.nix.missingPaths([path]), [], failpoint);
  }
});

Deno.test("the cache killed in the middle of an upload leaves nothing of it", async () => {
  await using dir = await tempDir("cache");
  const stateDir = `${dir.path}/state`;
  await Deno.mkdir(stateDir);
  const token = cacheToken(stateDir, "publisher");
  const entries = async (name: string) =>
    (await Array.fromAsync(Deno.readDir(`${stateDir}/${name}`))).length;
  {
    await using cache = await startCacheProcess(stateDir);
    const sent = Promise.withResolvers<void>();
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        controller.enqueue(new Uint8Array(65_536));
        if (await entries("tmp") > 0) sent.resolve();
      },
    });
    const upload = fetch(`${cache.url}/nar/${"0".repeat(52)}.nar`, {
      method: "PUT",
      body: endless,
      headers: { authorization: `Bearer ${token}` },
    });
    const failed = assert.rejects(upload);
    await sent.promise;
    cache.child.kill("SIGKILL");
    await failed;
  }
  assert.equal(await entries("tmp"), 1);
  await using _again = await startCacheProcess(stateDir);
  assert.equal(await entries("tmp"), 0);
  assert.equal(await entries("nar"), 0);
});

Deno.test("a full disk refuses a push with a readable reason, and takes it when there is room", async () => {
  await using dir = await tempDir("cache");
  const stateDir = `${dir.path}/small`;
  await Deno.mkdir(stateDir);
  const mount = (size: string, ...options: string[]) =>
    runChecked("mount", [
      ...["-t", "tmpfs", "-o", [`size=${size}`, ...options].join(",")],
      ...["tmpfs", stateDir],
    ]);
  await mount("4m");
  try {
    await using ci = await client(stateDir, "publisher");
    await using cache = await startCache({ stateDir });
    const path = await addNoise(ci.nix, dir.path, 6_000_000);
    const small = await addClosure(ci.nix, dir.path);
    const message = await failure(ci.nix.copyTo(cache.url, [path], CALL));
    assert.match(message, /HTTP error 413/);
    assert.match(message, /the disk is full/);
    assert.match(message, /make room/);
    const log = (name: string, bytes: number) =>
      fetch(`${cache.url}/log/${"a".repeat(32)}-${name}.drv`, {
        method: "PUT",
        body: new Blob([noise(bytes) as BlobPart]),
        headers: {
          // Made now: a token needs room, too.
          authorization: `Bearer ${cacheToken(stateDir, "publisher")}`,
        },
      });
    const refused = await log("large", 6_000_000);
    assert.equal(refused.status, 413);
    assert.match(await refused.text(), /the disk is full/);
    // What fits is still taken.
    const taken = await log("small", 1000);
    assert.equal(taken.status, 200, await taken.text());
    await ci.nix.copyTo(cache.url, [small], CALL);
    await mount("64m", "remount");
    await ci.nix.copyTo(cache.url, [path], CALL);
  } finally {
    await runChecked("umount", [stateDir]);
  }
});
