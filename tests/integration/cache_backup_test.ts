/**
 * Backup and restore of real caches: while one runs and is pushed to and
 * collected, again into the same directory, on a new machine, with damage, on
 * a full disk, and with a kill at every step.
 *
 * @module
 */
import assert from "node:assert/strict";
import { backupCache, restoreCache } from "../../roles/cache/mod.ts";
import { openCacheClient } from "../../roles/cli/cache_client.ts";
import { httpClient } from "../../roles/http/client.ts";
import { runChecked, runProcess } from "../../roles/process/mod.ts";
import { type FakePath, fakePath, startCache } from "../support/cache.ts";
import {
  check,
  fillCache,
  inTables,
  narFileOf,
  pushPaths,
  servedOf,
} from "../support/filled_cache.ts";
import { tempDir } from "../support/temp.ts";

const MAIN = new URL("../../main.ts", import.meta.url).pathname;
const QUIET = { signal: new AbortController().signal };

function word(name: string, args: string[], failpoint = "") {
  return runProcess(
    Deno.execPath(),
    [
      ...["run", "-A", "--no-check", "--quiet", MAIN, "cache", name],
      ...args,
    ],
    { env: { PROCURATOR_FAILPOINT: failpoint } },
  );
}

/** Paths each of which refers to the one before. */
function chain(count: number, prefix = "link"): FakePath[] {
  const paths: FakePath[] = [];
  for (let at = 0; at < count; at++) {
    const before = paths.at(-1);
    const references = before === undefined ? [] : [before.base];
    paths.push(fakePath(`${prefix}-${at}`, `${prefix}-${at}`, references));
  }
  return paths;
}

async function restored(from: string, to: string) {
  return await restoreCache(to, from, { ...QUIET, nowMs: Date.now() });
}

Deno.test("a backup of a running cache makes the same cache on a new machine, its keys included", async () => {
  await using dir = await tempDir("backup");
  const [old, backup, fresh] = ["old", "backup", "new"].map((name) =>
    `${dir.path}/${name}`
  );
  assert.ok(old && backup && fresh);
  const paths = chain(6);
  let key = "";
  let token = "";
  {
    await using cache = await startCache({ stateDir: old });
    token = cache.token("publisher");
    key = cache.publicKey;
    await pushPaths(cache.url, token, paths);
    const made = await word("backup", [backup, "--state-dir", old]);
    assert.equal(made.code, 0, made.stderrTail);
    assert.match(made.stdout, /6 paths, 6 nars/);
    assert.match(made.stdout, /it has the signing keys/);
    const again = await backupCache(old, backup, QUIET);
    assert.deepEqual([again.nars, again.copiedNars], [6, 0]);
    const more = chain(2, "more");
    await pushPaths(cache.url, token, more);
    const third = await backupCache(old, backup, QUIET);
    assert.deepEqual([third.nars, third.copiedNars], [8, 2]);
    const refused = await word("restore", [backup, "--state-dir", old]);
    assert.equal(refused.code, 3);
    assert.match(refused.stderrTail, /stop that cache, restore it/);
  }
  for (const name of ["cache.sqlite", "signing.key", "tokens.sqlite"]) {
    assert.equal((await Deno.stat(`${backup}/${name}`)).mode! & 0o077, 0, name);
  }
  assert.equal((await Deno.stat(backup)).mode! & 0o777, 0o700);
  const info = await word("restore", [backup, "--state-dir", fresh]);
  assert.equal(info.code, 0, info.stderrTail);
  await using cache = await startCache({ stateDir: fresh });
  assert.equal(cache.publicKey, key);
  assert.equal((await servedOf(cache.url, paths)).length, 6);
  // The tokens came along.
  await pushPaths(cache.url, token, chain(1, "later"));
});

Deno.test("a backup while paths come and go holds whole closures, true nars and nothing else", async () => {
  await using dir = await tempDir("backup");
  const stateDir = `${dir.path}/cache`;
  const backup = `${dir.path}/backup`;
  const gc = { graceHours: 0, keepDays: 0, standalone: true, intervalHours: 0 };
  {
    await using cache = await startCache({
      stateDir,
      gc: { ...gc, minFreeGiB: 0 },
    });
    const token = cache.token("publisher");
    await pushPaths(cache.url, token, chain(150, "old"));
    using http = httpClient({ url: cache.url, token: cache.token("admin") });
    const admin = openCacheClient(http);
    let backups = 0;
    const busy = (async () => {
      for (let round = 0; backups < 3; round++) {
        await pushPaths(cache.url, token, chain(20, `round-${round}`));
        await admin.collect({});
      }
    })();
    for (; backups < 3; backups++) await backupCache(stateDir, backup, QUIET);
    await busy;
  }
  await restored(backup, `${dir.path}/fresh`);
  const report = await check(`${dir.path}/fresh`, { deep: true });
  assert.deepEqual(report.findings, []);
});

Deno.test("an empty cache is backed up and restored like any other", async () => {
  await using dir = await tempDir("backup");
  const [stateDir, backup, fresh] = ["cache", "backup", "fresh"].map((name) =>
    `${dir.path}/${name}`
  );
  assert.ok(stateDir && backup && fresh);
  {
    await using _cache = await startCache({ stateDir });
  }
  await backupCache(stateDir, backup, QUIET);
  await restored(backup, fresh);
  assert.deepEqual((await check(fresh, { deep: true })).findings, []);
});

