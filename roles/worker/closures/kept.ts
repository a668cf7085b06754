/**
 * Closures that nothing needs any more, kept for those who come back to them:
 * each path has a root here, whose age is the time since it was last needed.
 * Given up by age and for room on the disk; then what only it kept is deleted.
 *
 * What was never pinned, as of a fetch that nobody waited for, is deleted for
 * room alone, and only in a store of our own: in the machine's store there is
 * garbage of others, which is not ours.
 *
 * @module
 */
import { storePathRoot } from "../../model/ids.ts";
import type { Nix } from "../../nix/mod.ts";
import type { Spare } from "./core/disk_room.ts";
import type { Hoard } from "./disk_room.ts";

/** What closures are kept with. */
export interface KeptClosuresOptions {
  nix: Nix;
  /** Roots, named for their paths. */
  dir: string;
  keepDays: number;
  /** True for paths that something that runs, is ordered or is about to start needs. */
  isNeeded: (path: string) => boolean;
  /** What has no root can be fetched again. */
  isReplaceable: boolean;
  onWarning: (message: string, error: unknown) => void;
}

export class KeptClosures implements Hoard {
  /** Where the space is. */
  readonly dir: string;
  readonly #options: KeptClosuresOptions;
  /** Copies under way: what they have brought so far has no root. */
  #copying = 0;
  /** Closures that are here and about to get their roots. */
  #awaited = 0;
  #dropping: Promise<void> | null = null;

  constructor(options: KeptClosuresOptions) {
    this.#options = options;
    this.dir = options.nix.physicalPath("/nix/store");
  }

  /** The directory of the store, made when it is not there. */
  async open(): Promise<string> {
    // The machine's store is there, and not ours to make.
    if (this.#options.nix.store !== undefined) {
      await Deno.mkdir(this.dir, { recursive: true });
    }
    return this.dir;
  }

  /** What is there while it looks is still there afterwards, until `rooted` is told as often. */
  async await<T>(look: () => Promise<T>): Promise<T> {
    await this.#settled();
    this.#awaited++;
    try {
      return await look();
    } catch (error) {
      this.#awaited--;
      throw error;
    }
  }

  rooted(): void {
    this.#awaited = Math.max(0, this.#awaited - 1);
  }

  /** Nothing is being deleted. */
  async #settled(): Promise<void> {
    while (this.#dropping !== null) await this.#dropping;
  }

  /** Deletes nothing while `copy` runs. */
  async during(copy: () => Promise<void>): Promise<void> {
    const end = await this.begin();
    try {
      await copy();
    } finally {
      end();
    }
  }

  /** A copy begins: nothing is deleted until what this gives is called, once. */
  async begin(): Promise<() => void> {
    await this.#settled();
    this.#copying++;
    return () => void this.#copying--;
  }

  /** Its last need has ended. Never throws: what cannot be kept is let go. */
  async keep(path: string): Promise<void> {
    const { nix, dir, keepDays, onWarning } = this.#options;
    if (keepDays === 0) return;
    try {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
      await nix.addGcRoot(path, `${dir}/${path.slice("/nix/store/".length)}`);
    } catch (error) {
      onWarning(`cannot keep ${path} for later`, error);
    }
  }

  async spares(): Promise<Spare[]> {
    const { isNeeded } = this.#options;
    const spares: Spare[] = [];
    for (const [name, path] of await this.#links()) {
      if (isNeeded(path)) continue;
      const info = await Deno.lstat(this.#link(name)).catch(() => null);
      if (info === null) continue;
      spares.push({ id: name, lastUsedMs: info.mtime?.getTime() ?? 0 });
    }
    return spares;
  }

  async drop(ids: readonly string[]): Promise<void> {
    await this.#delete(() => this.#drop(ids));
  }

  async sweep(): Promise<void> {
    const { nix, isReplaceable } = this.#options;
    if (nix.store === undefined || !isReplaceable) return;
    await this.#delete(async () => {
      await this.open();
      await nix.collectGarbage();
    });
  }

  async #delete(work: () => Promise<void>): Promise<void> {
    await this.#settled();
    // What is being copied, or was just now, has no root yet: another time.
    if (this.#copying > 0 || this.#awaited > 0) return;
    const dropping = work();
    this.#dropping = dropping.catch(() => undefined);
    try {
      await dropping;
    } finally {
      this.#dropping = null;
    }
  }

  async #drop(ids: readonly string[]): Promise<void> {
    const { nix, isNeeded } = this.#options;
    const links = await this.#links();
    const names = ids.filter((id) => {
      const path = links.get(id);
      return path !== undefined && !isNeeded(path);
    });
    if (names.length === 0) return;
    const paths = names.flatMap((name) => links.get(name) ?? []);
    // Before the links go: it cannot be asked for what is no longer valid.
    const closure = await nix.closure(await this.#valid(paths));
    for (const name of names) await nix.removeGcRoot(this.#link(name));
    await nix.deleteDead(closure);
  }

  async #valid(paths: readonly string[]): Promise<string[]> {
    const missing = new Set(await this.#options.nix.missingPaths(paths));
    return paths.filter((path) => !missing.has(path));
  }

  /** Names of the links and the store paths they keep. */
  async #links(): Promise<Map<string, string>> {
    const links = new Map<string, string>();
    try {
      for await (const { name } of Deno.readDir(this.#options.dir)) {
        const target = await Deno.readLink(this.#link(name));
        const start = target.lastIndexOf("/nix/store/");
        if (start >= 0) links.set(name, storePathRoot(target.slice(start)));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    return links;
  }

  #link(name: string): string {
    return `${this.#options.dir}/${name}`;
  }
}
