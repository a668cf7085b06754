/**
 * The port to closures on this host: there and pinned before a VM is started
 * from them. The real one runs nix; `noClosures` is for drivers that read no
 * files.
 *
 * Roots lie in a directory per copy of a VM, named for the runtime they belong
 * to. What they name is read once and kept in memory beside the disk: it is
 * told with every report.
 *
 * @module
 */
import { AppError } from "../model/errors.ts";
import type { Nix } from "../nix/mod.ts";
import { copyDirectoryName, directoryName } from "../../vmm/mod.ts";
import { removeIfThere } from "../files/mod.ts";
import { type CopyId, storePathRoot } from "../model/ids.ts";

/** Closures on this host. */
export interface Closures {
  /**
   * Brings what is missing.
   *
   * @param onProgress told what is being done, for people; at most once a second.
   * @throws {AppError} `missing_dependency`, `storage`, or what the cache's failure was.
   */
  ensure(
    paths: readonly string[],
    signal: AbortSignal,
    onProgress?: (message: string) => void,
  ): Promise<void>;
  /** Takes over what a former process pinned, for the copies that are here. */
  adopt(copies: readonly CopyId[]): Promise<void>;
  /** Keeps the paths of one runtime of a copy from being collected. */
  pin(
    copy: CopyId,
    runtimeHash: string,
    paths: readonly string[],
  ): Promise<void>;
  /** Lets go of all runtimes of a copy but these. */
  prune(copy: CopyId, keep: readonly string[]): Promise<void>;
  /** Store paths that are pinned, sorted. */
  roots(): string[];
  /** Bytes of everything these paths refer to, each path once; null when this host does not know. */
  closureBytes(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<number | null>;
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
  /** By directory and name of the root: the store path it keeps. */
  readonly #pinned = new Map<string, Map<string, string>>();

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

  async adopt(copies: readonly CopyId[]): Promise<void> {
    for (const copy of copies) {
      const dir = this.#dir(copyDirectoryName(copy));
      const pinned = await this.#read(dir);
      // Versions before copies pinned by the VM alone.
      const former = await this.#read(this.#dir(directoryName(copy.id)));
      for (const [name, path] of former) {
        if (!pinned.has(name)) await this.#pin(dir, name, path);
        pinned.set(name, path);
      }
      if (pinned.size > 0) this.#pinned.set(dir, pinned);
    }
    for (const { id } of copies) {
      await removeIfThere(this.#dir(directoryName(id)));
    }
  }

  async pin(
    copy: CopyId,
    runtimeHash: string,
    paths: readonly string[],
  ): Promise<void> {
    const dir = this.#dir(copyDirectoryName(copy));
    const prefix = runtimeHash.slice(0, HASH_CHARS);
    for (const [index, path] of paths.entries()) {
      const name = `${prefix}-${index}`;
      await this.#pin(dir, name, path);
      const pinned = this.#pinned.get(dir) ?? new Map<string, string>();
      this.#pinned.set(dir, pinned.set(name, path));
    }
  }

  async prune(copy: CopyId, keep: readonly string[]): Promise<void> {
    const dir = this.#dir(copyDirectoryName(copy));
    if (keep.length === 0) {
      await removeIfThere(dir);
      this.#pinned.delete(dir);
      return;
    }
    const prefixes = new Set(keep.map((hash) => hash.slice(0, HASH_CHARS)));
    for (const name of (await this.#read(dir)).keys()) {
      if (prefixes.has(name.slice(0, HASH_CHARS))) continue;
      await this.#options.nix.removeGcRoot(`${dir}/${name}`);
      this.#pinned.get(dir)?.delete(name);
    }
  }

  roots(): string[] {
    const paths = new Set<string>();
    for (const pinned of this.#pinned.values()) {
      for (const path of pinned.values()) paths.add(path);
    }
    return [...paths].sort();
  }

  async closureBytes(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<number> {
    return await this.#options.nix.closureBytes(paths, { signal });
  }

  async #pin(dir: string, name: string, path: string): Promise<void> {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    await this.#options.nix.addGcRoot(path, `${dir}/${name}`);
  }

  /** The roots in a directory by name: the store path each one names, whichever store it lies in. */
  async #read(dir: string): Promise<Map<string, string>> {
    const roots = new Map<string, string>();
    try {
      for await (const { name } of Deno.readDir(dir)) {
        const target = await Deno.readLink(`${dir}/${name}`);
        const start = target.lastIndexOf("/nix/store/");
        if (start >= 0) roots.set(name, storePathRoot(target.slice(start)));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return roots;
  }

  physical(storePath: string): string {
    return this.#options.nix.physicalPath(storePath);
  }

  async versions(): Promise<Record<string, string>> {
    return { nix: (await this.#options.nix.version()).text };
  }

  #dir(name: string): string {
    return `${this.#options.rootsDir}/${name}`;
  }
}

/** Everything is there, nothing is pinned. */
export const noClosures: Closures = {
  ensure: () => Promise.resolve(),
  adopt: () => Promise.resolve(),
  pin: () => Promise.resolve(),
  prune: () => Promise.resolve(),
  roots: () => [],
  closureBytes: () => Promise.resolve(null),
  physical: (storePath) => storePath,
  versions: () => Promise.resolve({}),
};