Deno.test("damage of the cache stays out of the backup, and damage of the backup out of the cache", async () => {
  await using dir = await tempDir("backup");
  const stateDir = `${dir.path}/cache`;
  const backup = `${dir.path}/backup`;
  const paths = chain(4);
  const [first, , second] = paths;
  assert.ok(first && second);
  await fillCache(stateDir, paths);
  const file = narFileOf(stateDir, first);
  const bytes = await Deno.readFile(file);
  bytes[9] = (bytes[9] ?? 0) ^ 1;
  await Deno.writeFile(file, bytes);
  const made = await word("backup", [backup, "--state-dir", stateDir]);
  assert.equal(made.code, 1);
  assert.match(made.stdout, /fsck --deep --repair/);
  await Deno.writeTextFile(narFileOf(backup, second), "short");
  // It is laid out as a cache is, and checked as one.
  const checked = await check(backup, { deep: true });
  assert.ok(checked.findings.some(({ kind }) => kind === "nar-size"));
  const fresh = `${dir.path}/fresh`;
  const info = await restored(backup, fresh);
  assert.deepEqual(info.damaged, [second.url.slice(4)]);
  const report = await check(fresh, { deep: true, repair: true });
  const missing = [first, second].map(({ base }) => `/nix/store/${base}`);
  assert.deepEqual(report.pushAgain.toSorted(), missing.sort());
  // The next one into the same directory makes it whole again.
  await fillCache(stateDir, paths);
  await backupCache(stateDir, backup, QUIET);
  assert.deepEqual((await check(backup, { deep: true })).findings, []);
});

Deno.test("what is no backup is refused, and nothing is written over", async () => {
  await using dir = await tempDir("backup");
  const stateDir = `${dir.path}/cache`;
  await fillCache(stateDir, chain(1));
  await Deno.mkdir(`${dir.path}/home`);
  await Deno.writeTextFile(`${dir.path}/home/letter`, "dear");
  await assert.rejects(
    backupCache(stateDir, `${dir.path}/home`, QUIET),
    /there is "letter" in it/,
  );
  await assert.rejects(
    backupCache(stateDir, stateDir, QUIET),
    /the cache's own directory/,
  );
  await assert.rejects(restored(`${dir.path}/home`, stateDir), /There is no/);
  await Deno.writeTextFile(`${dir.path}/home/cache.sqlite`, "no database");
  await assert.rejects(restored(`${dir.path}/home`, stateDir), /no cache's/);
  assert.equal((await check(stateDir)).state, "clean");
});

for (
  const point of [
    "cache.backup.copied",
    "cache.backup.renamed",
    "cache.database.kept",
    "cache.database.replaced",
  ]
) {
  Deno.test(`killed at ${point}, backup and cache are the old ones or the new ones`, async () => {
    await using dir = await tempDir("backup");
    const stateDir = `${dir.path}/cache`;
    const backup = `${dir.path}/backup`;
    const old = chain(5, "old");
    const later = chain(5, "later");
    await fillCache(stateDir, old);
    await backupCache(stateDir, backup, QUIET);
    await fillCache(stateDir, later);
    // The next backup has nars to remove as well.
    const [, , , , gone] = old;
    assert.ok(gone !== undefined);
    inTables(stateDir, (tables) => {
      tables.prepare("DELETE FROM path WHERE hash = ?").run(gone.hash);
      tables.prepare("DELETE FROM reference WHERE hash = ?").run(gone.hash);
      tables.prepare("DELETE FROM nar WHERE file = ?").run(gone.url.slice(4));
    });
    await Deno.remove(narFileOf(stateDir, gone));
    const isBackup = point.startsWith("cache.backup");
    const killed = await word(
      isBackup ? "backup" : "restore",
      [backup, "--state-dir", stateDir],
      point,
    );
    assert.equal(killed.signal, "SIGKILL", killed.stderrTail);
    const from = `${dir.path}/fresh`;
    await restored(backup, from);
    const restoredReport = await check(from, { deep: true });
    assert.deepEqual(restoredReport.findings, []);
    assert.ok([5, 9].includes(restoredReport.checked.paths));
    const own = await check(stateDir, { deep: true, repair: true });
    assert.ok(["clean", "mended"].includes(own.state), own.state);
    assert.ok([5, 9].includes(own.checked.paths), String(own.checked.paths));
    const after = await backupCache(stateDir, backup, QUIET);
    assert.equal(after.paths, own.checked.paths);
  });
}

Deno.test("a full disk ends a backup and a restore, and what was there is as it was", async () => {
  await using dir = await tempDir("backup");
  const stateDir = `${dir.path}/cache`;
  const small = `${dir.path}/small`;
  await Deno.mkdir(small);
  await runChecked("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
  try {
    const paths = chain(3);
    await fillCache(stateDir, paths);
    await backupCache(stateDir, `${small}/backup`, QUIET);
    const noise = Array.from(
      { length: 200_000 },
      () => Math.random().toString(36),
    ).join("");
    await fillCache(stateDir, [fakePath("large", noise)]);
    await assert.rejects(
      backupCache(stateDir, `${small}/backup`, QUIET),
      /No space left/,
    );
    const fresh = `${dir.path}/fresh`;
    await restored(`${small}/backup`, fresh);
    assert.equal((await check(fresh, { deep: true })).checked.paths, 3);
  } finally {
    await runChecked("umount", [small]);
  }
});
