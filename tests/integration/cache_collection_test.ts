/**
 * Garbage collection of a real cache over HTTP: what stays and why, what goes,
 * and that nothing that is served is ever broken.
 *
 * @module
 */
import assert from "node:assert/strict";
import { statfs } from "node:fs/promises";
import type { z } from "zod";
import { CiConfig, run as runCi } from "../../roles/ci/mod.ts";
import { JobStore } from "../../roles/ci/store.ts";
import type { CacheConfig } from "../../roles/cache/mod.ts";
import type { Root } from "../../roles/cache/gc/root_source.ts";
import { httpClient } from "../../roles/http/mod.ts";
import { CollectionStatus } from "../../roles/model/collection.ts";
import { AppError } from "../../roles/model/errors.ts";
import { runChecked } from "../../roles/process/mod.ts";
import { openCacheClient } from "../../roles/cli/cache_client.ts";
import {
  type FakePath,
  fakePath,
  startCache,
  startCacheProcess,
} from "../support/cache.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
/** Nothing is recent by itself. */
const NOW = { graceHours: 0, keepDays: 0 };

/** What a scripted master says; throws when there is nothing. */
class ScriptedRoots {
  readonly name = "master";
  roots: Root[] | undefined = [];
  /** Waited for before every answer. */
  before: Promise<void> = Promise.resolve();

  async read(): Promise<Root[]> {
    await this.before;
    if (this.roots !== undefined) return this.roots;
    throw new AppError("unavailable", "Cannot reach the master");
  }
}

