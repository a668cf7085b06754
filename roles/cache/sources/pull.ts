/**
 * One nar on its way from an upstream: written to the storage's staging area,
 * and from there to every client that asks for it meanwhile.
 *
 *     asked ----> receiving ----> true
 *        \            |
 *         +-----------+---------> failed
 *
 * The staged file is the buffer: a slow client, a late one and one that asks
 * for a range cost no memory. The last byte of any answer waits until the nar
 * was found to be true, so a client of a lying or cut upstream sees its
 * connection cut, never a whole answer. Clients do not wait until it is stored.
 *
 * @module
 */
import type { NarFiles, OpenFile, StagedFile } from "../storage/files.ts";
import type { Chain } from "./source.ts";
import { AppError, toAppError } from "../../model/errors.ts";

/** As much as one read gives: a quarter of it costs as much per read. */
const CHUNK_BYTES = 256 * 1024;

type State =
  | { kind: "receiving"; bytes: number }
  | { kind: "true" }
  | { kind: "failed"; error: AppError };

/** What fetches a nar and stores it: `stage` is where it has to be written, `isTrue` is called when all of it was found true. */
export type Fetching = (
  stage: NarFiles["stage"],
  isTrue: () => void,
) => Promise<void>;

export class Pull {
  /** Resolves when it is receiving; rejects when it failed before. */
  readonly ready: Promise<void>;
  /** Resolves when it is stored or failed. */
  readonly done: Promise<void>;
  #state: State = { kind: "receiving", bytes: 0 };
  #staged: StagedFile | undefined;
  #changed = Promise.withResolvers<void>();

  /**
   * @param size bytes of the nar's file.
   * @param via the caches that the nar comes through.
   */
  constructor(
    readonly size: number,
    readonly via: Chain,
    files: Pick<NarFiles, "stage">,
    fetching: Fetching,
  ) {
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    ready.promise.catch(() => undefined);
    const stage = async () => {
      const staged = this.#tap(await files.stage());
      ready.resolve();
      return staged;
    };
    const isTrue = () => this.#become({ kind: "true" });
    this.done = fetching(stage, isTrue).catch((error) => {
      this.#become({ kind: "failed", error: toAppError(error) });
      ready.reject(error);
    });
  }

  /** For one client; when it is `ready`. */
  get opened(): OpenFile {
    return {
      size: this.size,
      stream: (start, end) => this.#stream(start, end),
      close: () => {},
    };
  }

  #tap(staged: StagedFile): StagedFile {
    this.#staged = staged;
    let bytes = 0;
    return {
      write: async (chunk) => {
        if (bytes + chunk.length > this.size) {
          throw new AppError(
            "unavailable",
            `Cannot take it over: its nar is larger than the ${this.size} bytes it said`,
          );
        }
        await staged.write(chunk);
        bytes += chunk.length;
        this.#become({ kind: "receiving", bytes });
      },
      reader: (start) => staged.reader(start),
      publish: (file) => staged.publish(file),
      discard: () => staged.discard(),
    };
  }

  /**
   * "true" and "failed" are for good: a disk that is full at last takes no true
   * bytes from anybody, and a write that ends late makes nobody wait again.
   */
  #become(state: State): void {
    if (this.#state.kind !== "receiving") return;
    this.#state = state;
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  /** Up to where an answer that ends before `end` may be given out. */
  #limit(end: number): number {
    switch (this.#state.kind) {
      case "receiving":
        return Math.min(this.#state.bytes, end - 1);
      case "true":
        return end;
      case "failed":
        throw this.#state.error;
    }
  }

  async #stream(start: number, end: number) {
    const staged = this.#staged;
    if (staged === undefined) throw new Error("it is not ready");
    const reader = await staged.reader(start);
    let open = true;
    const close = () => {
      if (open) reader[Symbol.dispose]();
      open = false;
    };
    let at = start;
    const buffer = new Uint8Array(CHUNK_BYTES);
    const next = async (): Promise<Uint8Array> => {
      for (;;) {
        const changed = this.#changed.promise;
        const room = Math.min(this.#limit(end) - at, CHUNK_BYTES);
        if (room > 0) {
          const bytes = await reader.read(buffer.subarray(0, room));
          if (bytes === 0) throw new Error("the staged file was cut");
          at += bytes;
          return buffer.slice(0, bytes);
        }
        await changed;
      }
    };
    return new ReadableStream<Uint8Array>({
      async pull(controller) {
        try {
          controller.enqueue(await next());
        } catch (error) {
          close();
          throw error;
        }
        if (at < end) return;
        close();
        controller.close();
      },
      cancel: close,
    }, { highWaterMark: 0 });
  }
}
