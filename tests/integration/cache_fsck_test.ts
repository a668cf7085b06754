/**
 * Real damage to a cache's files and tables: what a check finds, what a repair
 * leaves, and what has to be pushed again afterwards.
 *
 * @module
 */
import assert from "node:assert/strict";
import type { AppError } from "../../roles/model/errors.ts";
import { runChecked, runProcess } from "../../roles/process/mod.ts";
import type { CacheCheckReport } from "../../roles/model/cache_files.ts";
import { type FakePath, fakePath, startCache } from "../support/cache.ts";
import {
  check,
  fillCache,
  inTables,
  narFileOf,
  pushPaths,
  servedOf,
} from "../support/filled_cache.ts";
import { scriptedUpstream } from "../support/scripted_upstream.ts";
import { tempDir } from "../support/temp.ts";
import { until } from "../support/wait.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;

function fsck(stateDir: string, args: string[], failpoint = "") {
  return runProcess(
    Deno.execPath(),
    [
      ...["run", "-A", "--no-check", "--quiet", MAIN, "cache", "fsck"],
      ...["--state-dir", stateDir, ...args],
    ],
    { env: { PROCURATOR_FAILPOINT: failpoint } },
  );
}

function kindsOf({ findings }: CacheCheckReport): string[] {
  return [...new Set(findings.map(({ kind }) => kind))].sort();
}

function pathOf({ base }: FakePath): string {
  return `/nix/store/${base}`;
}

