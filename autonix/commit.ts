/**
 * Reads a commit into a `FileTree`, out of git's objects: no checkout is made.
 *
 * ```
 * ls-tree -> CommitListing -> links, .gitignore -> Walk -> chooseReads -> blobs
 * ```
 *
 * Owns the processes of git. Gives what `scan.ts` gives for a checkout of the
 * commit, without what git does to files on their way there (line ends,
 * filters). Works in slices: who has others to serve goes on serving them.
 *
 * @module
 */
import { AppError } from "../roles/model/errors.ts";
import { lookingGitEnvironment } from "../roles/git/mod.ts";
import { runProcess } from "../roles/process/mod.ts";
import { Pace } from "../roles/turns/mod.ts";
import { BlobParser } from "./core/commit_blobs.ts";
import {
  type Blob,
  CommitListing,
  ListingParser,
  MAX_LISTED,
} from "./core/commit_listing.ts";
import { textOf } from "./core/file_text.ts";
import { FileTree, type Omission, type Run } from "./core/file_tree.ts";
import {
  chooseReads,
  MAX_MANIFEST_BYTES,
  type ReadLimits,
} from "./core/reads.ts";
import { READS } from "./core/registry.ts";
import { MAX_IGNORE_BYTES, Walk, type WalkLimits } from "./core/walk.ts";
import {
  GIT_HINT,
  GIT_TIMEOUT_MS,
  isObjectId,
  noSuchCommit,
} from "./find_commit.ts";
import { GONE, type ScanOptions } from "./scan.ts";

/** How much of a commit is looked at. */
export interface CommitLimits {
  /** Names that git lists. */
  listed: number;
  walk: WalkLimits;
  reads: ReadLimits;
}

/**
 * For services that examine whatever is pushed: half of the largest monorepos
 * that are known to us, and what the slowest parser takes half a minute for.
 */
export const SERVICE_LIMITS: CommitLimits = {
  listed: 300_000,
  walk: { files: 100_000, entries: 200_000 },
  reads: {
    manifests: 5_000,
    sources: 1_500,
    manifestBytes: 1024 * 1024,
    sourceBytes: 256 * 1024,
    totalBytes: 16 * 1024 * 1024,
  },
};

export interface CommitOptions extends ScanOptions {
  /** Those of `scan`, unless lower ones are given. */
  limits?: CommitLimits | undefined;
  /** Looks at this directory of the commit alone. */
  below?: string | undefined;
  /** For each process of git. */
  timeoutMs?: number | undefined;
}

/** What was read of a commit. */
export interface CommitTree {
  tree: FileTree;
  /** False when a limit kept something out. */
  isWhole: boolean;
}

/** A path that a link can name, as Linux has it. */
const MAX_TARGET_BYTES = 4096;
/** Of links and lists of patterns together. */
const MAX_GUIDES_BYTES = 16 * 1024 * 1024;
const NO_OBJECT = "cannot be read: git does not have it as a file";

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/** One look at a commit. */
class Reader {
  readonly #directory: string;
  readonly #options: CommitOptions;
  readonly #pace = new Pace();
  readonly #omissions: Omission[] = [];
  readonly #listing: CommitListing;

  constructor(directory: string, options: CommitOptions) {
    this.#directory = directory;
    this.#options = options;
    this.#listing = new CommitListing(options.limits?.listed ?? MAX_LISTED);
  }

