/**
 * Closures by nix: fetched from the cache with progress, verified by nix's own
 * signatures and hashes, pinned by roots while a VM needs them, kept for a
 * while after.
 *
 * Roots lie in a directory per copy of a VM, named for the runtime they belong
 * to. What they name is read once and kept in memory beside the disk: it is
 * told with every report.
 *
 * ```text
 *   ensure ──▶ held ──▶ pin ──▶ pinned ──▶ prune ──▶ kept (kept.ts) ──▶ gone
 * ```
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { type CopyId, storePathRoot } from "../../model/ids.ts";
import type { Clock } from "../../model/ports.ts";
import type { CopyProgress, Nix, RemotePath } from "../../nix/mod.ts";
import { removeIfThere } from "../../files/mod.ts";
import { copyDirectoryName, directoryName } from "../../../vmm/mod.ts";
import type { Closures } from "./closures.ts";
import { KeptClosures } from "./kept.ts";
import { mib } from "./core/disk_room.ts";
import type { DiskRoom } from "./disk_room.ts";
import { SharedWork, type Waiter } from "./shared_work.ts";
import type { ClosureTransfer } from "./transfer.ts";
import type { StoreSource } from "../stores/images.ts";

/** Where nix fetches from and what is pinned below which directory. */
export interface NixClosuresOptions {
  nix: Nix;
  cacheUrl?: string;
  publicKeys: readonly string[];
  rootsDir: string;
  /** Tried before nix; absent: nix alone copies. */
  transfer?: ClosureTransfer;
  /** With it closures that nothing needs are kept for later, and fetched only where there is room. */
  keeping?: {
    /** Beside `rootsDir`. */
    dir: string;
    keepDays: number;
    room: DiskRoom;
    clock: Clock;
    onWarning: (message: string, error: unknown) => void;
  };
}

/** Hex digits of a hash in a root's name: enough to tell the few runtimes of one VM apart. */
const HASH_CHARS = 16;
/** Somebody else may collect garbage between a copy and its root; not every time. */
const MAX_TRIES = 3;
/** Often enough to see it move, seldom enough for a master of many. */
const PROGRESS_MS = 1000;

/** What a person reads of a copy. */
export function progressText(progress: CopyProgress): string {
  const { paths, ofPaths, bytes, ofBytes } = progress;
  return `copying ${paths} of ${ofPaths} paths, ${mib(bytes)} of ${
    mib(ofBytes)
  } MiB`;
}

export class NixClosures implements Closures {
  readonly store: StoreSource;
  readonly #options: NixClosuresOptions;
  readonly #fetches = new SharedWork<void>();
  readonly #kept: KeptClosures | null;
  /** By directory and name of the root: the store path it keeps. */
  readonly #pinned = new Map<string, Map<string, string>>();
  /** Paths that are about to be pinned, and by how many. */
  readonly #held = new Map<string, number>();

