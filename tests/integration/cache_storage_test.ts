import assert from "node:assert/strict";
import { Database } from "../../roles/cache/storage/database.ts";
import { DiskFiles } from "../../roles/cache/storage/files.ts";
import { Metadata } from "../../roles/cache/storage/metadata.ts";
import { tempDir } from "../support/temp.ts";

async function names(dir: string): Promise<string[]> {
  const entries = await Array.fromAsync(Deno.readDir(dir));
  return entries.map(({ name }) => name);
}

Deno.test("DiskFiles: one nar that several send at once is there once, and is followed to its end", async () => {
  await using dir = await tempDir("files");
  const files = await DiskFiles.open(dir.path);
  const file = `${"a".repeat(52)}.nar`;
  const bytes = new TextEncoder().encode("the same bytes for all");
  const send = async () => {
    const staged = await files.stage();
    await staged.write(bytes);
    using reader = await staged.reader(4);
    await staged.publish(file);
    const into = new Uint8Array(100);
    assert.equal(await reader.read(into), bytes.length - 4);
    using late = await staged.reader(0);
    assert.equal(await late.read(into), bytes.length);
    await staged.discard();
  };
  await Promise.all(Array.from({ length: 8 }, send));
  // Sent again when it is there.
  await send();
  assert.deepEqual(await names(`${dir.path}/tmp`), []);
  assert.deepEqual(await names(`${dir.path}/nar/aa`), [file]);
  assert.equal(await files.size(file), bytes.length);
});

Deno.test("Database: what was committed is seen at once, and told of as lasting when it is on disk", async () => {
  await using dir = await tempDir("database");
  const path = `${dir.path}/cache.sqlite`;
  using database = new Database(path);
  using other = new Database(path);
  const metadata = new Metadata(database);
  const nar = (at: number) => ({
    file: `${at}.nar.zst`,
    fileSize: 5,
    narHash: "h",
    narSize: 9,
  });
  assert.equal(database.isLasting, true);
  const stored = Array.from(
    { length: 20 },
    (_, at) => metadata.putNar(nar(at), 1),
  );
  assert.equal(metadata.nar("19.nar.zst")?.fileSize, 5);
  assert.equal(database.isLasting, false);
  await metadata.lasting();
  await Promise.all(stored);
  assert.equal(database.isLasting, true);
  assert.equal(new Metadata(other).stats().nars, 20);
  // Other writers are on disk when they return, as before.
  const level = database.sql.prepare("PRAGMA synchronous").get();
  assert.deepEqual({ ...level }, { synchronous: 2 });
  assert.throws(
    () => {
      void database.commit("nothing", () => {
        throw new Error("no");
      });
    },
    /no/,
  );
  assert.deepEqual({ ...database.sql.prepare("PRAGMA synchronous").get() }, {
    synchronous: 2,
  });
});

Deno.test("Database: after a sync that failed nothing is stored behind what may be lost", async () => {
  await using dir = await tempDir("database");
  const path = `${dir.path}/cache.sqlite`;
  let failing = true;
  using database = new Database(path, () => {
    if (!failing) return Promise.resolve();
    const error = Object.assign(new Error("input/output error"), {
      code: "EIO",
    });
    return Promise.reject(error);
  });
  const metadata = new Metadata(database);
  const put = (file: string) =>
    metadata.putNar({ file, fileSize: 5, narHash: "h", narSize: 9 }, 1);
  await assert.rejects(put("a.nar"), { code: "storage" });
  assert.equal(database.isLasting, false);
  failing = false;
  {
    using reader = new Database(path);
    reader.sql.exec("BEGIN; SELECT * FROM nar");
    assert.throws(() => void put("b.nar"), /a backup is under way/);
    assert.equal(metadata.nar("b.nar"), undefined);
    reader.sql.exec("COMMIT");
  }
  await put("c.nar");
  assert.equal(database.isLasting, true);
  // The log began anew: what was in it is in the database.
  const log = await Deno.readFile(`${path}-wal`);
  await Deno.writeFile(`${dir.path}/copy.sqlite`, await Deno.readFile(path));
  assert.ok(log.length > 0);
  using copy = new Database(`${dir.path}/copy.sqlite`);
  assert.equal(new Metadata(copy).nar("a.nar")?.fileSize, 5);
});