  /** Runs git over the objects, its output given on piece by piece. */
  async #git(
    args: readonly string[],
    onBytes: (bytes: Uint8Array) => void,
    stdin?: Uint8Array,
  ): Promise<{ code: number; stderrTail: string }> {
    const { signal, timeoutMs = GIT_TIMEOUT_MS } = this.#options;
    const given = [`--git-dir=${this.#directory}`, ...args];
    try {
      return await runProcess("git", given, {
        env: lookingGitEnvironment(this.#directory),
        clearEnv: true,
        sharesGroup: true,
        timeoutMs,
        missingHint: GIT_HINT,
        onBytes: async (bytes) => {
          onBytes(bytes);
          await this.#pace.rest(signal);
        },
        ...(signal === undefined ? {} : { signal }),
        ...(stdin === undefined ? {} : { stdin }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  }

  async read(commit: string): Promise<CommitTree> {
    await this.#list(commit);
    await this.#readGuides();
    const { limits, signal } = this.#options;
    const walk = new Walk(null, limits?.walk);
    for (let path = walk.next(); path !== null; path = walk.next()) {
      if (this.#listing.isUnreachable(path)) walk.failed(GONE);
      else {
        walk.listed({
          entries: this.#listing.entriesOf(path),
          ignore: this.#ignores.get(path) ?? null,
        });
      }
      await this.#pace.rest(signal);
    }
    const { runs, omissions } = walk.result();
    this.#options.onProgress?.({ files: walk.files, read: 0 });
    const { texts, isWhole } = await this.#readTexts(runs, walk.files);
    return {
      tree: new FileTree({
        files: { runs },
        texts,
        omissions: [...omissions, ...this.#omissions],
      }),
      isWhole: isWhole && !walk.isFull && !this.#listing.isFull,
    };
  }

  /** @throws {AppError} `not_found`; `failed` when git cannot read it. */
  async #list(commit: string): Promise<void> {
    const { below = "." } = this.#options;
    const tree = below === "." ? "" : `:${below}`;
    const parser = new ListingParser(this.#listing);
    const full = new Error("as many as are kept");
    try {
      const { code, stderrTail } = await this.#git([
        "ls-tree",
        "-r",
        "-z",
        "-l",
        "--full-tree",
        `${commit}^{commit}${tree}`,
      ], (bytes) => {
        parser.push(bytes);
        if (this.#listing.isFull) throw full;
      });
      if (code !== 0) throw listingError(commit, stderrTail);
    } catch (error) {
      if (error !== full) throw error;
      this.#omissions.push({
        path: ".",
        what: "files",
        why:
          `there are more than ${this.#listing.most}; the first by name count`,
      });
    }
  }

  readonly #ignores = new Map<string, string>();

  /** What says where to go: links, and lists of what to leave out. */
  async #readGuides(): Promise<void> {
    const listing = this.#listing;
    const takers: [Blob, (bytes: Uint8Array) => void][] = [];
    let left = MAX_GUIDES_BYTES;
    const take = (
      path: string,
      most: number,
      taker: (bytes: Uint8Array) => void,
    ) => {
      const blob = listing.ownBlob(path);
      if (blob === null || blob.bytes === null || blob.bytes > most) return;
      left -= blob.bytes;
      if (left >= 0) takers.push([blob, taker]);
    };
    for (const path of listing.filesNamed(".gitignore")) {
      const directory = path.slice(0, -".gitignore".length - 1);
      take(path, MAX_IGNORE_BYTES, (bytes) => {
        this.#ignores.set(
          directory === "" ? "." : directory,
          lenient.decode(bytes),
        );
      });
    }
    for (const link of listing.links) {
      take(link, MAX_TARGET_BYTES, (bytes) => {
        listing.setTarget(link, lenient.decode(bytes));
      });
    }
    await this.#blobs(
      takers.map(([blob]) => blob.id),
      (bytes, index) => bytes === null || takers[index]?.[1](bytes),
    );
  }

  /** Asks for all of these, and gives each on in their order. */
  async #blobs(
    ids: readonly string[],
    onBlob: (bytes: Uint8Array | null, index: number) => void,
  ): Promise<void> {
    if (ids.length === 0) return;
    let count = 0;
    const parser = new BlobParser(
      (bytes) => onBlob(bytes, count++),
      MAX_MANIFEST_BYTES,
    );
    const asked = new TextEncoder().encode(`${ids.join("\n")}\n`);
    const { code, stderrTail } = await this.#git(
      ["cat-file", "--batch"],
      (bytes) => parser.push(bytes),
      asked,
    );
    if (code === 0 && count === ids.length) return;
    throw new AppError(
      "failed",
      `Cannot read the commit's files: git cat-file ended with ${code}: ${stderrTail.trim()}`,
    );
  }

  async #readTexts(
    runs: readonly Run[],
    files: number,
  ): Promise<{ texts: Map<string, string>; isWhole: boolean }> {
    const sizeOf = (path: string) => {
      const why = this.#listing.isUnreachable(path) ? GONE : NO_OBJECT;
      const bytes = why === GONE
        ? null
        : this.#listing.blobOf(path)?.bytes ?? null;
      if (bytes === null) {
        this.#omissions.push({ path, what: "this file", why });
      }
      return bytes;
    };
    const { limits } = this.#options;
    const choice = chooseReads(runs, READS, sizeOf, limits?.reads);
    this.#omissions.push(...choice.omissions);
    const { paths } = choice;
    const texts = new Map<string, string>();
    const ids = paths.map((path) => this.#listing.blobOf(path)?.id ?? "");
    await this.#blobs(ids, (bytes, index) => {
      const path = paths[index] ?? "";
      if (bytes === null) {
        this.#omissions.push({ path, what: "this file", why: NO_OBJECT });
        return;
      }
      const text = textOf(lenient.decode(bytes), () => bytes);
      if (text !== null) texts.set(path, text);
    });
    this.#options.onProgress?.({ files, read: paths.length });
    return { texts, isWhole: choice.isWhole };
  }
}

function listingError(commit: string, said: string): AppError {
  if (/not a valid object name|not a tree object/i.test(said)) {
    return noSuchCommit(commit);
  }
  return new AppError(
    "failed",
    `Cannot list the files of ${commit}: ${said.trim().slice(-500)}`,
  );
}

/**
 * The files of a commit. `directory` is a bare repository, or the `.git` of
 * one that is not; `commit` a whole id.
 *
 * @throws {AppError} `invalid` for what is no id, `not_found`, `timeout`,
 * `missing_dependency`, `failed` for a damaged repository; the signal's reason.
 */
export async function readCommit(
  directory: string,
  commit: string,
  options: CommitOptions = {},
): Promise<CommitTree> {
  options.signal?.throwIfAborted();
  if (!isObjectId(commit)) {
    throw new AppError(
      "invalid",
      `Cannot examine ${
        JSON.stringify(commit.slice(0, 80))
      } as it is no commit's whole id`,
    );
  }
  return await new Reader(directory, options).read(commit);
}
