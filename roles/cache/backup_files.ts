/**
 * Copies nars between a cache and its backup: by name, since a name is a hash.
 * What is there already is not copied again, and what is copied is hashed on
 * its way: a damaged nar never gets into either.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { flushDirectory, storageError } from "../files/mod.ts";
import type { CacheFilesProgress } from "../model/cache_files.ts";
import { parseNarName } from "../nar/core/names.ts";
import { formatSha256 } from "../nar/core/sha256.ts";

/** Read at a time. */
const CHUNK_BYTES = 1024 * 1024;
/** Records in memory at a time. */
const PAGE_ROWS = 1000;

const NarRow = z.object({ file: z.string(), file_size: z.number() });

/** Who follows a copy, and ends it. */
export interface CopyOptions {
  told?: (progress: CacheFilesProgress) => void;
  signal: AbortSignal;
}

/** What became of one nar. */
type Copied = "present" | "copied" | "absent" | "damaged";

/** `nar/<two characters>/<file>` below a directory. */
export function narPath(root: string, file: string): string {
  return `${root}/nar/${file.slice(0, 2)}/${file}`;
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    const info = await Deno.lstat(path);
    return info.isFile ? info.size : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/** The bytes of one file to another, synced; the hash of what went over. */
async function copyBytes(
  from: string,
  to: string,
  told: (bytes: number) => void,
  signal: AbortSignal,
): Promise<string> {
  using source = await Deno.open(from);
  using target = await Deno.open(to, {
    write: true,
    create: true,
    truncate: true,
    mode: 0o640,
  });
  const hash = createHash("sha256");
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (;;) {
    signal.throwIfAborted();
    const count = await source.read(buffer);
    if (count === null) break;
    const chunk = buffer.subarray(0, count);
    hash.update(chunk);
    for (let at = 0; at < count;) at += await target.write(chunk.subarray(at));
    told(count);
  }
  await target.sync();
  return formatSha256(new Uint8Array(hash.digest()));
}

/** Copies the nars of a database from one directory to another. */
export class NarCopy {
  copiedNars = 0;
  copiedBytes = 0;
  /** Not at the source any more: collected since the database was read. */
  readonly absent = new Set<string>();
  readonly damaged = new Set<string>();
  readonly #made = new Set<string>();
  #doneBytes = 0;
  #totalBytes = 0;

  constructor(
    private readonly from: string,
    private readonly to: string,
    private readonly options: CopyOptions,
  ) {}

  /**
   * All that `database` has a record of.
   *
   * @throws {AppError} `storage` when the target's disk is full.
   */
  async all(database: DatabaseSync): Promise<void> {
    const page = database.prepare(
      `SELECT file, file_size FROM nar WHERE file > ? ORDER BY file LIMIT ${PAGE_ROWS}`,
    );
    const sum = database.prepare("SELECT sum(file_size) AS bytes FROM nar");
    this.#totalBytes = Number(sum.get()?.["bytes"] ?? 0);
    this.#doneBytes = 0;
    await Deno.mkdir(`${this.to}/tmp`, { recursive: true, mode: 0o700 });
    for (let after = "";;) {
      const rows = page.all(after).map((row) => NarRow.parse(row));
      for (const { file, file_size } of rows) await this.#one(file, file_size);
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.file;
    }
    for (const directory of this.#made) await flushDirectory(directory);
  }

  async #one(file: string, bytes: number): Promise<void> {
    this.options.signal.throwIfAborted();
    const before = this.#doneBytes;
    const outcome = await this.#copy(file, bytes);
    this.absent.delete(file);
    this.damaged.delete(file);
    if (outcome === "absent") this.absent.add(file);
    if (outcome === "damaged") this.damaged.add(file);
    if (outcome === "copied") {
      this.copiedNars++;
      this.copiedBytes += bytes;
    }
    this.#doneBytes = before + bytes;
    this.#tell(0);
  }

  async #copy(file: string, bytes: number): Promise<Copied> {
    const name = parseNarName(file);
    if (name === undefined) return "damaged";
    const target = narPath(this.to, file);
    if (await sizeOf(target) === bytes) return "present";
    const source = narPath(this.from, file);
    const size = await sizeOf(source);
    if (size === undefined) return "absent";
    if (size !== bytes) return "damaged";
    const unfinished = `${this.to}/tmp/copied`;
    try {
      const hash = await copyBytes(
        source,
        unfinished,
        (count) => this.#tell(count),
        this.options.signal,
      );
      if (hash !== name.fileHash) return "damaged";
      await this.#place(unfinished, target);
      return "copied";
    } catch (error) {
      this.options.signal.throwIfAborted();
      // A disk that cannot read one nar says so as often as it is asked; a full one ends it.
      if (await sizeOf(source) === undefined) return "absent";
      throw storageError(target, error);
    }
  }

  async #place(unfinished: string, target: string): Promise<void> {
    const directory = target.slice(0, target.lastIndexOf("/"));
    if (!this.#made.has(directory)) {
      await Deno.mkdir(directory, { recursive: true, mode: 0o750 });
      this.#made.add(directory);
      this.#made.add(`${this.to}/nar`);
      await this.#giveAway(`${this.to}/nar`);
      await this.#giveAway(directory);
    }
    await this.#giveAway(unfinished);
    await Deno.rename(unfinished, target);
  }

  /** Root copies for the user whose directory it is. */
  async #giveAway(path: string): Promise<void> {
    if (Deno.uid() !== 0) return;
    const { uid, gid } = await Deno.stat(this.to);
    await Deno.chown(path, uid, gid);
  }

  #tell(bytes: number): void {
    this.#doneBytes += bytes;
    this.options.told?.({
      phase: "nars",
      doneBytes: Math.min(this.#doneBytes, this.#totalBytes),
      totalBytes: this.#totalBytes,
    });
  }
}
