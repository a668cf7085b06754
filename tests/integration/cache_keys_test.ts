/**
 * The cache's signing keys: rotation as a user does it, what clients of the
 * old and of the new key find meanwhile, and kill -9 in the middle.
 *
 * @module
 */
import assert from "node:assert/strict";
import {
  narInfoFingerprint,
  parseNarInfo,
} from "../../roles/nar/core/narinfo.ts";
import {
  parsePublicKey,
  verifySignature,
} from "../../roles/nar/core/signature.ts";
import { SigningKeyList } from "../../roles/model/cache_keys.ts";
import {
  cacheToken,
  type FakePath,
  fakePath,
  startCache,
  startCacheProcess,
} from "../support/cache.ts";
import { cli } from "../support/cli.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

async function push(url: string, token: string, path: FakePath) {
  const authorization = `Bearer ${token}`;
  for (
    const [name, body] of [
      [path.url, path.packed],
      [`${path.hash}.narinfo`, path.narInfo],
    ] as const
  ) {
    const answer = await fetch(`${url}/${name}`, {
      method: "PUT",
      body: body as BodyInit,
      headers: { authorization },
    });
    assert.equal(answer.status, 200, await answer.text());
  }
}

/** True when a client that trusts `publicKey` alone takes the path. */
async function isTrusted(url: string, path: FakePath, publicKey: string) {
  const text = await (await fetch(`${url}/${path.hash}.narinfo`)).text();
  const info = parseNarInfo(text, { hash: path.hash, storeDir: "/nix/store" });
  const key = parsePublicKey(publicKey);
  return info.signatures.some((signature) =>
    verifySignature(narInfoFingerprint(info), signature, [key])
  );
}

async function keysOf(url: string) {
  const answer = await fetch(`${url}/api/v1/keys`);
  return SigningKeyList.parse(await answer.json()).keys;
}

function untilSigned(url: string) {
  return until(
    "the new key has signed all",
    async () => (await keysOf(url)).every((key) => key.signedPart === 1),
    { timeoutMs: 60_000 },
  );
}

Deno.test("a key is rotated and retired by words, and no client ever finds a path it cannot trust", async () => {
  await using dir = await tempDir("keys");
  await using cache = await startCache();
  const publisher = cache.token("publisher");
  const tokenFile = `${dir.path}/token`;
  await Deno.writeTextFile(tokenFile, cache.token("admin"));
  const procurator = (...words: string[]) =>
    cli([...words, "--url", cache.url, "--token-file", tokenFile]);
  const before = fakePath("before");
  await push(cache.url, publisher, before);
  assert.ok(await isTrusted(cache.url, before, cache.publicKey));

  const rotated = await procurator("cache", "key", "rotate");
  assert.equal(rotated.status, 0, rotated.err);
  assert.match(rotated.out, /procurator-cache-2 +current/);
  assert.match(rotated.out, /retire procurator-cache-1/);
  await untilSigned(cache.url);
  const [current, old] = await keysOf(cache.url);
  assert.equal(old?.publicKey, cache.publicKey);
  const after = fakePath("after");
  await push(cache.url, publisher, after);
  for (const key of [current, old]) {
    assert.ok(rotated.out.includes(key?.publicKey ?? ""));
    for (const path of [before, after]) {
      assert.ok(await isTrusted(cache.url, path, key?.publicKey ?? ""));
    }
  }
  const told = await (await fetch(`${cache.url}/api/v1/public-key`)).json();
  assert.deepEqual(told.publicKeys, [current?.publicKey, old?.publicKey]);

  const early = await procurator("cache", "key", "retire", current?.name ?? "");
  assert.equal(early.status, 3);
  assert.match(early.err, /it is the key in use/);
  const retired = await procurator("cache", "key", "retire", old?.name ?? "");
  assert.equal(retired.status, 0, retired.err);
  const last = fakePath("last");
  await push(cache.url, publisher, last);
  assert.ok(await isTrusted(cache.url, last, current?.publicKey ?? ""));
  assert.ok(!await isTrusted(cache.url, last, old?.publicKey ?? ""));
  const list = await procurator("cache", "key", "list", "--json");
  assert.deepEqual(
    SigningKeyList.parse(JSON.parse(list.out)).keys.map(({ name }) => name),
    ["procurator-cache-2"],
  );
  const unknown = await procurator("cache", "key", "retire", "nobody-1");
  assert.equal(unknown.status, 1);
  assert.match(unknown.err, /no signing key "nobody-1"/);
});

