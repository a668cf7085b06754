import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { tempDir } from "../support/temp.ts";
import { Database } from "../../roles/cache/storage/database.ts";
import { Metadata } from "../../roles/cache/storage/metadata.ts";
import { STEPS } from "../../roles/cache/storage/schema.ts";

const HASH = "a".repeat(32);

function before(path: string, version: number): DatabaseSync {
  const database = new DatabaseSync(path);
  for (const step of STEPS.slice(0, version)) database.exec(step);
  database.exec(`PRAGMA user_version = ${version}`);
  return database;
}

Deno.test("Database: one of the first version keeps its paths and can be collected", async () => {
  await using dir = await tempDir("cache-db");
  const path = `${dir.path}/cache.sqlite`;
  const old = before(path, 1);
  old.prepare("INSERT INTO path VALUES (?,?,?,?,?,?)")
    .run(HASH, `${HASH}-a`, "a.nar.zst", 12, "StorePath: a\n", 5);
  old.close();
  for (const _ of ["taken over", "opened again"]) {
    using database = new Database(path);
    const metadata = new Metadata(database);
    assert.equal(metadata.narInfoText(HASH), "StorePath: a\n");
    assert.equal(metadata.stats().paths, 1);
    const row = database.sql.prepare("SELECT used_at_ms, stored_by FROM path")
      .get();
    assert.deepEqual({ ...row }, { used_at_ms: 0, stored_by: "" });
  }
});

Deno.test("Database: one of a later version is refused and left as it is", async () => {
  await using dir = await tempDir("cache-db");
  const path = `${dir.path}/cache.sqlite`;
  before(path, STEPS.length + 1).close();
  assert.throws(() => new Database(path), /this program knows 2/);
  const left = new DatabaseSync(path);
  const { user_version } = left.prepare("PRAGMA user_version").get() ?? {};
  left.close();
  assert.equal(user_version, STEPS.length + 1);
});

Deno.test("Database: an action that fails leaves nothing", () => {
  using database = new Database(":memory:");
  const put = database.sql.prepare("INSERT INTO pin VALUES (?,?,?,?,?)");
  assert.throws(
    () =>
      database.transaction("a pin", () => {
        put.run("mine", `${HASH}-a`, "a token", 1, null);
        throw new Error("no");
      }),
    /no/,
  );
  assert.equal(database.sql.prepare("SELECT 1 FROM pin").get(), undefined);
});

Deno.test("Database: the figures follow every write, also one in the place of another", () => {
  using database = new Database(":memory:");
  const metadata = new Metadata(database);
  const { sql } = database;
  const nar = { file: "a.nar.zst", fileSize: 5, narHash: "h", narSize: 9 };
  metadata.putNar(nar, 1);
  metadata.putNar({ ...nar, fileSize: 7 }, 2);
  metadata.putNar({ ...nar, file: "b.nar.zst" }, 3);
  metadata.putObject("ls", HASH, new Uint8Array(3), 1);
  metadata.putObject("ls", HASH, new Uint8Array(4), 2);
  const put = sql.prepare(
    "INSERT OR REPLACE INTO path VALUES (?,?,?,?,?,?,?,?)",
  );
  for (const size of [10, 20]) {
    put.run(HASH, `${HASH}-a`, "a.nar.zst", size, "text", 1, 1, "me");
  }
  const figures = {
    paths: 1,
    narBytes: 20,
    nars: 2,
    fileBytes: 12,
    objects: 1,
  };
  assert.deepEqual({ ...metadata.stats() }, figures);
  assert.throws(() =>
    database.transaction("nothing", () => {
      sql.exec("DELETE FROM path; DELETE FROM nar");
      throw new Error("no");
    })
  );
  assert.deepEqual({ ...metadata.stats() }, figures);
  sql.exec("DELETE FROM path; DELETE FROM nar; DELETE FROM object");
  assert.deepEqual(Object.values(metadata.stats()), [0, 0, 0, 0, 0]);
});
