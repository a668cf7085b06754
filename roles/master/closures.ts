/**
 * Sizes of closures, by the narinfo of each path over HTTP from the binary
 * cache: no nix is asked, and nothing is downloaded. A narinfo never changes,
 * so what was read is kept, within a bound.
 *
 * @module
 */
import { type HttpClient, httpClient } from "../http/mod.ts";
import { AppError } from "../model/errors.ts";
import { Turns } from "../turns/mod.ts";
import type { Closure } from "./core/closure_diff.ts";
import {
  baseNameOf,
  hashOfBaseName,
  parsePathSize,
  type PathSize,
} from "./core/narinfo_sizes.ts";

/** Sizes of closures; the master's port on the binary cache. */
export interface ClosureSizes {
  /**
   * Every path that `roots` need, themselves included.
   *
   * @throws {AppError} `not_found` for a path that the cache does not have, `unavailable` for a cache that is away.
   */
  closure(roots: readonly string[], signal: AbortSignal): Promise<Closure>;
  /** The same without asking anybody; undefined when something would have to be asked for. */
  known(roots: readonly string[]): Closure | undefined;
}

/** Questions to the cache at once: it answers each from memory in under a millisecond. */
const AT_ONCE = 16;
/** In line behind them: several plans of large closures. */
const MAX_WAITING = 200_000;
/** Paths kept: 40 closures of a NixOS system of 1,500 paths that share half, at 400 bytes each 20 MB. */
const MAX_KEPT = 50_000;
/** Larger is no system that anybody boots. */
const MAX_CLOSURE_PATHS = 50_000;
/** Closures kept put together: the images of a cluster, of two generations. */
const MAX_CLOSURES = 256;
/** As roles/cache accepts: larger is no narinfo. */
const MAX_NARINFO_BYTES = 1024 * 1024;
const TIMEOUT_MS = 10_000;

/** The cache's base URL: what follows `?` is nix's own. */
function baseUrl(cacheUrl: string): string {
  return cacheUrl.split("?")[0]?.replace(/\/+$/, "") ?? "";
}

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > MAX_NARINFO_BYTES) {
      throw new AppError("failed", "A narinfo of the cache is too large");
    }
  }
  return text + decoder.decode();
}

/** The real one. */
export class CacheSizes implements ClosureSizes, Disposable {
  readonly #http: HttpClient;
  readonly #turns = new Turns({
    running: AT_ONCE,
    waiting: MAX_WAITING,
    what: "questions to the cache",
  });
  readonly #paths = new Map<string, PathSize>();
  /** Closures put together, by their roots; dropped when a path of any was dropped. */
  readonly #closures = new Map<string, Closure>();

  constructor(
    options: {
      cacheUrl: string;
      token?: string | undefined;
      caCert?: string | undefined;
    },
  ) {
    this.#http = httpClient({ ...options, url: baseUrl(options.cacheUrl) });
  }

  async closure(
    roots: readonly string[],
    signal: AbortSignal,
  ): Promise<Closure> {
    const known = this.known(roots);
    if (known !== undefined) return known;
    const closure = new Map<string, number>();
    let wave = hashesOf(roots);
    const seen = new Set(wave);
    // Wave by wave: what a whole wave needs is asked for together.
    while (wave.length > 0) {
      const sizes = await Promise.all(
        wave.map((hash) => this.#size(hash, signal)),
      );
      wave = [];
      for (const { path, narSize, references } of sizes) {
        closure.set(path, narSize);
        for (const base of references) {
          const hash = hashOfBaseName(base) ?? "";
          if (seen.has(hash)) continue;
          seen.add(hash);
          wave.push(hash);
        }
      }
      if (seen.size > MAX_CLOSURE_PATHS) {
        throw new AppError(
          "failed",
          `A closure has more than ${MAX_CLOSURE_PATHS} paths`,
        );
      }
    }
    this.#keep(roots, closure);
    return closure;
  }

  known(roots: readonly string[]): Closure | undefined {
    const made = this.#closures.get(keyOf(roots));
    if (made !== undefined) return made;
    const closure = new Map<string, number>();
    const seen = new Set(hashesOf(roots));
    // A Set is walked to its end while it grows.
    for (const hash of seen) {
      const size = this.#paths.get(hash);
      if (size === undefined) return undefined;
      closure.set(size.path, size.narSize);
      for (const base of size.references) seen.add(hashOfBaseName(base) ?? "");
    }
    this.#keep(roots, closure);
    return closure;
  }

  #keep(roots: readonly string[], closure: Closure): void {
    for (const [oldest] of this.#closures) {
      if (this.#closures.size < MAX_CLOSURES) break;
      this.#closures.delete(oldest);
    }
    this.#closures.set(keyOf(roots), closure);
  }

  async #size(hash: string, signal: AbortSignal): Promise<PathSize> {
    const known = this.#paths.get(hash);
    if (known !== undefined) return known;
    const size = await this.#turns.run(() => this.#ask(hash, signal), signal);
    for (const [oldest] of this.#paths) {
      if (this.#paths.size < MAX_KEPT) break;
      this.#paths.delete(oldest);
    }
    this.#paths.set(hash, size);
    return size;
  }

  async #ask(hash: string, signal: AbortSignal): Promise<PathSize> {
    const known = this.#paths.get(hash);
    if (known !== undefined) return known;
    try {
      const answer = await this.#http.request(`/${hash}.narinfo`, {
        signal,
        timeoutMs: TIMEOUT_MS,
        headers: { accept: "text/x-nix-narinfo, text/plain, */*" },
      });
      return parsePathSize(await textOf(answer), hash);
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "not_found") {
        throw error;
      }
      throw new AppError("not_found", `${hash} is not in the cache`, {
        cause: error,
      });
    }
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }
}

function keyOf(roots: readonly string[]): string {
  return [...roots].sort().join("\n");
}

function hashesOf(roots: readonly string[]): string[] {
  const hashes = new Set<string>();
  for (const root of roots) {
    const hash = hashOfBaseName(baseNameOf(root) ?? "");
    if (hash === null) {
      throw new AppError("invalid", `${root} is no store path`);
    }
    hashes.add(hash);
  }
  return [...hashes];
}
