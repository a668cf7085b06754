/**
 * Brings a closure from a cache into a store with one request: says what the
 * store has, takes in what comes while it comes.
 *
 * Hands a path over only when its signature is a trusted one, and ends it only
 * when its file and sizes are those that were signed for; the store checks the
 * rest (the port {@linkcode ClosureStore}). Retries nothing.
 *
 * @module
 */
import type { NarInfo } from "../nar/core/narinfo.ts";
import { decodeNixBase32 } from "../nar/core/nix_base32.ts";
import type { PublicKey } from "../nar/core/signature.ts";
import { AppError } from "../model/errors.ts";
import type { AddedPath, WriteArchive } from "../nix/mod.ts";
import { encodeHave, MAX_HAVE } from "./core/have.ts";
import type { ClosureHead, ClosureRequest } from "./core/messages.ts";
import { PathCheck } from "./core/path_check.ts";
import { type ClosureEvent, ClosureReader } from "./core/reader.ts";
import { unpack } from "./unpack.ts";

const STORE_DIR = "/nix/store";
const SHA256_BYTES = 32;
/** Handed over and not yet answered for: nix writes one while the next ones arrive. */
const MAX_UNANSWERED = 16;
/** A cache that sends nothing for so long is gone; the largest closures are planned within a second. */
const IDLE_MS = 60_000;

/** Where the paths go. */
export interface ClosureStore {
  allValidPaths(): Promise<string[]>;
  validPaths(paths: readonly string[]): Promise<string[]>;
  /** Checks NarHash and signature itself before a path is valid. */
  add(
    added: AddedPath,
    archive: WriteArchive,
  ): Promise<{ accepted: Promise<void> }>;
}

/** Where they come from: the body of the answer to `POST /closure`. */
export type AskClosure = (
  request: ClosureRequest,
  signal: AbortSignal,
) => Promise<ReadableStream<Uint8Array>>;

/** How a closure is received. */
export interface ReceiveOptions {
  ask: AskClosure;
  store: ClosureStore;
  /** Whose signature a path needs. */
  keys: readonly PublicKey[];
  /** Store paths. */
  want: readonly string[];
  /** Which window of the hashes names what is here; another one for another try. */
  window: number;
  signal: AbortSignal;
  /** Told before anything is taken in; what it throws ends it. */
  onHead: (head: ClosureHead) => Promise<void>;
  /** So much more of archives was handed over. */
  onBytes: (bytes: number) => void;
  /** A path is valid whose archive had so many bytes. */
  onPath: (bytes: number) => void;
}

function baseOf(path: string): string {
  return path.slice(STORE_DIR.length + 1);
}

/** The response as events, with an end to every wait. */
async function* eventsOf(
  body: ReadableStream<Uint8Array>,
  reader: ClosureReader,
): AsyncGenerator<ClosureEvent> {
  const chunks = body.getReader();
  try {
    for (;;) {
      const { done, value } = await readInTime(chunks);
      if (done) break;
      yield* reader.push(value);
    }
    reader.close();
  } finally {
    await chunks.cancel().catch(() => undefined);
  }
}

async function readInTime(chunks: ReadableStreamDefaultReader<Uint8Array>) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const idle = new Promise<never>((_, reject) => {
    timer = setTimeout(() =>
      reject(
        new AppError(
          "timeout",
          `Cannot receive the closure: nothing came for ${
            IDLE_MS / 1000
          } seconds`,
        ),
      ), IDLE_MS);
  });
  try {
    return await Promise.race([chunks.read(), idle]);
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError(
      "unavailable",
      "Cannot receive the whole closure: the connection broke",
      { cause },
    );
  } finally {
    clearTimeout(timer);
  }
}

function addedPath(info: NarInfo): AddedPath {
  const digest = decodeNixBase32(
    info.narHash.slice("sha256:".length),
    SHA256_BYTES,
  );
  if (digest === undefined) throw new Error(`not a sha256: ${info.narHash}`);
  const inStore = (base: string) => `${STORE_DIR}/${base}`;
  return {
    path: inStore(info.base),
    deriver: info.deriver === undefined ? undefined : inStore(info.deriver),
    narHash: digest.toHex(),
    narSizeBytes: info.narSize,
    references: info.references.map(inStore),
    signatures: info.signatures,
    ca: info.ca,
  };
}

/** One answer, taken in. */
class Receiving {
  readonly #options: ReceiveOptions;
  readonly #events: AsyncGenerator<ClosureEvent>;
  /** Base names of what is in the store. */
  readonly #valid: Set<string>;
  readonly #unanswered: Promise<void>[] = [];

  constructor(
    options: ReceiveOptions,
    valid: Set<string>,
    events: AsyncGenerator<ClosureEvent>,
  ) {
    this.#options = options;
    this.#valid = valid;
    this.#events = events;
  }

