/**
 * The port to closures on this host: there and pinned before a VM is started
 * from them. The real one runs nix (closures_nix.ts); `noClosures` is for
 * drivers that read no files.
 *
 * @module
 */
import type { CopyId } from "../../model/ids.ts";
import type { StoreSource } from "../stores/images.ts";

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
  /** The store behind it, for guests that read theirs; absent: there is none to show. */
  readonly store?: StoreSource;
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
