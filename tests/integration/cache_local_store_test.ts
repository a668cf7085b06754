import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { PathsReply } from "../../roles/cache/mod.ts";
import { ClosureReader } from "../../roles/closure/core/reader.ts";
import { createNix } from "../../roles/nix/mod.ts";
import { StoreDatabase } from "../../roles/cache/sources/store_database.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { startCache } from "../support/cache.ts";
import { nixStore } from "../support/nix_store.ts";
import { tempDir } from "../support/temp.ts";

const CALL = { timeoutMs: 60_000 };

/** A cache over a store that has a path, referred to by another, and a file of some size. */
async function setUp() {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await tempDir("local"));
  const host = stack.use(await nixStore("host"));
  await Deno.writeTextFile(
    `${dir.path}/flake.nix`,
    `{ outputs = { self }: { closure = builtins.toFile "top" "see \${builtins.toFile "leaf" "x"}"; }; }`,
  );
  const top = await host.nix.evalRaw(`path:${dir.path}`, "closure", CALL);
  await Deno.mkdir(`${dir.path}/tree`);
  await Deno.writeFile(
    `${dir.path}/tree/bytes`,
    crypto.getRandomValues(new Uint8Array(65_536)),
  );
  await Deno.writeTextFile(`${dir.path}/tree/run`, "#!/bin/sh\n");
  await Deno.chmod(`${dir.path}/tree/run`, 0o755);
  await Deno.symlink("run", `${dir.path}/tree/link`);
  const tree = await host.nix.addPath(`${dir.path}/tree`, "tree");
  const config = { localStore: host.nix.physicalPath("/nix/store") };
  const cache = stack.use(await startCache(config));
  return {
    dir: dir.path,
    host: host.nix,
    config,
    cache,
    top,
    tree,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function hashOf(path: string): string {
  return path.slice("/nix/store/".length).slice(0, 32);
}

async function narInfo(url: string, path: string): Promise<Response> {
  return await fetch(`${url}/${hashOf(path)}.narinfo`);
}

async function narUrl(url: string, path: string): Promise<string> {
  const text = await (await narInfo(url, path)).text();
  return /^URL: (.*)$/m.exec(text)?.[1] ?? assert.fail(text);
}

Deno.test("a closure out of a local store comes in one answer", async () => {
  await using at = await setUp();
  const base = at.top.slice("/nix/store/".length);
  const answer = await fetch(`${at.cache.url}/closure`, {
    method: "POST",
    body: JSON.stringify({ want: [base] }),
  });
  const reader = new ClosureReader({ headOnly: false });
  const events = [...reader.push(await answer.bytes())];
  reader.close();
  const names = events.flatMap((event) =>
    event.kind === "path" ? event.info.base.slice(33) : []
  );
  assert.deepEqual(names, ["leaf", "top"]);
  assert.equal(events.at(-1)?.kind, "end");
});

Deno.test("nix pulls a closure out of a local store, by the cache's key alone", async () => {
  await using at = await setUp();
  await using worker = await nixStore("nix");
  await worker.nix.copyFrom(at.cache.url, [at.top, at.tree], {
    ...CALL,
    publicKeys: [at.cache.publicKey],
  });
  assert.deepEqual(await worker.nix.missingPaths([at.top, at.tree]), []);
  assert.match(
    await Deno.readTextFile(worker.nix.physicalPath(at.top)),
    /^see \/nix\/store.*leaf/,
  );
  assert.equal(
    await Deno.readLink(`${worker.nix.physicalPath(at.tree)}/link`),
    "run",
  );
  const stats = await (await fetch(`${at.cache.url}/api/v1/stats`)).json();
  assert.equal(stats.paths, 0);
  const metrics = await (await fetch(`${at.cache.url}/metrics`)).text();
  assert.match(
    metrics,
    /source_lookups_total\{source="the local store",what="nar",result="hit"\} 3/,
  );
});

Deno.test("a nar of a local store has ranges, and is found after a restart", async () => {
  await using at = await setUp();
  const config = { ...at.config, stateDir: `${at.dir}/cache` };
  let url = "";
  {
    await using before = await startCache(config);
    url = await narUrl(before.url, at.tree);
  }
  await using other = await startCache(config);
  const whole = await fetch(`${other.url}/${url}`);
  const bytes = new Uint8Array(await whole.arrayBuffer());
  assert.equal(whole.headers.get("content-length"), `${bytes.length}`);
  for (
    const [range, start, end] of [
      ["bytes=1000-", 1000, bytes.length],
      ["bytes=70-79", 70, 80],
      ["bytes=-5", bytes.length - 5, bytes.length],
    ] as const
  ) {
    const part = await fetch(`${other.url}/${url}`, { headers: { range } });
    assert.equal(part.status, 206);
    assert.deepEqual(
      new Uint8Array(await part.arrayBuffer()),
      bytes.slice(start, end),
      range,
    );
  }
  const unknown = await fetch(`${other.url}/nar/${"0".repeat(52)}.nar`);
  assert.equal(unknown.status, 404);
  await unknown.body?.cancel();
});

Deno.test("what the store's garbage collection took is not found, in whatever moment", async () => {
  await using at = await setUp();
  const url = await narUrl(at.cache.url, at.tree);
  const physical = at.host.physicalPath(at.tree);
  // Gone from disk, valid by the database: its last moment in a collection.
  await Deno.rename(physical, `${at.dir}/aside`);
  const gone = await fetch(`${at.cache.url}/${url}`);
  assert.equal(gone.status, 404);
  assert.match(await gone.text(), /not in the local store any more|no nar/);
  await Deno.rename(`${at.dir}/aside`, physical);
  await at.host.collectGarbage(CALL);
  for (const path of [`${hashOf(at.tree)}.narinfo`, url]) {
    const answer = await fetch(`${at.cache.url}/${path}`);
    assert.equal(answer.status, 404, await answer.text());
  }
});

Deno.test("of two paths with the same contents one is enough for their nar", async () => {
  await using at = await setUp();
  const twin = await at.host.addPath(`${at.dir}/tree`, "twin");
  const url = await narUrl(at.cache.url, at.tree);
  assert.equal(await narUrl(at.cache.url, twin), url);
  await at.host.deleteDead([twin], CALL);
  const answer = await fetch(`${at.cache.url}/${url}`);
  assert.equal(answer.status, 200);
  await answer.arrayBuffer();
  await at.host.deleteDead([at.tree], CALL);
  const gone = await fetch(`${at.cache.url}/${url}`);
  assert.equal(gone.status, 404);
  await gone.body?.cancel();
});

Deno.test("a path that changed in the store ends the answer before its end", async () => {
  await using at = await setUp();
  const url = await narUrl(at.cache.url, at.tree);
  const file = `${at.host.physicalPath(at.tree)}/bytes`;
  await Deno.chmod(file, 0o644);
  await Deno.writeFile(file, new Uint8Array(65_536));
  const answer = await fetch(`${at.cache.url}/${url}`);
  assert.equal(answer.status, 200);
  await assert.rejects(answer.arrayBuffer());
});

Deno.test("a store that cannot be read leaves the cache serving, and says so", async () => {
  await using dir = await tempDir("local");
  await using cache = await startCache({
    localStore: `${dir.path}/nix/store`,
  });
  const answer = await narInfo(cache.url, `/nix/store/${"a".repeat(32)}-a`);
  assert.equal(answer.status, 404);
  await answer.body?.cancel();
  const ready = await fetch(`${cache.url}/readyz`);
  assert.equal(ready.status, 200);
  assert.match(await ready.text(), /local store.*db\.sqlite: it is not there/);
  const metrics = await (await fetch(`${cache.url}/metrics`)).text();
  assert.match(metrics, /source_up\{source="the local store"\} 0/);
});

Deno.test("who publishes is not told of the local store, so that what is pushed is stored", async () => {
  await using at = await setUp();
  const token = at.cache.token("publisher");
  const path = `api/v1/paths?hashes=${hashOf(at.top)}`;
  const asked = async (headers: Record<string, string>) =>
    PathsReply.parse(
      await (await fetch(`${at.cache.url}/${path}`, { headers })).json(),
    ).present;
  assert.deepEqual(await asked({}), [hashOf(at.top)]);
  assert.deepEqual(await asked({ authorization: `Bearer ${token}` }), []);
  const ci = await createNix({
    stateDir: `${at.dir}/ci`,
    store: at.host.store ?? "",
    cache: { url: "http://127.0.0.1", token },
  });
  await ci.copyTo(at.cache.url, [at.top], CALL);
  const stats = await (await fetch(`${at.cache.url}/api/v1/stats`)).json();
  assert.equal(stats.paths, 2);
});

Deno.test("a database that may only be read is read, while nobody has it open", async () => {
  await using at = await setUp();
  await using dir = await tempDir("local");
  const copy = `${dir.path}/db`;
  await Deno.mkdir(copy);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", copy]);
  try {
    const from = at.host.physicalPath("/nix/var/nix/db/db.sqlite");
    await Deno.copyFile(from, `${copy}/db.sqlite`);
    await runChecked("mount", ["-o", "remount,ro", copy]);
    using database = new StoreDatabase(`${copy}/db.sqlite`, "/nix/store");
    const path = database.byHash(hashOf(at.top));
    assert.equal(path?.path, at.top);
    assert.equal(database.references(path?.id ?? 0).length, 1);
    await runChecked("mount", ["-o", "remount,rw", copy]);
    await Deno.writeTextFile(`${copy}/db.sqlite-wal`, "somebody writes");
    await runChecked("mount", ["-o", "remount,ro", copy]);
    assert.throws(() => database.byHash(hashOf(at.top)), /nix is writing/);
  } finally {
    await runChecked("umount", [copy]);
  }
});

Deno.test("a database that is another program's is an error, not a path", async () => {
  await using dir = await tempDir("local");
  const path = `${dir.path}/db.sqlite`;
  const foreign = new DatabaseSync(path);
  foreign.exec("CREATE TABLE ValidPaths (name TEXT)");
  foreign.close();
  using database = new StoreDatabase(path, "/nix/store");
  assert.throws(() => database.byHash("a".repeat(32)), /not as expected/);
  await Deno.writeTextFile(path, "no database ".repeat(100));
  assert.throws(() => database.byHash("a".repeat(32)), /not as expected/);
});
