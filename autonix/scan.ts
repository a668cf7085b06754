/**
 * Reads a repository from a disk into a `FileTree`.
 *
 * Owns every system call of Autonix: lists directories in the order `Walk`
 * asks for, reads the files `chooseReads` names, and turns what the disk
 * refuses into omissions. Decides nothing of what there is to find.
 *
 * Never leaves the root: a link counts as the file it leads to when that lies
 * in the repository; linked directories are not entered. Never opens what is
 * no regular file. Calls are synchronous, which is three times as fast as
 * their counterparts, with a pause now and then for whoever wants to stop it.
 *
 * @module
 */
import { resolve } from "node:path";
import { setImmediate } from "node:timers";
import { AppError } from "../roles/model/errors.ts";
import { textOf } from "./core/file_text.ts";
import { FileTree, type Omission, type Run } from "./core/file_tree.ts";
import { chooseReads } from "./core/reads.ts";
import { READS } from "./core/registry.ts";
import { type Listing, MAX_IGNORE_BYTES, Walk } from "./core/walk.ts";

/** Directories between two pauses: some 30 ms. */
const PAUSE_DIRECTORIES = 2_000;
/** Files read between two pauses. */
const PAUSE_FILES = 1_000;
/** Patterns of what git leaves out. */
const IGNORE = ".gitignore";

/** How far it is. */
export interface ScanProgress {
  files: number;
  read: number;
}

export interface ScanOptions {
  onProgress?: ((progress: ScanProgress) => void) | undefined;
  /** Ends it with the signal's reason. */
  signal?: AbortSignal | undefined;
}

/** Lets timers, signals and whoever draws the progress have their turn. */
function pause(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve));
}

/** Of a path that is listed and not there. */
export const GONE = "cannot be read: it went away, or its name is no UTF-8";

/** Why the disk refused, in words that are the same on every machine. */
function reasonOf(error: unknown): string {
  if (error instanceof Deno.errors.PermissionDenied) {
    return "cannot be read: permission denied";
  }
  if (error instanceof Deno.errors.NotFound) {
    return GONE;
  }
  const code = error instanceof Error && "code" in error
    ? String(error.code)
    : "unknown error";
  return `cannot be read: ${code}`;
}

/** The directory itself, by its real path. @throws {AppError} `not_found`, `invalid`, `denied`. */
export function openRoot(path: string): string {
  const asked = resolve(path);
  let info: Deno.FileInfo;
  try {
    info = Deno.statSync(asked);
    if (info.isDirectory) return Deno.realPathSync(asked);
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      throw new AppError(
        "not_found",
        `Cannot analyze ${path} as it is not there`,
        { hint: "name the directory of a repository" },
      );
    }
    const isDenied = cause instanceof Deno.errors.PermissionDenied;
    throw new AppError(
      isDenied ? "denied" : "invalid",
      `Cannot analyze ${path} as it cannot be opened`,
      { cause },
    );
  }
  throw new AppError(
    "invalid",
    `Cannot analyze ${path} as it is no directory`,
    { hint: "name the directory the file lies in" },
  );
}

/** Text of a file, null for a binary one. */
function readText(path: string): string | null {
  return textOf(Deno.readTextFileSync(path), () => Deno.readFileSync(path));
}

class Scanner {
  readonly #root: string;
  readonly #options: ScanOptions;
  readonly #omissions: Omission[] = [];
  readonly #texts = new Map<string, string>();

  constructor(root: string, options: ScanOptions) {
    this.#root = root;
    this.#options = options;
  }

  #absolute(path: string): string {
    return path === "." ? this.#root : `${this.#root}/${path}`;
  }

  async #breathe(progress: ScanProgress): Promise<void> {
    this.#options.onProgress?.(progress);
    await pause();
    this.#options.signal?.throwIfAborted();
  }

  async scan(): Promise<FileTree> {
    this.#options.signal?.throwIfAborted();
    const walk = new Walk(this.#ignoreText(".git/info/exclude"));
    let directories = 0;
    for (let path = walk.next(); path !== null; path = walk.next()) {
      const listing = this.#list(path);
      if (typeof listing === "string") walk.failed(listing);
      else walk.listed(listing);
      if (++directories % PAUSE_DIRECTORIES === 0) {
        await this.#breathe({ files: walk.files, read: 0 });
      }
    }
    const { runs, omissions } = walk.result();
    await this.#readAll(runs, walk.files);
    return new FileTree({
      files: { runs },
      texts: this.#texts,
      omissions: [...omissions, ...this.#omissions],
    });
  }

  /** What a directory holds, or why it cannot be read. */
  #list(directory: string): Listing | string {
    let found: Iterable<Deno.DirEntry>;
    try {
      // The whole list is there at once; going through it asks the disk nothing.
      found = Deno.readDirSync(this.#absolute(directory));
    } catch (error) {
      return reasonOf(error);
    }
    const entries: string[] = [];
    let ignore: string | null = null;
    const prefix = directory === "." ? "" : `${directory}/`;
    for (const { name, isFile, isDirectory, isSymlink } of found) {
      if (isDirectory) entries.push(`${name}/`);
      else if (isFile || isSymlink && this.#leadsToFile(prefix + name)) {
        entries.push(name);
      }
      // As git: a link by this name is no list of patterns.
      if (isFile && name === IGNORE) ignore = this.#ignoreText(prefix + name);
    }
    return { entries, ignore };
  }

  #ignoreText(path: string): string | null {
    const absolute = this.#absolute(path);
    try {
      const info = Deno.lstatSync(absolute);
      if (!info.isFile || info.size > MAX_IGNORE_BYTES) return null;
      return Deno.readTextFileSync(absolute);
    } catch {
      // It is a file of the tree too: where it matters, reading it is told there.
      return null;
    }
  }

  /** True for a link to a regular file of the repository, except what git keeps: that holds credentials. */
  #leadsToFile(path: string): boolean {
    try {
      const target = Deno.realPathSync(this.#absolute(path));
      if (!target.startsWith(`${this.#root}/`)) return false;
      const inside = target.slice(this.#root.length + 1);
      if (inside.split("/").includes(".git")) return false;
      return Deno.statSync(target).isFile;
    } catch {
      // It leads nowhere, or in circles.
      return false;
    }
  }

  #sizeOf(path: string): number | null {
    try {
      const info = Deno.statSync(this.#absolute(path));
      return info.isFile ? info.size : null;
    } catch (error) {
      this.#omit(path, error);
      return null;
    }
  }

  #omit(path: string, error: unknown): void {
    this.#omissions.push({ path, what: "this file", why: reasonOf(error) });
  }

  async #readAll(runs: readonly Run[], files: number): Promise<void> {
    const empty = new Set<string>();
    const { paths, omissions } = chooseReads(runs, READS, (path) => {
      const bytes = this.#sizeOf(path);
      if (bytes === 0) empty.add(path);
      return bytes;
    });
    this.#omissions.push(...omissions);
    let count = 0;
    for (const path of paths) {
      // Files of the kernel are empty too, and may never end.
      if (empty.has(path)) this.#texts.set(path, "");
      else this.#read(path);
      if (++count % PAUSE_FILES === 0) {
        await this.#breathe({ files, read: count });
      }
    }
  }

  #read(path: string): void {
    try {
      const text = readText(this.#absolute(path));
      if (text !== null) this.#texts.set(path, text);
    } catch (error) {
      this.#omit(path, error);
    }
  }
}

/** The repository at `root`, which `openRoot` gave. @throws the signal's reason. */
export function scan(
  root: string,
  options: ScanOptions = {},
): Promise<FileTree> {
  return new Scanner(root, options).scan();
}
