/**
 * Temporary directories that clean up, read-only store paths included.
 *
 * @module
 */

async function makeWritable(path: string): Promise<void> {
  const info = await Deno.lstat(path);
  if (!info.isDirectory) return;
  await Deno.chmod(path, 0o700);
  for await (const entry of Deno.readDir(path)) {
    if (entry.isDirectory) await makeWritable(`${path}/${entry.name}`);
  }
}

/** A new directory; `await using` removes it. */
export async function tempDir(
  name = "test",
): Promise<{ path: string } & AsyncDisposable> {
  // Short: unix socket paths below it must stay within 107 bytes.
  const path = await Deno.makeTempDir({ prefix: `pcr-${name}-` });
  return {
    path,
    async [Symbol.asyncDispose]() {
      await makeWritable(path);
      await Deno.remove(path, { recursive: true });
    },
  };
}