  constructor(options: NixClosuresOptions) {
    this.#options = options;
    const { nix, keeping } = options;
    this.store = {
      storeDir: nix.physicalPath("/nix/store"),
      closure: (path, signal) => nix.closureInfo([path], { signal }),
      physical: (path) => nix.physicalPath(path),
      roots: () => this.roots(),
    };
    this.#kept = keeping === undefined ? null : new KeptClosures({
      ...keeping,
      nix,
      isNeeded: (path) => this.#isPinned(path) || this.#held.has(path),
      isReplaceable: options.cacheUrl !== undefined,
    });
    if (this.#kept !== null) keeping?.room.add(this.#kept);
  }

  async ensure(
    paths: readonly string[],
    signal: AbortSignal,
    onProgress: (message: string) => void = () => undefined,
  ): Promise<void> {
    // From the first look on: what is kept for later is needed now.
    this.#hold(paths);
    try {
      for (let tries = 0;; tries++) {
        const missing = await this.#missing(paths, signal);
        if (missing.length === 0) return;
        if (tries === MAX_TRIES) {
          throw new AppError(
            "failed",
            `Cannot keep ${missing[0]}: it is gone again after it was copied`,
            { hint: "look who collects garbage on this host" },
          );
        }
        await this.#fetches.run(
          missing.join(" "),
          { signal, onProgress },
          (on) => this.#fetch(missing, on),
        );
      }
    } catch (error) {
      this.#letGo(paths);
      throw error;
    }
  }

  /** What is not here; when all is, it stays until it is pinned. */
  async #missing(
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<string[]> {
    const look = () => this.#options.nix.missingPaths(paths, { signal });
    if (this.#kept === null) return await look();
    const missing = await this.#kept.await(look);
    if (missing.length > 0) this.#kept.rooted();
    return missing;
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
    try {
      const dir = this.#dir(copyDirectoryName(copy));
      const prefix = runtimeHash.slice(0, HASH_CHARS);
      for (const [index, path] of paths.entries()) {
        const name = `${prefix}-${index}`;
        await this.#pin(dir, name, path);
        const pinned = this.#pinned.get(dir) ?? new Map<string, string>();
        this.#pinned.set(dir, pinned.set(name, path));
      }
    } finally {
      this.#letGo(paths);
      this.#kept?.rooted();
    }
  }

  async prune(copy: CopyId, keep: readonly string[]): Promise<void> {
    const dir = this.#dir(copyDirectoryName(copy));
    const prefixes = new Set(keep.map((hash) => hash.slice(0, HASH_CHARS)));
    const pinned = await this.#read(dir);
    const names = [...pinned].filter(([name]) =>
      !prefixes.has(name.slice(0, HASH_CHARS))
    );
    const paths = new Set(names.map(([, path]) => path));
    for (const [name] of names) this.#pinned.get(dir)?.delete(name);
    for (const path of paths) {
      if (!this.#isPinned(path)) await this.#kept?.keep(path);
    }
    for (const [name] of names) {
      await this.#options.nix.removeGcRoot(`${dir}/${name}`);
    }
    if (keep.length > 0) return;
    await removeIfThere(dir);
    this.#pinned.delete(dir);
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

  physical(storePath: string): string {
    return this.#options.nix.physicalPath(storePath);
  }

  async versions(): Promise<Record<string, string>> {
    return { nix: (await this.#options.nix.version()).text };
  }

  async #fetch(
    missing: readonly string[],
    { signal, onProgress }: Required<Waiter>,
  ): Promise<void> {
    const { cacheUrl } = this.#options;
    if (cacheUrl === undefined) {
      throw new AppError(
        "not_found",
        `Cannot find ${missing[0]} on this host, and no cache is configured`,
        { hint: "set cacheUrl and cachePublicKeys" },
      );
    }
    if (await this.#transfer(missing, { signal, onProgress })) return;
    await this.#copy(cacheUrl, missing, { signal, onProgress });
  }

  /** In one request; false: nix has to copy what is left. */
  async #transfer(
    missing: readonly string[],
    { signal, onProgress }: Required<Waiter>,
  ): Promise<boolean> {
    const { transfer, keeping } = this.#options;
    if (transfer === undefined) return false;
    const dir = await this.#kept?.open();
    let end: (() => void) | undefined;
    try {
      return await transfer.fetch(missing, {
        signal,
        onHead: async (bytes) => {
          // Room is made before anything has come: from then on nothing is deleted.
          end?.();
          end = undefined;
          if (dir !== undefined) {
            await keeping?.room.require(dir, bytes, `copy ${missing[0]}`);
          }
          end = await this.#kept?.begin();
        },
        onProgress: this.#seldom(onProgress),
      });
    } finally {
      end?.();
    }
  }

  async #copy(
    cacheUrl: string,
    missing: readonly string[],
    { signal, onProgress }: Required<Waiter>,
  ): Promise<void> {
    const { nix, publicKeys, keeping } = this.#options;
    const expected = await this.#expected(cacheUrl, missing, signal);
    const bytes = expected.reduce((sum, path) => sum + path.narSizeBytes, 0);
    const none = { paths: 0, bytes: 0 };
    const all = { ofPaths: expected.length, ofBytes: bytes };
    const copy = async () => {
      // Where copies take turns this may be all there is to tell for a while.
      onProgress(progressText({ ...none, ...all }));
      await nix.copyFrom(cacheUrl, missing, {
        publicKeys,
        signal,
        expected,
        onProgress: this.#seldom(onProgress),
      });
    };
    if (this.#kept === null || keeping === undefined) return await copy();
    const dir = await this.#kept.open();
    await keeping.room.require(dir, bytes, `copy ${missing[0]}`);
    await this.#kept.during(copy);
  }

  /** What is to be copied: what the cache says belongs to it, and is not here. */
  async #expected(
    cacheUrl: string,
    missing: readonly string[],
    signal: AbortSignal,
  ): Promise<RemotePath[]> {
    const { nix } = this.#options;
    const closure = await nix.remoteClosure(cacheUrl, missing, { signal });
    const absent = new Set(
      await nix.missingPaths(closure.map(({ path }) => path), { signal }),
    );
    return closure.filter(({ path }) => absent.has(path));
  }

  /** nix has something to say for every piece of a file. */
  #seldom(
    onProgress: (message: string) => void,
  ): (progress: CopyProgress) => void {
    const { keeping } = this.#options;
    let nextMs = 0;
    return (progress) => {
      const now = keeping?.clock.bootMs() ?? Infinity;
      if (now < nextMs) return;
      nextMs = now + PROGRESS_MS;
      onProgress(progressText(progress));
    };
  }

  async #pin(dir: string, name: string, path: string): Promise<void> {
    await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    await this.#options.nix.addGcRoot(path, `${dir}/${name}`);
  }

  #isPinned(path: string): boolean {
    for (const pinned of this.#pinned.values()) {
      for (const each of pinned.values()) if (each === path) return true;
    }
    return false;
  }

  #hold(paths: readonly string[]): void {
    for (const path of paths) {
      this.#held.set(path, (this.#held.get(path) ?? 0) + 1);
    }
  }

  #letGo(paths: readonly string[]): void {
    for (const path of paths) {
      const left = (this.#held.get(path) ?? 1) - 1;
      if (left > 0) this.#held.set(path, left);
      else this.#held.delete(path);
    }
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

  #dir(name: string): string {
    return `${this.#options.rootsDir}/${name}`;
  }
}