Deno.test("keys are an admin's to change; names are checked, too many are refused", async () => {
  await using cache = await startCache();
  const send = (
    method: string,
    path: string,
    role?: "publisher" | "admin",
    body?: string,
  ) =>
    fetch(`${cache.url}/api/v1/keys${path}`, {
      method,
      body: body ?? null,
      headers: role === undefined
        ? {}
        : { authorization: `Bearer ${cache.token(role)}` },
    });
  const expect = async (status: number, answer: Promise<Response>) => {
    const { status: found } = await answer;
    await (await answer).body?.cancel();
    assert.equal(found, status);
  };
  await expect(401, send("POST", ""));
  await expect(403, send("POST", "", "publisher"));
  await expect(403, send("DELETE", "/procurator-cache-1", "publisher"));
  await expect(400, send("POST", "", "admin", '{"name":"a:b"}'));
  await expect(409, send("POST", "", "admin", '{"name":"procurator-cache-1"}'));
  for (const name of ["a-1", "b-1", "c-1"]) {
    await expect(201, send("POST", "", "admin", JSON.stringify({ name })));
  }
  await expect(409, send("POST", "", "admin"));
  assert.equal((await keysOf(cache.url)).length, 4);
});

Deno.test("a rotation that kill -9 ended goes on with the next start", async () => {
  await using dir = await tempDir("keys");
  const paths = Array.from({ length: 160 }, (_, at) => fakePath(`path-${at}`));
  const admin = cacheToken(dir.path, "admin");
  {
    await using cache = await startCacheProcess(dir.path);
    const publisher = cache.token("publisher");
    for (let at = 0; at < paths.length; at += 40) {
      await Promise.all(
        paths.slice(at, at + 40).map((path) =>
          push(cache.url, publisher, path)
        ),
      );
    }
    const made = await fetch(`${cache.url}/api/v1/keys`, {
      method: "POST",
      headers: { authorization: `Bearer ${admin}` },
    });
    assert.equal(made.status, 201);
    cache.child.kill("SIGKILL");
    await cache.child.status;
    await made.body?.cancel().catch(() => undefined);
  }
  await using cache = await startCache({ stateDir: dir.path });
  const file = await Deno.stat(`${dir.path}/signing.key`);
  assert.equal((file.mode ?? 0) & 0o777, 0o600);
  await untilSigned(cache.url);
  const keys = await keysOf(cache.url);
  assert.deepEqual(keys.map(({ name }) => name), [
    "procurator-cache-2",
    "procurator-cache-1",
  ]);
  for (const path of paths) {
    for (const { publicKey } of keys) {
      assert.ok(await isTrusted(cache.url, path, publicKey), path.base);
    }
  }
});

Deno.test("a key file that is added later signs what is stored", async () => {
  await using dir = await tempDir("keys");
  const path = fakePath("hello");
  const file = `${dir.path}/more.key`;
  {
    await using other = await startCache({ keyName: "more-1" });
    await Deno.copyFile(`${other.stateDir}/signing.key`, file);
  }
  {
    await using cache = await startCache({ stateDir: `${dir.path}/state` });
    await push(cache.url, cache.token("publisher"), path);
  }
  await using cache = await startCache({
    stateDir: `${dir.path}/state`,
    signingKeyFiles: [file],
  });
  await untilSigned(cache.url);
  const [, more] = await keysOf(cache.url);
  assert.equal(more?.configured, true);
  assert.ok(await isTrusted(cache.url, path, more?.publicKey ?? ""));
});
