/**
 * Closures that are always there and whose GC roots are plain links: a store
 * that costs no time, so that roots can be counted after hundreds of kills.
 *
 * @module
 */
import type { Closures } from "../../../roles/worker/closures/closures.ts";
import { copyDirectoryName } from "../../../vmm/mod.ts";
import type { TestImage } from "../../support/vmm_image.ts";

/** Of a hash in a root's name. */
const HASH_CHARS = 16;

/** The links of one copy. */
async function names(dir: string): Promise<string[]> {
  const found: string[] = [];
  try {
    for await (const { name } of Deno.readDir(dir)) found.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return found;
}

/** Closures over `image`, pinned below `rootsDir`. */
export function linkClosures(rootsDir: string, image: TestImage): Closures {
  return {
    ensure: () => Promise.resolve(),
    adopt: () => Promise.resolve(),
    async pin(copy, runtimeHash, paths) {
      const dir = `${rootsDir}/${copyDirectoryName(copy)}`;
      await Deno.mkdir(dir, { recursive: true });
      const known = await names(dir);
      for (const [index, path] of paths.entries()) {
        const name = `${runtimeHash.slice(0, HASH_CHARS)}-${index}`;
        if (!known.includes(name)) await Deno.symlink(path, `${dir}/${name}`);
      }
    },
    async prune(copy, keep) {
      const dir = `${rootsDir}/${copyDirectoryName(copy)}`;
      const kept = new Set(keep.map((hash) => hash.slice(0, HASH_CHARS)));
      for (const name of await names(dir)) {
        if (kept.has(name.slice(0, HASH_CHARS))) continue;
        await Deno.remove(`${dir}/${name}`);
      }
      if (keep.length === 0) await Deno.remove(dir).catch(() => undefined);
    },
    roots: () => [],
    closureBytes: () => Promise.resolve(null),
    physical: (path) => path.endsWith("/kernel") ? image.kernel : image.initrd,
    versions: () => Promise.resolve({}),
  };
}
