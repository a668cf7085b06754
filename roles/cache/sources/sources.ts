/**
 * All sources of a cache, asked in their order for what is not in its storage.
 *
 * Decides what a failing source means: it is passed over, and what no other one
 * has either is not here. A cache whose upstream is down goes on as the smaller
 * cache that it is, as nix does without a substituter.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { AppError } from "../../model/errors.ts";
import { Turns } from "../../turns/mod.ts";
import type { OpenFile } from "../storage/files.ts";
import type { Offers } from "../storage/offers.ts";
import { mayPassOn } from "./core/via.ts";
import type {
  Asking,
  Chain,
  PathSource,
  SourcedKind,
  SourcedNarInfo,
  SourcedObject,
} from "./source.ts";

/** Look-ups of one batch at once: others get their turns between them. */
const BATCH_LOOKUPS = 32;

/** As `formatNarInfo` writes it. */
function urlLine(file: string): string {
  return `\nURL: nar/${file}\n`;
}

export interface SourcesOptions {
  list: readonly PathSource[];
  /** This cache's name in `Via`. */
  own: string;
  offers: Offers;
  /** Resolves when nothing from a source is being stored. */
  settled: () => Promise<void>;
  log: Logger;
}

/** What a narinfo from a source is answered with. */
export interface Sourced extends SourcedNarInfo {
  /** The `Via` of the answer, this cache included. */
  answerVia: Chain;
}

export class Sources implements AsyncDisposable {
  /** False: there is nobody to ask. */
  readonly any: boolean;
  readonly list: readonly PathSource[];
  readonly #options: SourcesOptions;

  constructor(options: SourcesOptions) {
    this.#options = options;
    this.list = options.list;
    this.any = options.list.length > 0;
  }

  /** Why some are passed over at present. */
  get troubles(): string[] {
    return this.list.flatMap(({ name, trouble }) =>
      trouble === undefined ? [] : [`${name} is passed over: ${trouble}`]
    );
  }

  /** The narinfo of the first that has the path. Never throws for a source that fails. */
  async narInfo(hash: string, asking: Asking): Promise<Sourced | undefined> {
    for (const source of await this.#inOrder(asking)) {
      try {
        const found = await source.narInfo(hash, asking.chain);
        if (found === undefined) continue;
        return { ...found, answerVia: [...found.via, this.#options.own] };
      } catch (error) {
        this.#passOver(source, `${hash}.narinfo`, error);
      }
    }
    return undefined;
  }

  /**
   * The nar of that name from a source that told of it.
   *
   * @throws {AppError} `unavailable` and the like when one told of it and cannot give it now.
   */
  async nar(file: string, chain: Chain): Promise<OpenFile | undefined> {
    const failures = new Map<PathSource, AppError>();
    const sources = await this.#inOrder({ chain, lasting: false });
    for (const source of sources) {
      const opened = await this.#narOf(source, { file, chain, failures });
      if (opened !== undefined) return opened;
    }
    // The upstream that told of it has it no more, or is down: who else has the path?
    const offered = this.#options.offers.of(file).map(({ hash }) => hash);
    for (const hash of new Set(offered)) {
      for (const source of sources) {
        if (failures.has(source)) continue;
        const ask = { file, chain, failures, hash };
        const opened = await this.#narOf(source, ask);
        if (opened !== undefined) return opened;
      }
    }
    const failure = [...failures.values()]
      .find(({ code }) => code !== "not_found");
    if (failure !== undefined) throw failure;
    return undefined;
  }

  /** The small object of the first that has it. Never throws for a source that fails. */
  async object(
    kind: SourcedKind,
    name: string,
    chain: Chain,
  ): Promise<SourcedObject | undefined> {
    for (const source of await this.#inOrder({ chain, lasting: false })) {
      try {
        const found = await source.object?.(kind, name, chain);
        if (found === undefined) continue;
        return { ...found, via: [...found.via, this.#options.own] };
      } catch (error) {
        this.#passOver(source, `${kind} ${name}`, error);
      }
    }
    return undefined;
  }

  /** The narinfos of those of the path hashes that a source has. */
  async narInfos(
    hashes: readonly string[],
    asking: Asking,
  ): Promise<Map<string, string>> {
    const found = await this.#each(
      hashes,
      (hash) => this.narInfo(hash, asking),
    );
    return new Map([...found].map(([hash, { text }]) => [hash, text]));
  }

  /** Those of `bases` (`<hash>-<name>`) that a source has. */
  async bases(bases: readonly string[], asking: Asking): Promise<Set<string>> {
    const found = await this.#each(
      bases,
      (base) => this.narInfo(base.slice(0, 32), asking),
    );
    return new Set(bases.filter((base) => found.get(base)?.base === base));
  }

  /** Those of the path hashes that a source has. */
  async hashes(
    hashes: readonly string[],
    asking: Asking,
  ): Promise<Set<string>> {
    return new Set((await this.narInfos(hashes, asking)).keys());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const source of this.list) source[Symbol.dispose]();
    await this.#options.settled();
  }

  /** @param ask with a `hash`: first whether it has that path. */
  async #narOf(
    source: PathSource,
    ask: {
      file: string;
      chain: Chain;
      failures: Map<PathSource, AppError>;
      hash?: string | undefined;
    },
  ): Promise<OpenFile | undefined> {
    const { file, chain, failures, hash } = ask;
    try {
      const named = hash === undefined ||
        (await source.narInfo(hash, chain))?.text.includes(urlLine(file));
      return named === true ? await source.nar(file, chain) : undefined;
    } catch (error) {
      failures.set(source, this.#passOver(source, `nar/${file}`, error));
      return undefined;
    }
  }

  /** What was found of each, some asked for at once. */
  async #each<T>(
    texts: readonly string[],
    find: (text: string) => Promise<T | undefined>,
  ): Promise<Map<string, T>> {
    const all = new Map<string, T>();
    if (!this.any) return all;
    const turns = new Turns({
      running: BATCH_LOOKUPS,
      waiting: texts.length,
      what: "look-ups of a batch",
    });
    await Promise.all(
      texts.map((text) =>
        turns.run(async () => {
          const found = await find(text);
          if (found !== undefined) all.set(text, found);
        })
      ),
    );
    return all;
  }

  async #inOrder({ chain, lasting }: Asking): Promise<PathSource[]> {
    const passes = mayPassOn(chain, this.#options.own);
    const asked = this.list.filter(({ kind }) =>
      kind === "upstream" ? passes : !lasting
    );
    if (asked.length < 2) return asked;
    const ranked = await Promise.all(
      asked.map(async (source) => ({ source, at: await source.priority() })),
    );
    return ranked.sort((a, b) => a.at - b.at).map(({ source }) => source);
  }

  /** The failure; what is none of a source is thrown on. */
  #passOver(source: PathSource, what: string, error: unknown): AppError {
    if (!(error instanceof AppError)) throw error;
    this.#options.log.debug("{what} cannot be asked of {name}: {why}", {
      what,
      name: source.name,
      why: error.message,
    });
    return error;
  }
}
