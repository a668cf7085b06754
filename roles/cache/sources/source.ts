/**
 * Where paths come from that are not in the cache's own storage: the port. A
 * local nix store is one, an upstream cache is one.
 *
 * @module
 */

/** The bytes of a nar from elsewhere. */
export interface SourcedNar {
  /** Of the whole file. */
  size: number;
  /** From the asked start on; cancelling it ends what makes it. */
  stream: ReadableStream<Uint8Array>;
}

export interface PathSource {
  /** For people, in messages and figures: `the local store`, an URL. */
  readonly name: string;
  /**
   * The narinfo as it is to be served from here, signed as it has to be; what
   * it names under `URL` is asked of `nar`. Undefined: it is not there.
   *
   * @throws {AppError} `unavailable` when nobody can say: the next source is asked.
   */
  narInfo(hash: string, signal: AbortSignal): Promise<string | undefined>;
  /**
   * The nar of that file name (`parseNarName` was content with it), if a
   * narinfo of this source names it.
   */
  nar(
    file: string,
    request: { start: number; signal: AbortSignal },
  ): Promise<SourcedNar | undefined>;
}
