/**
 * The port to closures on this host: there and pinned before a VM is started
 * from them. The real one runs nix; `noClosures` is for drivers that read no
 * files.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Nix } from "../nix/mod.ts";
import { directoryName } from "../../vmm/mod.ts";
import { removeIfThere } from "../files/mod.ts";

/** Closures on this host. */
export interface Closures {
  /**
   * Brings what is missing.
   *
   * @throws {AppError} `missing_dependency`, `storage`, or what the cache's failure was.
   */
  ensure(paths: readonly string[], signal: AbortSignal): Promise<void>;
  /** Keeps the paths of one runtime of a VM from being collected. */
  pin(vm: string, runtimeHash: string, paths: readonly string[]): Promise<void>;
  /** Lets go of all runtimes of a VM but these. */
  prune(vm: string, keep: readonly string[]): Promise<void>;
  /** Where a store path lies on this host's disk. */
  physical(storePath: string): string;
  /** Name and version of the program behind it, for reports. */
  versions(): Promise<Record<string, string>>;
}

/** Where nix fetches from and what is pinned below which directory. */
export interface NixClosuresOptions {
  nix: Nix;
  cacheUrl?: string;
  publicKeys: readonly string[];
  rootsDir: string;
}

/** Hex digits of a hash in a root's name: enough to tell the few runtimes of one VM apart. */
const HASH_CHARS = 16;

export class NixClosures implements Closures {
  #options: NixClosuresOptions;

  constructor(options: NixClosuresOptions) {
    this.#options = options;
  }

  async ensure(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const { nix, cacheUrl, publicKeys } = this.#options;
    const missing = await nix.missingPaths(paths, { signal });
    if (missing.length === 0) return;
    if (cacheUrl === undefined) {
      throw new AppError(
        "not_found",
        `Cannot find ${missing[0]} on this host, and no cache is configured`,
        { hint: "set cacheUrl and cachePublicKeys" },
      );
    }
    await nix.copyFrom(cacheUrl, missing, { publicKeys, signal });
  }

  async pin(
    vm: string,
    runtimeHash: string,
    paths: readonly string[],
  ): Promise<void> {
    const dir = this.#dir(vm);
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    const prefix = runtimeHash.slice(0, HASH_CHARS);
    for (const [index, path] of paths.entries()) {
      await this.#options.nix.addGcRoot(path, `${dir}/${prefix}-${index}`);
    }
  }

  async prune(vm: string, keep: readonly string[]): Promise<void> {
    const dir = this.#dir(vm);
    if (keep.length === 0) return await removeIfThere(dir);
    const prefixes = new Set(keep.map((hash) => hash.slice(0, HASH_CHARS)));
    try {
      for await (const { name } of Deno.readDir(dir)) {
        if (prefixes.has(name.slice(0, HASH_CHARS))) continue;
        await this.#options.nix.removeGcRoot(`${dir}/${name}`);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  physical(storePath: string): string {
    return this.#options.nix.physicalPath(storePath);
  }

  async versions(): Promise<Record<string, string>> {
    return { nix: (await this.#options.nix.version()).text };
  }

  #dir(vm: string): string {
    return `${this.#options.rootsDir}/${directoryName(vm)}`;
  }
}

/** Everything is there, nothing is pinned. */
export const noClosures: Closures = {
  ensure: () => Promise.resolve(),
  pin: () => Promise.resolve(),
  prune: () => Promise.resolve(),
  physical: (storePath) => storePath,
  versions: () => Promise.resolve({}),
};
