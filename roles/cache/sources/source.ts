/**
 * Where paths come from that are not in the cache's own storage: the port. A
 * local nix store is one, an upstream cache is one.
 *
 * Nothing here takes a client's signal: what is asked for one client is shared
 * with all who ask meanwhile, and has time-outs of its own.
 *
 * @module
 */
import type { OpenFile } from "../storage/files.ts";

/** Names of caches that a request or an answer came through, in the order passed (`core/via.ts`). */
export type Chain = readonly string[];

/** For whom a source is asked. */
export interface Asking {
  /** The caches that the request came through. */
  chain: Chain;
  /** Only of sources whose paths stay: for who would not store a path because of the answer. */
  lasting: boolean;
}

/** A path that a source has. */
export interface SourcedNarInfo {
  /** `<hash>-<name>` */
  base: string;
  /** The narinfo as it is to be served from here, signed by this cache; what it names under `URL` is asked of `nar`. */
  text: string;
  /** The caches behind the source that it came through. */
  via: Chain;
}

/** Kinds of small objects that are passed on from a source. */
export type SourcedKind = "ls" | "log";

/** A small object as a source has it. Nobody signed it. */
export interface SourcedObject {
  bytes: Uint8Array;
  /** The caches behind the source that it came through. */
  via: Chain;
}

export interface PathSource extends Disposable {
  /** For people, in messages and figures: `the local store`, an URL. */
  readonly name: string;
  /**
   * An upstream is another cache: its paths stay, and it is not asked for a
   * request that came from there (`core/via.ts`). A store is this machine's: its
   * garbage collection knows nothing of us.
   */
  readonly kind: "upstream" | "store";
  /** Why it is passed over at present; undefined: it is not. */
  readonly trouble: string | undefined;
  /** Lower ones are asked first. Never throws: who cannot say comes where it would come by default. */
  priority(): Promise<number>;
  /**
   * What it has under that hash.
   *
   * @param chain the caches that this request came through.
   * @throws {AppError} `unavailable`, `timeout`, `overloaded` when nobody can say: the next source is asked.
   */
  narInfo(hash: string, chain: Chain): Promise<SourcedNarInfo | undefined>;
  /**
   * The nar of that file name (`parseNarName` was content with it), if a
   * narinfo of this source names it. Its stream fails when the nar turns out to
   * be another one, before the last byte of what was asked for is given out.
   *
   * @throws {AppError} as `narInfo`.
   */
  nar(file: string, chain: Chain): Promise<OpenFile | undefined>;
  /**
   * A small object of that name (`isObjectName`), for sources that have any.
   *
   * @throws {AppError} as `narInfo`.
   */
  object?(
    kind: SourcedKind,
    name: string,
    chain: Chain,
  ): Promise<SourcedObject | undefined>;
}
