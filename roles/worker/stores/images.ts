/**
 * Store images: made once for a closure, used by all VMs that have it, kept
 * for those who may come back to it.
 *
 * An image is made beside its place, flushed and renamed: what lies there under
 * its name is whole. Its time of modification is when it was last used. Which
 * images are needed is told by the roots of the closures; nothing is remembered
 * here.
 *
 * @module
 */
import { runProcess } from "../../process/mod.ts";
import { flushDirectory, storageError } from "../../files/mod.ts";
import { AppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { Turns } from "../../turns/mod.ts";
import { findByMarker, killNow } from "../../../vmm/host/process_table.ts";
import { mib, type Spare } from "../closures/core/disk_room.ts";
import type { DiskRoom, Hoard } from "../closures/disk_room.ts";
import { SharedWork, type Waiter } from "../closures/shared_work.ts";
import {
  type ClosurePath,
  imageCommand,
  imageName,
  MAX_IMAGE_PATHS,
  parseImageName,
  storeHashOf,
} from "./core/store_image.ts";
import type { ImageFormat } from "./core/store_share.ts";

/** Begins the names of what is not whole: nothing of a process that was killed is taken for an image. */
const UNFINISHED = "making-";
/** Compressing takes all processors it gets: a second one at once only takes them from guests. */
const MAX_MAKING = 1;
/** One for each order and its fallback. */
const MAX_WAITING = 20_000;
/** Compressing 100 GiB on a slow host; one that takes longer hangs. */
const MAKE_TIMEOUT_MS = 6 * 3_600_000;
/** Between two looks at how far it is. */
const PROGRESS_MS = 1000;

/** Where closures come from. */
export interface StoreSource {
  /** The physical directory that stands for /nix/store. */
  readonly storeDir: string;
  /** A path and all it refers to. */
  closure(path: string, signal: AbortSignal): Promise<ClosurePath[]>;
  /** Where a store path lies on this host's disk. */
  physical(path: string): string;
  /** Store paths that something that runs or is ordered needs. */
  roots(): string[];
}

/** What images are made with. */
export interface StoreImagesOptions {
  dir: string;
  source: StoreSource;
  format: ImageFormat;
  room: Pick<DiskRoom, "require">;
  clock: Clock;
}

export class StoreImages implements Hoard {
  readonly dir: string;
  readonly #options: StoreImagesOptions;
  readonly #shared = new SharedWork<string>();
  /** Names by toplevel: what a store path refers to never changes while it is there. */
  readonly #names = new Map<string, string>();
  readonly #making = new Turns({
    running: MAX_MAKING,
    waiting: MAX_WAITING,
    what: "store images to make",
  });

  constructor(options: StoreImagesOptions) {
    this.#options = options;
    this.dir = options.dir;
  }

  /** Clears what a process that was killed has left: half an image, and who still writes it. */
  async open(): Promise<void> {
    // A VMM of another user reads images; what is in them anybody may read.
    await Deno.mkdir(this.dir, { recursive: true, mode: 0o711 });
    const marker = `${this.dir}/${UNFINISHED}`;
    for (const { pid } of await findByMarker(marker)) killNow(pid);
    for await (const { name } of Deno.readDir(this.dir)) {
      if (name.startsWith(UNFINISHED)) await this.#remove(name);
    }
  }

  /**
   * The image of a path's closure, made when it is not there.
   *
   * @throws {AppError} `storage`, `missing_dependency`; the waiter's reason.
   */
  async ensure(toplevel: string, waiter: Waiter): Promise<string> {
    const path = await this.#shared.run(
      toplevel,
      waiter,
      (on) => this.#ensure(toplevel, on),
    );
    const now = this.#options.clock.now() / 1000;
    await Deno.utime(path, now, now).catch((error) => {
      throw storageError(path, error);
    });
    return path;
  }

  async spares(): Promise<Spare[]> {
    const needed = this.#needed();
    const spares: Spare[] = [];
    for await (const { name } of Deno.readDir(this.dir)) {
      const image = parseImageName(name);
      if (image === null || needed.has(image.storeHash)) continue;
      const info = await Deno.stat(`${this.dir}/${name}`).catch(() => null);
      if (info === null) continue;
      spares.push({ id: name, lastUsedMs: info.mtime?.getTime() ?? 0 });
    }
    return spares;
  }

  async drop(ids: readonly string[]): Promise<void> {
    const spare = new Set((await this.spares()).map(({ id }) => id));
    for (const id of ids) {
      // Asked again right before: a closure is pinned before its image is looked for.
      const isNeeded = this.#needed().has(parseImageName(id)?.storeHash ?? "");
      // A guest that has it open keeps it until it ends.
      if (spare.has(id) && !isNeeded) await this.#remove(id);
    }
  }

  #needed(): Set<string> {
    return new Set(this.#options.source.roots().map(storeHashOf));
  }

  async #ensure(toplevel: string, on: Required<Waiter>): Promise<string> {
    const { source, format } = this.#options;
    const known = this.#names.get(toplevel);
    if (known !== undefined && await this.#isThere(known)) {
      return `${this.dir}/${known}`;
    }
    const closure = await source.closure(toplevel, on.signal);
    const name = imageName(toplevel, closure, format);
    if (!await this.#isThere(name)) {
      on.onProgress("waiting to make the store image");
      await this.#making.run(() => this.#make(name, closure, on), on.signal);
    }
    // As many as there are images: those that were dropped are forgotten with the first look.
    this.#names.delete(toplevel);
    this.#names.set(toplevel, name);
    if (this.#names.size > MAX_WAITING) this.#names.clear();
    return `${this.dir}/${name}`;
  }

  async #make(
    name: string,
    closure: readonly ClosurePath[],
    on: Required<Waiter>,
  ): Promise<void> {
    if (closure.length > MAX_IMAGE_PATHS) {
      throw new AppError(
        "missing_dependency",
        `Cannot make a store image of ${closure.length} paths: ${MAX_IMAGE_PATHS} at most`,
        { hint: "show the store by virtiofs: set storeShare to virtiofs" },
      );
    }
    const bytes = closure.reduce((sum, path) => sum + path.narSizeBytes, 0);
    // What does not compress is as large as the closure itself.
    await this.#options.room.require(
      this.dir,
      bytes,
      "make the image of a closure",
    );
    const target = await Deno.makeTempFile({
      dir: this.dir,
      prefix: UNFINISHED,
    });
    const staging = `${target}.d`;
    try {
      await Deno.mkdir(staging);
      await this.#run(target, staging, closure, on);
      await this.#finish(target, name);
    } catch (error) {
      await Deno.remove(target).catch(() => undefined);
      throw error;
    } finally {
      await Deno.remove(staging).catch(() => undefined);
    }
  }

  async #run(
    target: string,
    staging: string,
    closure: readonly ClosurePath[],
    { signal, onProgress }: Required<Waiter>,
  ): Promise<void> {
    const { source, format, clock } = this.#options;
    const { program, args, stdin, cwd } = imageCommand(format, {
      storeDir: source.storeDir,
      sources: closure.map(({ path }) => source.physical(path)).sort(),
      staging,
      target,
    });
    const total = closure.reduce((sum, path) => sum + path.narSizeBytes, 0);
    const ended = new AbortController();
    const watching = (async () => {
      while (!ended.signal.aborted) {
        const { size } = await Deno.stat(target).catch(() => ({ size: 0 }));
        onProgress(
          `making the store image, ${mib(size)} of at most ${mib(total)} MiB`,
        );
        await clock.sleep(PROGRESS_MS, ended.signal);
      }
    })();
    try {
      const result = await runProcess(program, args, {
        cwd,
        signal,
        stdin: new TextEncoder().encode(stdin),
        timeoutMs: MAKE_TIMEOUT_MS,
        mergeStdout: true,
        missingHint:
          "apt-get install --no-install-recommends squashfs-tools erofs-utils",
      });
      if (result.code !== 0) throw makeError(result.code, result.stderrTail);
    } finally {
      ended.abort();
      await watching;
    }
  }

  async #finish(target: string, name: string): Promise<void> {
    try {
      await Deno.chmod(target, 0o444);
      {
        using file = await Deno.open(target);
        await file.sync();
      }
      await Deno.rename(target, `${this.dir}/${name}`);
      await flushDirectory(this.dir);
    } catch (error) {
      throw storageError(target, error);
    }
  }

  async #isThere(name: string): Promise<boolean> {
    return await Deno.stat(`${this.dir}/${name}`).then(
      ({ isFile }) => isFile,
      () => false,
    );
  }

  async #remove(name: string): Promise<void> {
    await Deno.remove(`${this.dir}/${name}`).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return;
      throw storageError(`${this.dir}/${name}`, error);
    });
  }
}

function makeError(code: number, said: string): AppError {
  const text = said.trim().split("\n").slice(-3).join("; ");
  const reason = text === "" ? `exit code ${code}` : text;
  const isFull = /No space left|out of space|Write failed/i.test(reason);
  return new AppError(
    isFull ? "storage" : "failed",
    `Cannot make the store image: ${reason}`,
    isFull ? { hint: "free space where the worker keeps its state" } : {},
  );
}