async function flipByte(path: string): Promise<void> {
  const bytes = await Deno.readFile(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 0xff;
  await Deno.writeFile(path, bytes);
}

function many(count: number, prefix = "path"): FakePath[] {
  return Array.from({ length: count }, (_, at) => fakePath(`${prefix}-${at}`));
}

async function names(path: string): Promise<string[]> {
  const found = await Array.fromAsync(Deno.readDir(path));
  return found.map(({ name }) => name);
}

/** Every kind of damage that a file or a row can take, each to another path. */
async function damage(stateDir: string, paths: readonly FakePath[]) {
  const [flipped, cut, gone, noNar, noPath, changed, noRows, badSig] = paths;
  assert.ok(flipped && cut && gone && noNar && noPath && changed);
  assert.ok(noRows && badSig);
  await flipByte(narFileOf(stateDir, flipped));
  await Deno.truncate(narFileOf(stateDir, cut), 10);
  await Deno.remove(narFileOf(stateDir, gone));
  inTables(stateDir, (tables) => {
    tables.prepare("DELETE FROM nar WHERE file = ?").run(noNar.url.slice(4));
    tables.prepare("DELETE FROM path WHERE hash = ?").run(noPath.hash);
    tables.prepare(
      "UPDATE path SET text = replace(text, 'NarSize: ', 'NarSize: 1') WHERE hash = ?",
    ).run(changed.hash);
    tables.prepare("DELETE FROM reference WHERE hash = ?").run(noRows.hash);
    tables.prepare(
      "UPDATE path SET text = substr(text, 1, instr(text, 'Sig: ') - 1) || 'Sig: procurator-cache-1:' || ? WHERE hash = ?",
    ).run(`${"A".repeat(86)}==\n`, badSig.hash);
    tables.exec("INSERT INTO reference VALUES ('nobody', 'nothing')");
    tables.exec("UPDATE total SET paths = 99");
  });
  await Deno.writeTextFile(`${stateDir}/nar/notes.txt`, "mine");
  await Deno.writeTextFile(`${stateDir}/tmp/9`, "half");
  return { lost: [flipped, cut, gone, noPath, changed], noRows, badSig, noNar };
}

Deno.test("fsck tells every kind of damage, mends what it can and names what to push again", async () => {
  await using dir = await tempDir("fsck");
  const paths = many(9);
  const user = fakePath("user", "user", paths.map(({ base }) => base));
  const withReference = fakePath("noRows", "noRows", [paths[4]?.base ?? ""]);
  const targets = [...paths.slice(0, 6), withReference, ...paths.slice(6)];
  await fillCache(dir.path, [...paths, withReference, user]);
  assert.equal((await check(dir.path, { deep: true })).state, "clean");
  const { lost, badSig } = await damage(dir.path, targets);

  const quick = await check(dir.path);
  assert.equal(quick.state, "damaged");
  assert.ok(!kindsOf(quick).includes("nar-corrupt"));
  const found = await check(dir.path, { deep: true });
  assert.deepEqual(kindsOf(found), [
    ...["foreign", "leftover", "nar-corrupt", "nar-missing", "nar-size"],
    ...["nar-unknown", "path-differs", "path-without-nar"],
    ...["reference-absent", "reference-stray", "references-differ"],
    ...["signature-wrong", "totals-wrong"],
  ]);
  assert.ok(found.findings.every(({ todo }) => todo !== ""));
  assert.equal(found.mended, 1);

  const repaired = await check(dir.path, { deep: true, repair: true });
  assert.equal(repaired.state, "incomplete");
  assert.deepEqual(
    repaired.pushAgain.toSorted(),
    lost.map(pathOf).sort(),
  );
  assert.deepEqual(
    (await names(`${dir.path}/quarantine`)).sort(),
    [...lost.slice(0, 2).map(({ url }) => url.slice(4)), "notes.txt"].sort(),
  );
  const all = [...paths, withReference, user];
  {
    await using cache = await startCache({ stateDir: dir.path });
    const served = await servedOf(cache.url, all);
    assert.deepEqual(served, all.filter((path) => !lost.includes(path)));
    const text = await (await fetch(`${cache.url}/${badSig.hash}.narinfo`))
      .text();
    assert.ok(!text.includes("AAAAAAAA"));
    await pushPaths(cache.url, cache.token("publisher"), lost);
    assert.equal((await servedOf(cache.url, all)).length, all.length);
  }
  const after = await check(dir.path, { deep: true });
  assert.deepEqual(after.findings, []);
  assert.equal(after.state, "clean");
});

Deno.test("fsck names a running cache and what to do, and exits by what it found", async () => {
  await using dir = await tempDir("fsck");
  const path = fakePath("hello");
  await fillCache(dir.path, [path]);
  {
    await using _cache = await startCache({ stateDir: dir.path });
    const refused = await fsck(dir.path, []);
    assert.equal(refused.code, 3);
    assert.match(refused.stderrTail, new RegExp(`process ${Deno.pid}`));
    assert.match(refused.stderrTail, /stop that cache, check it/);
  }
  await Deno.remove(narFileOf(dir.path, path));
  const found = await fsck(dir.path, ["--json"]);
  assert.equal(found.code, 1);
  assert.equal(JSON.parse(found.stdout).state, "damaged");
  const repaired = await fsck(dir.path, ["--repair"]);
  assert.equal(repaired.code, 1);
  assert.match(repaired.stdout, new RegExp(`push again[^]*${path.base}`));
  const clean = await fsck(dir.path, ["--deep"]);
  assert.equal(clean.code, 0, clean.stdout);
  assert.match(clean.stdout, /nothing is wrong/);
});

Deno.test("a repair that is killed with a file in quarantine is finished by the next", async () => {
  await using dir = await tempDir("fsck");
  const path = fakePath("hello");
  const kept = fakePath("kept");
  await fillCache(dir.path, [path, kept]);
  await flipByte(narFileOf(dir.path, path));
  const killed = await fsck(
    dir.path,
    ["--deep", "--repair"],
    "fsck.file.moved",
  );
  assert.equal(killed.signal, "SIGKILL");
  const report = await check(dir.path, { deep: true, repair: true });
  assert.deepEqual(report.pushAgain, [pathOf(path)]);
  await using cache = await startCache({ stateDir: dir.path });
  assert.deepEqual(await servedOf(cache.url, [path, kept]), [kept]);
});

Deno.test("a deep check that is stopped goes on where it was, with what it had found", async () => {
  await using dir = await tempDir("fsck");
  const paths = many(20).toSorted((a, b) => a.url < b.url ? -1 : 1);
  await fillCache(dir.path, paths);
  const [first] = paths;
  assert.ok(first !== undefined);
  await flipByte(narFileOf(dir.path, first));
  const stop = new AbortController();
  let told = 0;
  const stopped = await check(dir.path, {
    deep: true,
    signal: stop.signal,
    told: ({ phase }) => {
      if (phase === "reading nars" && ++told === 20) stop.abort();
    },
  });
  assert.equal(stopped.state, "cancelled");
  const rest = await check(dir.path, { deep: true });
  assert.notEqual(rest.resumedAfter, null);
  assert.ok(rest.checked.nars < paths.length);
  assert.deepEqual(kindsOf(rest), ["nar-corrupt"]);
  const again = await check(dir.path, { deep: true });
  assert.equal(again.resumedAfter, null);
  assert.equal(again.checked.nars, paths.length);
});

Deno.test("what an upstream has is fetched again, and its references count as here", async () => {
  await using dir = await tempDir("fsck");
  await using upstream = await scriptedUpstream();
  const lib = fakePath("lib");
  const app = fakePath("app", "app", [lib.base]);
  const own = fakePath("own");
  await fillCache(dir.path, [lib, app, own]);
  upstream.has(lib);
  inTables(dir.path, (tables) => {
    tables.prepare("DELETE FROM path WHERE hash = ?").run(lib.hash);
    tables.prepare("DELETE FROM reference WHERE hash = ?").run(lib.hash);
  });
  const config = { upstreams: [upstream.config] };
  assert.equal((await check(dir.path, {}, config)).state, "clean");
  await Deno.remove(narFileOf(dir.path, lib));
  await flipByte(narFileOf(dir.path, app));
  upstream.has(app);
  const report = await check(dir.path, { deep: true, repair: true }, config);
  assert.equal(report.state, "mended", JSON.stringify(report.findings));
  await using cache = await startCache({ stateDir: dir.path, ...config });
  assert.equal((await servedOf(cache.url, [lib, app, own])).length, 3);
});

Deno.test("a database with overwritten pages is told, and what can be read of it is saved", async () => {
  await using dir = await tempDir("fsck");
  const paths = many(120);
  await fillCache(dir.path, paths);
  const file = `${dir.path}/cache.sqlite`;
  inTables(dir.path, (tables) => {
    tables.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  });
  const pages = (await Deno.stat(file)).size / 4096;
  {
    using database = await Deno.open(file, { write: true });
    for (let page = Math.floor(pages / 2); page < pages / 2 + 4; page++) {
      await database.seek(page * 4096, Deno.SeekMode.Start);
      await database.write(new Uint8Array(4096).fill(0x5a));
    }
  }
  const found = await check(dir.path);
  assert.deepEqual(kindsOf(found), ["database-damaged"]);
  assert.match(found.findings[0]?.todo ?? "", /cache restore DIR/);
  const repaired = await check(dir.path, { deep: true, repair: true });
  assert.ok(repaired.problems > 0);
  const kept = (await names(dir.path)).filter((name) =>
    name.startsWith("cache.sqlite.damaged-")
  );
  assert.equal(kept.length, 1);
  await using cache = await startCache({ stateDir: dir.path });
  const served = await servedOf(cache.url, paths);
  // Some pages of narinfos at most, none of which is served wrong.
  assert.ok(served.length >= 60, String(served.length));
  await pushPaths(cache.url, cache.token("publisher"), paths);
  assert.equal((await servedOf(cache.url, paths)).length, paths.length);
});

Deno.test("a database of which nothing can be read starts no cache, is left as it is, and the way out is told", async () => {
  await using dir = await tempDir("fsck");
  const paths = many(2);
  await fillCache(dir.path, paths);
  const file = `${dir.path}/cache.sqlite`;
  const { size } = await Deno.stat(file);
  const wrong = new Uint8Array(size).fill(0x5a);
  await Deno.writeFile(file, wrong);
  await assert.rejects(
    startCache({ stateDir: dir.path }),
    ({ message, hint }: AppError) =>
      /Cannot open .*cache\.sqlite/.test(message) && /cache fsck/.test(hint!),
  );
  const found = await check(dir.path);
  assert.deepEqual(kindsOf(found), ["database-damaged"]);
  await assert.rejects(
    check(dir.path, { repair: true }),
    ({ message, hint }: AppError) =>
      /Cannot save anything/.test(message) && /cache restore/.test(hint!),
  );
  assert.deepEqual(await Deno.readFile(file), wrong);
});

Deno.test("a disk that is full in the middle of a repair ends it; with room it is finished", async () => {
  await using dir = await tempDir("fsck");
  const stateDir = `${dir.path}/small`;
  await Deno.mkdir(stateDir);
  const mount = (options: string) =>
    runChecked("mount", ["-t", "tmpfs", "-o", options, "tmpfs", stateDir]);
  await mount("size=8m");
  try {
    const paths = many(300);
    await fillCache(stateDir, paths);
    for (const path of paths) await Deno.remove(narFileOf(stateDir, path));
    await runProcess("sh", [
      "-c",
      `head -c 16000000 /dev/zero > ${stateDir}/filler; true`,
    ]);
    const full = await fsck(stateDir, ["--repair"]);
    assert.equal(full.code, 1);
    assert.match(full.stderrTail, /full|No space/);
    await Deno.remove(`${stateDir}/filler`);
    const report = await check(stateDir, { repair: true });
    assert.equal(report.state, "incomplete");
    await using cache = await startCache({ stateDir });
    assert.deepEqual(await servedOf(cache.url, paths), []);
    await pushPaths(cache.url, cache.token("publisher"), paths);
    assert.equal((await servedOf(cache.url, paths)).length, paths.length);
  } finally {
    await runChecked("umount", [stateDir]);
  }
});

Deno.test("a start with a lost database leaves the nars, and fsck takes them up", async () => {
  await using dir = await tempDir("fsck");
  const paths = many(5);
  await fillCache(dir.path, paths);
  for (const name of await names(dir.path)) {
    if (name.startsWith("cache.sqlite")) {
      await Deno.remove(`${dir.path}/${name}`);
    }
  }
  await fillCache(dir.path, []);
  const report = await check(dir.path, { repair: true });
  assert.deepEqual(kindsOf(report), ["nar-unknown"]);
  assert.equal(report.state, "mended");
  await using cache = await startCache({ stateDir: dir.path });
  await until("all nars in the figures", async () => {
    const stats = await (await fetch(`${cache.url}/api/v1/stats`)).json();
    return stats.nars === paths.length;
  }, { timeoutMs: 60_000 });
});
