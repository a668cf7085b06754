/**
 * Puts another database in the place of the cache's, so that a kill at any
 * step leaves the old one or the new one, and the old one is kept under a name
 * of its own in any case. The cache is stopped.
 *
 * @module
 */
import { flushDirectory, removeIfThere } from "../../files/mod.ts";
import { failpoint } from "../../process/failpoint.ts";

/** The database's name in the cache's state directory. */
export const DATABASE = "cache.sqlite";

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** With all that SQLite puts beside it. */
export async function removeDatabase(path: string): Promise<void> {
  for (const end of ["", "-wal", "-shm", "-journal"]) {
    await removeIfThere(path + end);
  }
}

/** Root mends and restores for the user that the cache runs as: the one whose directory it is. */
export async function giveAway(path: string, stateDir: string): Promise<void> {
  if (Deno.uid() !== 0) return;
  const { uid, gid } = await Deno.stat(stateDir);
  await Deno.chown(path, uid, gid);
}

/** The bytes of a file, on disk. */
export async function flushFile(path: string): Promise<void> {
  using file = await Deno.open(path, { write: true });
  await file.sync();
}

/**
 * Gives `copy`, a closed database below the state directory, the place of the present one.
 *
 * @returns where the present one is kept now; null: there was none.
 */
export async function replaceDatabase(
  stateDir: string,
  copy: string,
  { label, nowMs }: { label: "damaged" | "replaced"; nowMs: number },
): Promise<string | null> {
  const source = `${stateDir}/${DATABASE}`;
  for (const end of ["-wal", "-shm"]) await removeIfThere(copy + end);
  await giveAway(copy, stateDir);
  await flushFile(copy);
  let kept: string | null = null;
  if (await exists(source)) {
    const time = new Date(nowMs).toISOString().replace(/[-:]|\.\d+/g, "");
    const name = `${source}.${label}-${time}`;
    kept = name;
    for (let again = 2; await exists(kept); again++) kept = `${name}-${again}`;
    await Deno.link(source, kept);
    if (await exists(`${source}-wal`)) {
      await Deno.link(`${source}-wal`, `${kept}-wal`);
    }
    await flushDirectory(stateDir);
  }
  failpoint("cache.database.kept");
  // What was not yet written into the old file would be taken for the new one's.
  for (const end of ["-wal", "-shm"]) await removeIfThere(source + end);
  await Deno.rename(copy, source);
  await flushDirectory(stateDir);
  failpoint("cache.database.replaced");
  return kept;
}