  async run(): Promise<ClosureHead> {
    let head: ClosureHead | undefined;
    for (;;) {
      const { done, value: event } = await this.#events.next();
      if (done === true) break;
      switch (event.kind) {
        case "head":
          head = event.head;
          await this.#options.onHead(head);
          break;
        case "path":
          await this.#take(event.info);
          break;
        case "error":
          await this.#settle(0);
          throw new AppError(
            "refused",
            `The cache cannot send ${event.error.path}: ${event.error.why}`,
            { hint: "procurator cache fsck, on the cache's host" },
          );
        default:
          break;
      }
    }
    await this.#settle(0);
    if (head === undefined) throw new Error("a whole closure has a head");
    if (head.elsewhere === 0) this.#requireWanted();
    return head;
  }

  /** Nobody refers to what is wanted, and so notices that it was passed over. */
  #requireWanted(): void {
    const missed = this.#options.want.find((path) =>
      !this.#valid.has(baseOf(path))
    );
    if (missed === undefined) return;
    throw new AppError(
      "conflict",
      `Cannot take ${missed} from the cache, which took it to be here`,
    );
  }

  async #take(info: NarInfo): Promise<void> {
    const { store, keys, onBytes, onPath } = this.#options;
    this.#requireReferences(info);
    const check = new PathCheck(info, keys);
    const { accepted } = await store.add(addedPath(info), async (write) => {
      // nix takes a piece while the next one is unpacked.
      let writing: Promise<void> = Promise.resolve();
      for await (const bytes of this.#unpacked(info, check)) {
        check.unpacked(bytes.length);
        await writing;
        writing = write(bytes);
        writing.catch(() => undefined);
        onBytes(bytes.length);
      }
      await writing;
      check.end();
    });
    // nix refuses what refers to this one, should it not become valid.
    this.#valid.add(info.base);
    const told = accepted.then(() => onPath(info.narSize));
    told.catch(() => undefined);
    this.#unanswered.push(told);
    await this.#settle(MAX_UNANSWERED);
  }

  async *#unpacked(
    info: NarInfo,
    check: PathCheck,
  ): AsyncGenerator<Uint8Array> {
    try {
      yield* unpack(info.compression, this.#packed(check));
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw new AppError(
        "refused",
        `Cannot take ${info.base} from the cache: it does not unpack as ${info.compression}`,
        { cause, hint: "procurator cache fsck, on the cache's host" },
      );
    }
  }

  /** The file of the path that was last announced. */
  async *#packed(check: PathCheck): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value: event } = await this.#events.next();
      if (done === true) throw new Error("a file has an end");
      if (event.kind === "pathEnd") return;
      if (event.kind === "error") {
        throw new AppError(
          "refused",
          `The cache cannot send ${event.error.path}: ${event.error.why}`,
          { hint: "procurator cache fsck, on the cache's host" },
        );
      }
      if (event.kind !== "data") throw new Error(`a ${event.kind} in a file`);
      check.packed(event.bytes);
      yield event.bytes;
    }
  }

  #requireReferences({ base, references }: NarInfo): void {
    for (const reference of references) {
      if (reference === base || this.#valid.has(reference)) continue;
      throw new AppError(
        "conflict",
        `Cannot take ${base} from the cache: it refers to ${reference}, which the cache took to be here`,
      );
    }
  }

  /** Waits until so few are unanswered. */
  async #settle(max: number): Promise<void> {
    while (this.#unanswered.length > max) await this.#unanswered.shift();
  }
}

/** What to say of a store with more paths than can be named: those of the closure. */
async function ownPaths(
  options: ReceiveOptions,
  request: ClosureRequest,
): Promise<string[]> {
  const { ask, store, signal } = options;
  const body = await ask({ ...request, headOnly: true }, signal);
  const reader = new ClosureReader({ headOnly: true });
  let head: ClosureHead | undefined;
  for await (const event of eventsOf(body, reader)) {
    if (event.kind === "head") head = event.head;
  }
  const paths = (head?.paths ?? []).map(([base]) => `${STORE_DIR}/${base}`);
  return await store.validPaths(paths);
}

/**
 * Brings what the store lacks of `want`. `elsewhere` of the head says how much
 * more there is that this cache does not have itself.
 *
 * @throws {AppError} `refused` for what must not be taken, `conflict` when
 * another window may help, what the store throws, and what a broken connection is.
 */
export async function receiveClosure(
  options: ReceiveOptions,
): Promise<ClosureHead> {
  const { ask, store, want, window, signal } = options;
  const request: ClosureRequest = { want: want.map(baseOf), headOnly: false };
  const all = await store.allValidPaths();
  const valid = new Set(all.map(baseOf));
  const named = all.length > MAX_HAVE ? await ownPaths(options, request) : all;
  const hashes = named.map((path) => baseOf(path).slice(0, 32));
  const have = encodeHave(hashes, window);
  // What fails here is not waited for there.
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  const body = await ask({ ...request, have }, either);
  const events = eventsOf(body, new ClosureReader());
  try {
    return await new Receiving(options, valid, events).run();
  } finally {
    failing.abort();
    await events.return(undefined).catch(() => undefined);
  }
}
