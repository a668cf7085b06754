/**
 * Trees of files that tests need on a disk.
 *
 * @module
 */
import { dirname, join } from "node:path";

/** Contents by path. */
export type Files = Readonly<Record<string, string | Uint8Array<ArrayBuffer>>>;

/** Writes files below `dir`, with the directories that they lie in. */
export async function writeFiles(dir: string, files: Files): Promise<void> {
  for (const [path, content] of Object.entries(files)) {
    const target = join(dir, path);
    await Deno.mkdir(dirname(target), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(target, content);
    else await Deno.writeFile(target, content);
  }
}
