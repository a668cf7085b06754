/**
 * A nar from an upstream to one client without being stored: when the disk has
 * no room. Checked like any other; the last bytes wait for that.
 *
 * @module
 */
import type { NarFiles, OpenFile, StagedFile } from "../storage/files.ts";
import { OwnFailure } from "./own_failure.ts";

/** A client that takes nothing for so long is gone; it holds an unpacker and a connection. */
const STALL_MS = 5 * 60_000;

/** Receives a nar into what `stage` gives; rejects when it is not the promised one. */
export type Receiving = (stage: NarFiles["stage"]) => Promise<void>;

/** What is received, cut to a range, goes straight to the client. */
class Relayed implements StagedFile {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #at = 0;
  #held: Uint8Array = new Uint8Array();

  constructor(
    writable: WritableStream<Uint8Array>,
    private readonly range: { start: number; end: number },
  ) {
    this.#writer = writable.getWriter();
    this.#writer.closed.catch(() => undefined);
  }

  async write(chunk: Uint8Array): Promise<void> {
    const { start, end } = this.range;
    const from = Math.max(start - this.#at, 0);
    const part = chunk.subarray(from, Math.max(end - this.#at, from));
    this.#at += chunk.length;
    if (part.length === 0) return;
    await this.#send(this.#held);
    this.#held = part;
  }

  reader(): Promise<never> {
    return Promise.reject(new Error("a nar that is not kept has one reader"));
  }

  /** It was found true. */
  async publish(): Promise<void> {
    await this.#send(this.#held);
    // A client that goes at the last moment has it all the same.
    await this.#writer.close().catch(() => undefined);
  }

  async discard(): Promise<void> {}

  async fail(error: unknown): Promise<void> {
    await this.#writer.abort(error).catch(() => undefined);
  }

  async #send(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    const stalled = Promise.withResolvers<never>();
    const timer = setTimeout(() => {
      stalled.reject(new OwnFailure("Nobody takes the nar"));
    }, STALL_MS);
    try {
      await Promise.race([this.#writer.write(bytes), stalled.promise]);
    } catch (cause) {
      throw new OwnFailure("The client left before the end of the nar", cause);
    } finally {
      clearTimeout(timer);
    }
  }
}

/** For one client; receiving begins with `stream`, which rejects with what it fails by before it has begun. */
export function relayed(size: number, receiving: Receiving): OpenFile {
  return {
    size,
    async stream(start, end) {
      const { readable, writable } = new TransformStream<
        Uint8Array,
        Uint8Array
      >();
      const staged = new Relayed(writable, { start, end });
      const begun = Promise.withResolvers<void>();
      const stage = () => {
        begun.resolve();
        return Promise.resolve(staged);
      };
      receiving(stage).catch(async (error) => {
        begun.reject(error);
        await staged.fail(error);
      });
      await begun.promise;
      return readable;
    },
    close: () => {},
  };
}
