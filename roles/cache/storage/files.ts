/**
 * Where the nars' bytes are: a port, and its files on disk.
 *
 * Owns the layout below the state directory: `tmp/` for what is being
 * received, `nar/<two characters>/<file>` for what is whole. A file in `nar/`
 * is complete; it is on disk, and its name is, when `publish` resolves.
 *
 * @module
 */

import { failpoint } from "../../process/failpoint.ts";
import { fileBody, keepChunks } from "./file_body.ts";
import { Patience } from "./patience.ts";

/** A nar on its way in. */
export interface StagedFile {
  write(chunk: Uint8Array): Promise<void>;
  /** Reads what was written so far and what will be, from `start` on; still when it is published. */
  reader(start: number): Promise<StagedReader>;
  /** Makes it durable under its name; the same name again replaces it. */
  publish(file: string): Promise<void>;
  /** Forgets it, unless it was published. Never throws. */
  discard(): Promise<void>;
}

/** Follows a nar that is on its way in. */
export interface StagedReader extends Disposable {
  /** How many bytes it put into `into`; 0: nothing more was written yet. */
  read(into: Uint8Array): Promise<number>;
}

/** A nar on its way out. */
export interface OpenFile {
  size: number;
  /** Bytes from `start` to `end` (excluded); closes the file at the end. Called once, else `close`. */
  stream(start: number, end: number): Promise<ReadableStream<Uint8Array>>;
  /** The same in place of it, cheaper, for the body of an answer and nothing else (`fileBody`). */
  body?(start: number, end: number): Promise<ReadableStream<Uint8Array>>;
  close(): void;
}

/** Nars by file name. Names were checked by `parseNarName`. */
export interface NarFiles {
  stage(): Promise<StagedFile>;
  size(file: string): Promise<number | undefined>;
  open(file: string): Promise<OpenFile | undefined>;
  /** True from its publishing until `settle`: its record is yet to come. */
  isArriving(file: string): boolean;
  /** Its record is stored. */
  settle(file: string): void;
  /** Out of sight when the call returns, removed when it resolves; what is being sent is sent to its end. */
  drop(file: string): Promise<void>;
  /** The names of all that is published, shard by shard; what comes or goes meanwhile may be among them or not. */
  names(): AsyncIterable<string>;
}

/** Between its name and its record lies one sync: after that the record could not be stored. */
const ARRIVAL_MS = 5 * 60_000;

async function syncDirectory(path: string): Promise<void> {
  using directory = await Deno.open(path, { read: true });
  await directory.sync();
}

/** A full disk may have room in a moment. */
async function writeAll(
  file: Deno.FsFile,
  chunk: Uint8Array,
  patience: Patience,
): Promise<void> {
  let rest = chunk;
  while (rest.length > 0) {
    rest = rest.subarray(await patience.retry(() => file.write(rest)));
  }
}

/** Ends a stream after `left` bytes. */
function take(left: number): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(chunk, controller) {
      const part = chunk.length > left ? chunk.subarray(0, left) : chunk;
      left -= part.length;
      if (part.length > 0) controller.enqueue(part);
      if (left === 0) controller.terminate();
    },
  });
}

/** Where a file comes to be. */
interface Place {
  directory: string;
  /** Resolves when the directory itself is on disk. */
  made(): Promise<void>;
}

class DiskStaged implements StagedFile {
  #state: "open" | "closed" = "open";
  #publishing: Promise<void> | undefined;
  #published: string | undefined;

  constructor(
    private readonly file: Deno.FsFile,
    private readonly path: string,
    private readonly placeOf: (file: string) => Promise<Place>,
    private readonly patience: Patience,
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    await writeAll(this.file, chunk, this.patience);
  }

  async reader(start: number): Promise<StagedReader> {
    const file = await this.#openForReading();
    if (start > 0) await file.seek(start, Deno.SeekMode.Start);
    return {
      read: async (into) => await file.read(into) ?? 0,
      [Symbol.dispose]: () => file.close(),
    };
  }

  async publish(file: string): Promise<void> {
    this.#publishing = this.#publish(file);
    await this.#publishing;
  }

  async discard(): Promise<void> {
    this.#close();
    // Published ones are gone from here; on a broken disk the next start sweeps.
    await Deno.remove(this.path).catch(() => undefined);
  }

