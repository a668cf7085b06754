/**
 * Closures from our own cache in one request each. What does not come that way
 * is left to stock nix; what has come stays.
 *
 * ```text
 *   lock ─▶ open store ─▶ POST /closure ─head▶ room? ─▶ path, path, ... ─▶ all here
 *              ▲                      broken once │ │ twice, refused, 404, elsewhere
 *              └──────────────────────────────────┘ └──────────▶ left to nix
 * ```
 *
 * @module
 */
import {
  type AskClosure,
  type ClosureHead,
  CONTENT_TYPE,
  parsePublicKey,
  type PublicKey,
  receiveClosure,
  WINDOWS,
} from "../../closure/mod.ts";
import type { HttpClient } from "../../http/mod.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import type { CopyProgress, Nix } from "../../nix/mod.ts";
import { afterFailure } from "./core/transfer_retry.ts";

/** A cache plans the largest closure within this, or it hangs. */
const ANSWER_MS = 60_000;

/** What transfers are made with. */
export interface ClosureTransferOptions {
  client: HttpClient;
  nix: Nix;
  /** Texts as in `trusted-public-keys`. */
  publicKeys: readonly string[];
  onWarning: (message: string, error: unknown) => void;
}

/** One fetch. */
export interface TransferCall {
  signal: AbortSignal;
  /** What will be written, before anything is: throws when there is no room. Called for each stream. */
  onHead: (bytes: number) => Promise<void>;
  onProgress: (progress: CopyProgress) => void;
}

/** How far a fetch is, over all its streams. */
class Progress implements CopyProgress {
  paths = 0;
  ofPaths = 0;
  bytes = 0;
  ofBytes = 0;
  #acceptedBytes = 0;

  /** A stream begins; gives the bytes that it will bring. */
  begin({ paths }: ClosureHead): number {
    const bytes = paths.reduce((sum, [, narSize]) => sum + narSize, 0);
    // What the last one had begun comes again.
    this.bytes = this.#acceptedBytes;
    this.ofPaths = this.paths + paths.length;
    this.ofBytes = this.bytes + bytes;
    return bytes;
  }

  accept(bytes: number): void {
    this.paths++;
    this.#acceptedBytes += bytes;
  }
}

export class ClosureTransfer {
  readonly #options: ClosureTransferOptions;
  readonly #keys: readonly PublicKey[];

  /** @throws {AppError} `invalid` for what is no public key. */
  constructor(options: ClosureTransferOptions) {
    this.#options = options;
    this.#keys = options.publicKeys.map(parsePublicKey);
  }

  /**
   * Brings paths with all they refer to. False: something is left to nix.
   *
   * @throws {AppError} `storage`; the signal's reason.
   */
  async fetch(want: readonly string[], call: TransferCall): Promise<boolean> {
    const { onWarning } = this.#options;
    const progress = new Progress();
    for (let streams = 1;; streams++) {
      try {
        return await this.#stream(want, streams, progress, call);
      } catch (error) {
        call.signal.throwIfAborted();
        const failure = toAppError(error);
        const next = afterFailure(failure.code, streams);
        if (next === "end") throw failure;
        // Other caches are as good: that there is none of ours is no warning.
        if (failure.code !== "not_found") {
          onWarning(`cannot fetch ${want[0]} in one request`, failure);
        }
        if (next === "nix") return false;
      }
    }
  }

  async #stream(
    want: readonly string[],
    streams: number,
    progress: Progress,
    { signal, onHead, onProgress }: TransferCall,
  ): Promise<boolean> {
    const { nix, publicKeys } = this.#options;
    const head = await nix.withStore(
      { publicKeys, signal },
      (store) =>
        receiveClosure({
          ask: this.#ask,
          store,
          keys: this.#keys,
          want,
          window: (streams - 1) % WINDOWS,
          signal,
          async onHead(head) {
            const bytes = progress.begin(head);
            await onHead(bytes);
            onProgress(progress);
          },
          onBytes(bytes) {
            progress.bytes += bytes;
            onProgress(progress);
          },
          onPath(bytes) {
            progress.accept(bytes);
            onProgress(progress);
          },
        }),
    );
    return head.elsewhere === 0;
  }

  readonly #ask: AskClosure = async (request, signal) => {
    const { client } = this.#options;
    const response = await client.request("/closure", {
      method: "POST",
      json: request,
      signal,
      timeoutMs: ANSWER_MS,
    });
    if (response.headers.get("content-type") !== CONTENT_TYPE) {
      await response.body?.cancel();
      throw new AppError("not_found", `${client.url} sends no closures`);
    }
    if (response.body === null) {
      throw new AppError("unavailable", `${client.url} sent nothing`);
    }
    return response.body;
  };
}
