/**
 * Paths of one closure that other sources have: asked for level by level, each
 * level at once, since what a path refers to is only known from its narinfo.
 * Keeps of each what a closure's order and size need.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import { parseNarInfo } from "../../nar/core/narinfo.ts";
import type { Asking } from "../sources/source.ts";
import type { Sources } from "../sources/sources.ts";
import type { StoredPath } from "./core/walk.ts";

/** A large system's closure twice; a look-up takes a moment of an upstream's. What is beyond goes by nix copy. */
const MAX_ASKED = 20_000;

/** What it is given. */
export interface SourcedPathsOptions {
  sources: Pick<Sources, "narInfos">;
  storeDir: string;
  asking: Asking;
  /** True for what needs no asking: it is in the storage, or there already. */
  isKnown: (hash: string) => boolean;
}

export class SourcedPaths {
  readonly #options: SourcedPathsOptions;
  readonly #found = new Map<string, StoredPath>();
  readonly #asked = new Set<string>();

  constructor(options: SourcedPathsOptions) {
    this.#options = options;
  }

  find(hash: string): StoredPath | undefined {
    return this.#found.get(hash);
  }

  /** Asks for these, and for what they refer to. True: something was found. */
  async ask(hashes: readonly string[]): Promise<boolean> {
    const before = this.#found.size;
    for (let level = hashes; level.length > 0;) {
      const fresh = [...new Set(level)].filter((hash) => this.#isFresh(hash))
        .slice(0, MAX_ASKED - this.#asked.size);
      for (const hash of fresh) this.#asked.add(hash);
      const { sources, asking } = this.#options;
      const told = await sources.narInfos(fresh, asking);
      const paths = [...told].flatMap(([hash, text]) =>
        this.#add(hash, text) ?? []
      );
      level = paths.flatMap(({ references }) => references);
    }
    return this.#found.size > before;
  }

  #isFresh(hash: string): boolean {
    return !this.#asked.has(hash) && !this.#options.isKnown(hash);
  }

  #add(hash: string, text: string): StoredPath | undefined {
    const { storeDir } = this.#options;
    try {
      const info = parseNarInfo(text, { hash, storeDir });
      const { base, file, narSize, fileSize } = info;
      const references = info.references.map((other) => other.slice(0, 32));
      const path = { base, file, narSize, fileSize, references };
      this.#found.set(hash, path);
      return path;
    } catch (error) {
      // Then it is elsewhere: nix copy has the last word.
      if (error instanceof AppError) return undefined;
      throw error;
    }
  }
}