/** A cache with a clock that is set by hand and a scripted master. */
async function setUp(
  gc: z.input<typeof CacheConfig>["gc"] = {},
  options: { stateDir?: string } = {},
) {
  const stack = new AsyncDisposableStack();
  const master = new ScriptedRoots();
  const clock = {
    aheadMs: 0,
    now: () => Date.now() + clock.aheadMs,
  };
  const cache = stack.use(
    await startCache({ gc, ...options }, { clock, rootSources: [master] }),
  );
  const clientOf = (role: "publisher" | "admin" | "viewer") =>
    openCacheClient(
      stack.use(httpClient({ url: cache.url, token: cache.token(role) })),
    );
  const publisher = cache.token("publisher");
  const admin = clientOf("admin");
  return {
    cache,
    clock,
    master,
    admin,
    publisher: clientOf("publisher"),
    push: (path: FakePath) => push(cache.url, publisher, path),
    has: (path: FakePath) => isServed(cache.url, path),
    collect: (over = {}) => admin.collect(over),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

async function put(url: string, token: string, body: BodyInit) {
  const answer = await fetch(url, {
    method: "PUT",
    body,
    headers: { authorization: `Bearer ${token}` },
  });
  return { status: answer.status, text: await answer.text() };
}

async function push(url: string, token: string, path: FakePath) {
  const nar = await put(
    `${url}/${path.url}`,
    token,
    path.packed as Uint8Array<ArrayBuffer>,
  );
  assert.equal(nar.status, 200, nar.text);
  const info = await put(`${url}/${path.hash}.narinfo`, token, path.narInfo);
  assert.equal(info.status, 200, info.text);
}

/** Asked of the stats, which count as no use. */
async function isServed(url: string, path: FakePath): Promise<boolean> {
  const info = await fetch(`${url}/${path.hash}.narinfo`);
  await info.body?.cancel();
  const nar = await fetch(`${url}/${path.url}`);
  await nar.body?.cancel();
  assert.ok(
    info.status !== 200 || nar.status === 200,
    `${path.base} has a narinfo and no nar`,
  );
  return info.status === 200;
}

/** `top` refers to `middle`, that to `leaf`. */
function chain(prefix: string): [FakePath, FakePath, FakePath] {
  const leaf = fakePath(`${prefix}-leaf`);
  const middle = fakePath(`${prefix}-middle`, undefined, [leaf.base]);
  const top = fakePath(`${prefix}-top`, undefined, [middle.base, leaf.base]);
  return [top, middle, leaf];
}

Deno.test("what a generation reaches stays with its closure, and why says how; the rest goes when its days are over", async () => {
  await using at = await setUp();
  const [top, middle, leaf] = chain("kept");
  const old = fakePath("old", undefined, [leaf.base]);
  for (const path of [leaf, middle, top, old]) await at.push(path);
  at.master.roots = [{ label: "generation 41 of shop", base: top.base }];
  assert.equal((await at.collect()).removed.paths, 0);
  at.clock.aheadMs = 31 * DAY_MS;

  const why = await at.publisher.why(leaf.hash);
  assert.deepEqual(why.keepers, [{
    source: "master",
    label: "generation 41 of shop",
    chain: [top, leaf].map(({ base }) => `/nix/store/${base}`),
  }]);
  assert.deepEqual((await at.publisher.why(old.hash)).keepers, []);

  const dry = await at.collect({ dryRun: true });
  assert.equal(dry.shares?.old.paths, 1);
  assert.deepEqual(dry.removed, { paths: 0, nars: 0, objects: 0, bytes: 0 });
  assert.deepEqual(dry.largest.map(({ path }) => path), [old.base]);

  const { removed, shares } = await at.collect();
  assert.equal(shares?.rooted.paths, 3);
  assert.deepEqual(removed, {
    paths: 1,
    nars: 1,
    objects: 0,
    bytes: old.packed.length,
  });
  assert.equal(await at.has(old), false);
  for (const path of [top, middle, leaf]) assert.ok(await at.has(path));
  // It may come back.
  await at.push(old);
  assert.ok(await at.has(old));
});

Deno.test("what was asked for lately stays, in any of the ways to ask", async () => {
  await using at = await setUp();
  const paths = ["get", "head", "list", "nobody"].map((name) => fakePath(name));
  for (const path of paths) await at.push(path);
  const [get, head, list, nobody] = paths as [
    FakePath,
    FakePath,
    FakePath,
    FakePath,
  ];
  at.clock.aheadMs = 31 * DAY_MS;
  await (await fetch(`${at.cache.url}/${get.hash}.narinfo`)).body?.cancel();
  await fetch(`${at.cache.url}/${head.hash}.narinfo`, { method: "HEAD" });
  const answer = await fetch(
    `${at.cache.url}/api/v1/paths?hashes=${list.hash}`,
  );
  await answer.body?.cancel();
  const { removed, shares } = await at.collect();
  assert.equal(shares?.recent.paths, 3);
  assert.equal(removed.paths, 1);
  assert.equal(await at.has(nobody), false);
  for (const path of [get, head, list]) assert.ok(await at.has(path));
});

Deno.test("uses outlive a stop", async () => {
  await using dir = await tempDir("cache-gc");
  const path = fakePath("used");
  {
    await using at = await setUp({}, { stateDir: dir.path });
    await at.push(path);
    at.clock.aheadMs = 31 * DAY_MS;
    assert.ok(await at.has(path));
  }
  await using at = await setUp({}, { stateDir: dir.path });
  at.clock.aheadMs = 60 * DAY_MS;
  assert.equal((await at.collect()).removed.paths, 0);
  at.clock.aheadMs = 62 * DAY_MS;
  assert.equal((await at.collect()).removed.paths, 1);
});

Deno.test("beyond its size the least lately used go first, and never what is in use", async () => {
  await using at = await setUp({ maxPaths: 3, graceHours: 1 });
  const paths = ["a", "b", "c", "d", "e"].map((name) => fakePath(name));
  for (const path of paths) {
    await at.push(path);
    at.clock.aheadMs += HOUR_MS;
  }
  at.clock.aheadMs += HOUR_MS;
  at.master.roots = [{
    label: "generation 1 of shop",
    base: paths[0]?.base ?? "",
  }];
  const { shares } = await at.collect();
  assert.deepEqual(
    [shares?.rooted.paths, shares?.young.paths, shares?.over.paths],
    [1, 2, 2],
  );
  const served = await Promise.all(paths.map(at.has));
  assert.deepEqual(served, [true, false, false, true, true]);
});

Deno.test("a nar that two paths share goes with the last of them", async () => {
  await using at = await setUp(NOW);
  const one = fakePath("one", "same bytes");
  const two = fakePath("two", "same bytes");
  assert.equal(one.url, two.url);
  await at.push(one);
  await at.push(two);
  at.clock.aheadMs = 2 * HOUR_MS;
  at.master.roots = [{ label: "generation 1 of shop", base: one.base }];
  const first = await at.collect();
  assert.deepEqual([first.removed.paths, first.removed.nars], [1, 0]);
  assert.ok(await at.has(one));
  at.clock.aheadMs = 4 * HOUR_MS;
  at.master.roots = [];
  const second = await at.collect();
  assert.deepEqual([second.removed.paths, second.removed.nars], [1, 1]);
});

Deno.test("a collection refuses while it is not known what is in use, and goes on with what was told last", async () => {
  await using at = await setUp({ graceHours: 1, keepDays: 0 });
  const kept = fakePath("kept");
  await at.push(kept);
  at.master.roots = undefined;
  await assert.rejects(
    at.collect(),
    /the master has never told what it keeps: Cannot reach the master/,
  );
  at.master.roots = [{ label: "generation 1 of shop", base: kept.base }];
  at.clock.aheadMs = 2 * HOUR_MS;
  assert.equal((await at.collect()).shares?.rooted.paths, 1);

  at.master.roots = undefined;
  at.clock.aheadMs += HOUR_MS / 2;
  const remembered = await at.collect();
  assert.equal(remembered.shares?.rooted.paths, 1);
  const [master] = remembered.sources;
  assert.match(master?.problem ?? "", /Cannot reach/);
  const why = await at.admin.why(kept.hash);
  assert.equal(why.keepers[0]?.label, "generation 1 of shop");

  at.clock.aheadMs += HOUR_MS;
  await assert.rejects(at.collect(), /told what it keeps 2 h ago/);
  const forced = await at.collect({ without: ["master"] });
  assert.equal(forced.removed.paths, 1);
  assert.deepEqual(forced.without, ["master"]);
});

Deno.test("without a master configured, only who says so collects", async () => {
  await using cache = await startCache({ gc: { graceHours: 0 } });
  using http = httpClient({ url: cache.url, token: cache.token("admin") });
  const admin = openCacheClient(http);
  await assert.rejects(admin.collect({}), /does not know which generations/);
  const status = await http.json(CollectionStatus, "/api/v1/gc");
  assert.equal(status.nextAtMs, null);
  assert.match(status.problem ?? "", /masterUrl/);
  const report = await admin.collect({ without: ["master"] });
  assert.equal(report.state, "done");
  await using standalone = await startCache({ gc: { standalone: true } });
  using other = httpClient({
    url: standalone.url,
    token: standalone.token("admin"),
  });
  const own = await other.json(CollectionStatus, "/api/v1/gc");
  assert.notEqual(own.nextAtMs, null);
});

Deno.test("a pin keeps a path for as long as it says, and belongs to who made it", async () => {
  await using at = await setUp(NOW);
  const path = fakePath("pinned");
  await at.push(path);
  await assert.rejects(
    at.publisher.pin("demo", { path: "nothing", forMs: null }),
    /is no store path/,
  );
  await assert.rejects(
    at.publisher.pin("demo", { path: fakePath("no").hash, forMs: null }),
    /it is not here/,
  );
  const pin = await at.publisher.pin("demo", {
    path: `/nix/store/${path.base}/bin/x`,
    forMs: 2 * DAY_MS,
  });
  assert.equal(pin.path, `/nix/store/${path.base}`);
  assert.equal(pin.pinnedBy, "test");
  assert.equal((await at.admin.why(path.base)).keepers[0]?.label, "pin demo");
  at.clock.aheadMs = DAY_MS;
  assert.equal((await at.collect()).removed.paths, 0);
  assert.deepEqual((await at.publisher.pins()).map(({ name }) => name), [
    "demo",
  ]);
  at.clock.aheadMs = 3 * DAY_MS;
  assert.deepEqual(await at.publisher.pins(), []);
  assert.equal((await at.collect()).removed.paths, 1);
});

Deno.test("an unpinned path goes", async () => {
  await using at = await setUp(NOW);
  const path = fakePath("pinned");
  await at.push(path);
  await at.publisher.pin("demo", { path: path.hash, forMs: null });
  at.clock.aheadMs = HOUR_MS * 2;
  assert.equal((await at.collect()).removed.paths, 0);
  await at.publisher.unpin("demo");
  await assert.rejects(at.publisher.unpin("demo"), /There is no pin "demo"/);
  assert.equal((await at.collect()).removed.paths, 1);
});

Deno.test("a path is deleted by an admin unless something keeps it, which is named", async () => {
  await using at = await setUp();
  const [top, middle, leaf] = chain("x");
  for (const path of [leaf, middle, top]) await at.push(path);
  at.master.roots = [{ label: "generation 7 of shop", base: top.base }];
  await assert.rejects(
    at.publisher.remove(top.hash, []),
    /the role is publisher, it takes admin/,
  );
  await assert.rejects(
    at.admin.remove(leaf.hash, []),
    new RegExp(`x-(top|middle), .*x-(top|middle) refer to it`),
  );
  await assert.rejects(
    at.admin.remove(top.hash, []),
    /generation 7 of shop keeps it/,
  );
  at.master.roots = [];
  const { path, bytes } = await at.admin.remove(top.hash, []);
  assert.equal(path, `/nix/store/${top.base}`);
  assert.equal(bytes, top.packed.length);
  assert.equal(await at.has(top), false);
  await assert.rejects(at.admin.remove(top.hash, []), /There is no path/);
});

Deno.test("only an admin collects, one at a time, and whoever asked may end it", async () => {
  await using at = await setUp();
  await assert.rejects(at.publisher.collect({}), /it takes admin/);
  const { promise, resolve } = Promise.withResolvers<void>();
  at.master.before = promise;
  const first = at.collect();
  await until(
    "the collection runs",
    async () => (await at.admin.status()).running !== null,
    { timeoutMs: 60_000 },
  );
  await assert.rejects(
    at.collect(),
    /Cannot collect garbage: test does already/,
  );
  await at.admin.cancel();
  assert.equal((await first).state, "cancelled");
  resolve();
  assert.equal((await at.admin.status()).running, null);
  assert.equal((await at.collect()).state, "done");
});

Deno.test("pushes go on while it is collected, and what they count on stays", async () => {
  await using at = await setUp({ graceHours: 1, keepDays: 0 });
  const leaves = Array.from({ length: 60 }, (_, i) => fakePath(`leaf-${i}`));
  for (const leaf of leaves) await at.push(leaf);
  at.clock.aheadMs = 2 * HOUR_MS;
  // As nix does it: asked for first, counted on afterwards.
  const counted = leaves.filter((_, i) => i % 3 === 0);
  const collected = at.collect();
  const pushed: FakePath[] = [];
  for (const [i, leaf] of counted.entries()) {
    const asked = await fetch(`${at.cache.url}/${leaf.hash}.narinfo`);
    await asked.body?.cancel();
    if (asked.status !== 200) await at.push(leaf);
    const path = fakePath(`top-${i}`, undefined, [leaf.base]);
    await at.push(path);
    pushed.push(path);
  }
  const report = await collected;
  assert.equal(report.state, "done");
  for (const path of [...counted, ...pushed]) {
    assert.ok(await at.has(path), path.base);
  }
  const left = await Promise.all(leaves.map(at.has));
  const stats = await (await fetch(`${at.cache.url}/api/v1/stats`)).json();
  assert.equal(
    stats.paths,
    left.filter(Boolean).length + pushed.length,
  );
  assert.ok(report.removed.paths > 0);
});

Deno.test("a nar that is being sent is sent to its end", async () => {
  await using at = await setUp(NOW);
  const path = noisePath("large", 4);
  await at.push(path);
  at.clock.aheadMs = 2 * HOUR_MS;
  const answer = await fetch(`${at.cache.url}/${path.url}`);
  const reader = answer.body?.getReader() ?? assert.fail("no body");
  let bytes = (await reader.read()).value?.length ?? 0;
  assert.equal((await at.collect()).removed.nars, 1);
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    bytes += value.length;
  }
  assert.equal(bytes, path.packed.length);
  assert.equal((await fetch(`${at.cache.url}/${path.url}`)).status, 404);
});

Deno.test("listings and realisations of what is gone go too; those of uploads under way stay", async () => {
  await using at = await setUp(NOW);
  const gone = fakePath("gone");
  const coming = fakePath("coming");
  const token = at.cache.token("publisher");
  const realisation = (seed: string) =>
    `${at.cache.url}/realisations/sha256:${seed.repeat(64)}!out.doi`;
  await at.push(gone);
  const listing = '{"version":1,"root":{"type":"regular"}}';
  const objects: [string, string][] = [
    [`${at.cache.url}/${gone.hash}.ls`, listing],
    [realisation("a"), JSON.stringify({ outPath: gone.base })],
  ];
  for (const [url, body] of objects) await put(url, token, body);
  at.clock.aheadMs = 2 * HOUR_MS;
  await put(realisation("b"), token, JSON.stringify({ outPath: coming.base }));
  await put(
    `${at.cache.url}/${coming.url}`,
    token,
    coming.packed as Uint8Array<ArrayBuffer>,
  );
  const { removed } = await at.collect();
  assert.deepEqual([removed.paths, removed.objects], [1, 1]);
  for (const [url] of objects) {
    const answer = await fetch(url);
    await answer.body?.cancel();
    assert.equal(answer.status, 404, url);
  }
  const answer = await fetch(realisation("b"));
  assert.match(await answer.text(), new RegExp(coming.base));
  const info = await put(
    `${at.cache.url}/${coming.hash}.narinfo`,
    token,
    coming.narInfo,
  );
  assert.equal(info.status, 200, info.text);
});

Deno.test("a build's log goes when its derivation and all that came of it are gone, and not before", async () => {
  await using at = await setUp(NOW);
  const token = at.cache.token("publisher");
  const derivation = (name: string) => fakePath(`${name}.drv`);
  const output = (name: string) => {
    const path = fakePath(name);
    const deriver = `Deriver: ${derivation(name).base}\n`;
    return { ...path, narInfo: `${path.narInfo}${deriver}` };
  };
  const logOf = (name: string) =>
    `${at.cache.url}/log/${derivation(name).base}`;
  const hasLog = async (name: string) => {
    const answer = await fetch(logOf(name));
    await answer.body?.cancel();
    return answer.status === 200;
  };
  const names = ["kept", "gone", "failed", "drv-here", "drv-kept", "late"];
  const [kept, gone] = [output("kept"), output("gone")];
  for (const path of [kept, gone, derivation("drv-here")]) await at.push(path);
  for (const name of names.slice(0, -1)) {
    await put(logOf(name), token, `building ${name}`);
  }
  at.clock.aheadMs = 2 * HOUR_MS;
  await put(logOf("late"), token, "building late");
  at.master.roots = [kept, derivation("drv-here"), derivation("drv-kept")]
    .map(({ base }) => ({ label: `generation 1 of ${base}`, base }));
  const { removed } = await at.collect();
  assert.deepEqual([removed.paths, removed.objects], [1, 2]);
  assert.deepEqual(
    await Promise.all(names.map(hasLog)),
    [true, false, false, true, true, true],
  );
  // Their paths go, and so do they.
  at.master.roots = [];
  at.clock.aheadMs = 4 * HOUR_MS;
  assert.equal((await at.collect()).removed.objects, 4);
  assert.ok(!(await Promise.all(names.map(hasLog))).includes(true));
});

Deno.test("large listings of what never came and debug infos of nars that are gone go too", async () => {
  await using at = await setUp(NOW);
  const token = at.cache.token("publisher");
  const [gone, kept] = [fakePath("gone"), fakePath("kept")];
  const url = (name: string) => `${at.cache.url}/${name}`;
  const debuginfo = ({ url }: FakePath) =>
    JSON.stringify({ archive: `../${url}`, member: "lib/debug/x" });
  for (const path of [gone, kept]) await at.push(path);
  const entry = '"file":{"type":"regular","size":1},'.repeat(4000);
  const listing =
    `{"version":1,"root":{"type":"directory","entries":{${entry}"z":{"type":"regular"}}}}`;
  const goes = [
    url(`${fakePath("never").hash}.ls`),
    url(`debuginfo/${"a".repeat(40)}`),
  ];
  const stays = [url(`${kept.hash}.ls`), url(`debuginfo/${"b".repeat(40)}`)];
  const bodies = [listing, debuginfo(gone), listing, debuginfo(kept)];
  for (const [at, name] of [...goes, ...stays].entries()) {
    const answer = await put(name, token, bodies[at] ?? "");
    assert.equal(answer.status, 200, answer.text);
  }
  at.clock.aheadMs = 2 * HOUR_MS;
  at.master.roots = [{ label: "generation 1 of shop", base: kept.base }];
  assert.equal((await at.collect()).removed.objects, 2);
  for (const [names, status] of [[goes, 404], [stays, 200]] as const) {
    for (const name of names) {
      const answer = await fetch(name);
      await answer.body?.cancel();
      assert.equal(answer.status, status, name);
    }
  }
});

/** Some `mib` that cannot be packed smaller. */
function noisePath(name: string, mib: number): FakePath {
  const noise = new Uint8Array(mib * 1024 * 1024);
  for (let i = 0; i < noise.length; i += 65_536) {
    crypto.getRandomValues(noise.subarray(i, i + 65_536));
  }
  return fakePath(name, noise.toBase64());
}

Deno.test("where the disk has less free than it shall, the least lately used go until it has", async () => {
  const MIB = 1024 ** 2;
  await using dir = await tempDir("cache-gc");
  const stateDir = `${dir.path}/state`;
  await Deno.mkdir(stateDir);
  const options = ["-t", "tmpfs", "-o", "size=64m"];
  await runChecked("mount", [...options, "tmpfs", stateDir]);
  try {
    const gc = { graceHours: 1, minFreeGiB: 24 / 1024 };
    await using at = await setUp(gc, { stateDir });
    const freeMib = async () => {
      const { bavail, bsize } = await statfs(stateDir);
      return bavail * bsize / MIB;
    };
    const paths = Array.from({ length: 8 }, (_, i) => noisePath(`p${i}`, 4));
    for (const path of paths) {
      await at.push(path);
      at.clock.aheadMs += HOUR_MS;
    }
    at.clock.aheadMs += HOUR_MS;
    const [oldest] = paths;
    at.master.roots = [{
      label: "generation 1 of shop",
      base: oldest?.base ?? "",
    }];
    assert.ok(await freeMib() > 24);
    assert.equal((await at.collect()).removed.paths, 0);

    await Deno.writeFile(`${stateDir}/filler`, new Uint8Array(16 * MIB));
    const before = await freeMib();
    assert.ok(before < 24);
    const { removed, shares } = await at.collect();
    assert.equal(removed.paths, shares?.over.paths);
    assert.equal(removed.paths, Math.ceil((24 - before) / 4));
    await until("there is room", async () => await freeMib() >= 24, {
      timeoutMs: 60_000,
    });
    const served = await Promise.all(paths.map(at.has));
    const went = removed.paths;
    assert.deepEqual(
      served,
      paths.map((_, age) => age === 0 || age > went),
    );
  } finally {
    await runChecked("umount", [stateDir]);
  }
});

/** Paths without references, and one that keeps nothing but itself. */
async function fill(url: string, token: string): Promise<FakePath[]> {
  const paths = Array.from({ length: 30 }, (_, i) => fakePath(`p${i}`));
  for (const path of paths) await push(url, token, path);
  const [, middle, leaf] = chain("kept");
  for (const path of [leaf, middle]) await push(url, token, path);
  return [...paths, middle, leaf];
}

for (
  const point of ["gc.batch.begun", "gc.batch.committed", "gc.file.hidden:7"]
) {
  Deno.test(`killed at ${point}, the next start finds nothing broken and finishes`, async () => {
    await using dir = await tempDir("cache-gc");
    const gc = { graceHours: 0, keepDays: 0, standalone: true };
    let kept: FakePath;
    let paths: FakePath[];
    {
      await using cache = await startCacheProcess(dir.path, {
        failpoint: point,
        config: { gc },
      });
      paths = await fill(cache.url, cache.token("publisher"));
      kept = paths.at(-2) ?? assert.fail();
      using http = httpClient({ url: cache.url, token: cache.token("admin") });
      const admin = openCacheClient(http);
      await admin.pin("kept", { path: kept.hash, forMs: null });
      await assert.rejects(admin.collect({}));
      assert.equal((await cache.child.status).signal, "SIGKILL");
    }
    await using cache = await startCacheProcess(dir.path, { config: { gc } });
    const served = [];
    for (const path of paths) {
      if (await isServed(cache.url, path)) served.push(path);
    }
    const stats = await (await fetch(`${cache.url}/api/v1/stats`)).json();
    await until(
      "the sweep",
      async () => await filesBelow(`${dir.path}/nar`) === stats.nars,
      { timeoutMs: 60_000 },
    );
    assert.deepEqual(await filesBelow(`${dir.path}/tmp`), 0);
    using http = httpClient({ url: cache.url, token: cache.token("admin") });
    const admin = openCacheClient(http);
    await admin.collect({});
    for (const path of paths) {
      const isKept = paths.indexOf(path) >= paths.length - 2;
      assert.equal(await isServed(cache.url, path), isKept, path.base);
    }
    assert.ok(served.length >= 2);
  });
}

async function filesBelow(path: string): Promise<number> {
  let count = 0;
  for await (const entry of Deno.readDir(path)) {
    count += entry.isDirectory ? await filesBelow(`${path}/${entry.name}`) : 1;
  }
  return count;
}

Deno.test("ci tells what the heads of branches were built to, and they stay", async () => {
  await using dir = await tempDir("cache-gc");
  await Deno.mkdir(`${dir.path}/ci`);
  const kept = fakePath("kept");
  const image = `/nix/store/${kept.base}`;
  const store = new JobStore(`${dir.path}/ci/jobs.sqlite`, {
    firstDelayMs: 1,
    maxDelayMs: 1,
    maxWaitMs: 1,
  });
  const commit = "a".repeat(40);
  store.applyQueue([{
    kind: "want",
    repository: "shop",
    branch: "main",
    commit,
    publishes: true,
    expectedRevision: null,
  }], {
    at: 1,
    traceparent: () => `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
  });
  const id = store.ofCommit("shop", commit)?.id ?? assert.fail();
  const vm = {
    cpu: 1,
    memoryMib: 128,
    image: { toplevel: image, kernelPath: image, initrdPath: image },
  };
  const blueprint = JSON.stringify({
    version: 1,
    cluster: "shop",
    vms: { web: vm },
  });
  store.step(id, { kind: "started", at: 2, resumeAt: "fetch" });
  for (const stage of ["fetch", "eval", "build", "copy", "publish"] as const) {
    const evaluation = { blueprint, derivations: [], checks: {} };
    store.step(id, { kind: "stageDone", at: 3, stage }, { evaluation });
  }
  store.close();
  const ci = await runCi(CiConfig.parse({
    stateDir: `${dir.path}/ci`,
    listen: "127.0.0.1:0",
    hubUrl: "http://127.0.0.1:1",
    retryFirstMs: 60_000,
  }));
  try {
    await using cache = await startCache({
      ciUrl: ci.endpoints["http"],
      gc: { ...NOW, standalone: true },
    });
    const publisher = cache.token("publisher");
    const other = fakePath("other");
    for (const path of [kept, other]) await push(cache.url, publisher, path);
    using http = httpClient({ url: cache.url, token: cache.token("admin") });
    const admin = openCacheClient(http);
    const { removed, sources } = await admin.collect({});
    assert.equal(removed.paths, 1);
    assert.deepEqual(sources.map(({ name }) => name), ["ci", "pins"]);
    const { keepers } = await admin.why(kept.hash);
    assert.deepEqual(keepers.map(({ label }) => label), [
      "branch main of shop",
    ]);
  } finally {
    await ci.stop();
  }
});