  async #openForReading(): Promise<Deno.FsFile> {
    for (;;) {
      // In the middle of it the file is under neither name for sure.
      await this.#publishing?.catch(() => undefined);
      const path = this.#published ?? this.path;
      try {
        return await Deno.open(path, { read: true });
      } catch (error) {
        // It got its name while it was being opened under the old one.
        const moves = this.#publishing !== undefined && path === this.path;
        if (!moves || !(error instanceof Deno.errors.NotFound)) throw error;
        await this.#publishing;
      }
    }
  }

  /**
   * All that has to be on disk is synced at once, which one journal's commit
   * does for the file, its name and all others who publish meanwhile. So the
   * name may be on disk before the bytes are: after a loss of power a file
   * without a record, which the next start removes; its record is made when
   * all of this has ended. A name that is there already may have a record and
   * keeps its bytes until the new ones are on disk.
   */
  async #publish(file: string): Promise<void> {
    const { directory, made } = await this.placeOf(file);
    const place = `${directory}/${file}`;
    const isNew = await this.#takeName(place);
    if (!isNew) {
      await this.file.sync();
      await Deno.rename(this.path, place);
    }
    this.#published = place;
    const syncs = [
      ...(isNew ? [this.file.sync(), Deno.remove(this.path)] : []),
      syncDirectory(directory),
      made(),
    ];
    for (const step of await Promise.allSettled(syncs)) {
      if (step.status === "rejected") throw step.reason;
    }
    this.#close();
  }

  /** True: it has the name besides its own now. Nobody else's is replaced by this. */
  async #takeName(place: string): Promise<boolean> {
    try {
      await Deno.link(this.path, place);
      return true;
    } catch {
      // It is taken, or these are files that cannot have two names.
      return false;
    }
  }

  #close(): void {
    if (this.#state === "open") this.file.close();
    this.#state = "closed";
  }
}

/** Nars in files below `root`. */
export class DiskFiles implements NarFiles {
  readonly #made = new Set<string>();
  readonly #patience = new Patience();
  #staged = 0;
  #dropped = 0;
  /** By file, the oldest first. */
  readonly #arrived = new Map<string, number>();

  private constructor(private readonly root: string) {}

  /** Opens, and makes if need be, the directories below `root`; what uploads left that were cut off goes. */
  static async open(root: string): Promise<DiskFiles> {
    for (const name of ["nar", "tmp"]) {
      await Deno.mkdir(`${root}/${name}`, { recursive: true, mode: 0o750 });
    }
    // At most what was under way at once.
    for await (const entry of Deno.readDir(`${root}/tmp`)) {
      await Deno.remove(`${root}/tmp/${entry.name}`, { recursive: true });
    }
    await syncDirectory(root);
    keepChunks();
    return new DiskFiles(root);
  }

  async stage(): Promise<StagedFile> {
    // One process has the directory and empties tmp/ on start: a number is unique.
    const path = `${this.root}/tmp/${++this.#staged}`;
    const file = await Deno.open(path, {
      write: true,
      create: true,
      truncate: true,
      mode: 0o640,
    });
    return new DiskStaged(file, path, (name) => {
      this.#arrive(name);
      return this.#placeOf(name);
    }, this.#patience);
  }

  async size(file: string): Promise<number | undefined> {
    try {
      return (await Deno.stat(this.#pathOf(file))).size;
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
  }

  async open(file: string): Promise<OpenFile | undefined> {
    let opened: Deno.FsFile;
    try {
      opened = await Deno.open(this.#pathOf(file), { read: true });
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return undefined;
      throw error;
    }
    const { size } = await opened.stat();
    return {
      size,
      async stream(start, end) {
        if (start > 0) await opened.seek(start, Deno.SeekMode.Start);
        return end === size
          ? opened.readable
          : opened.readable.pipeThrough(take(end - start));
      },
      async body(start, end) {
        if (start > 0) await opened.seek(start, Deno.SeekMode.Start);
        return fileBody(opened, end - start);
      },
      close: () => opened.close(),
    };
  }

  isArriving(file: string): boolean {
    const atMs = this.#arrived.get(file);
    return atMs !== undefined && performance.now() - atMs < ARRIVAL_MS;
  }

  settle(file: string): void {
    this.#arrived.delete(file);
  }

  #arrive(file: string): void {
    const nowMs = performance.now();
    for (const [oldest, atMs] of this.#arrived) {
      if (nowMs - atMs < ARRIVAL_MS) break;
      this.#arrived.delete(oldest);
    }
    this.#arrived.delete(file);
    this.#arrived.set(file, nowMs);
  }

  async drop(file: string): Promise<void> {
    // Renamed without a wait: nothing may come under this name between the
    // decision and its end. Freeing a large file's blocks takes longer.
    const gone = `${this.root}/tmp/dropped-${++this.#dropped}`;
    try {
      Deno.renameSync(this.#pathOf(file), gone);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    failpoint("gc.file.hidden");
    await Deno.remove(gone);
  }

  async *names(): AsyncGenerator<string> {
    for await (const shard of Deno.readDir(`${this.root}/nar`)) {
      if (!shard.isDirectory) continue;
      for await (
        const entry of Deno.readDir(`${this.root}/nar/${shard.name}`)
      ) {
        // In another directory than its own it is nothing of ours: fsck says so.
        if (entry.name.slice(0, 2) === shard.name) yield entry.name;
      }
    }
  }

  #pathOf(file: string): string {
    return `${this.root}/nar/${file.slice(0, 2)}/${file}`;
  }

  async #placeOf(file: string): Promise<Place> {
    const directory = `${this.root}/nar/${file.slice(0, 2)}`;
    if (this.#made.has(directory)) {
      return { directory, made: () => Promise.resolve() };
    }
    await Deno.mkdir(directory, { recursive: true, mode: 0o750 });
    const made = async () => {
      await syncDirectory(`${this.root}/nar`);
      this.#made.add(directory);
    };
    return { directory, made };
  }
}
