/**
 * More processor for guests that boot: for so long after its start a guest may
 * use the whole processors it sees, then its ceiling is lowered to its share.
 * Owns when; how a ceiling is lowered is who asks's. Remembered in a file per
 * copy, so that the next process of the worker goes on with it.
 *
 * @module
 */
import { z } from "zod";
import {
  readIfThere,
  removeIfThere,
  setAside,
  storageError,
  unreadable,
  writeFileAtomic,
} from "../../files/mod.ts";
import type { CopyId } from "../../model/ids.ts";
import { parseJsonWith } from "../../model/parse.ts";
import type { Clock } from "../../model/ports.ts";
import { copyDirectoryName } from "../../../vmm/mod.ts";

/** Nobody sees whether a ceiling is lowered a moment later. */
const LOOK_MS = 20;
/** Why a wait ends: made once. */
const CLOSED = "the worker ends";

/** What is remembered; the end by the boot-time clock. */
const Boost = z.object({ ceilingMilli: z.number(), endMs: z.number() });
type Boost = z.output<typeof Boost>;

/** What it is given. */
export interface CpuBoostOptions {
  boostMs: number;
  /** Holds a file per copy, gone after a reboot. */
  dir: string;
  clock: Clock;
  /** Of the copy whose directories have this name; one that is gone is no error of ours. */
  lower(name: string, ceilingMilli: number): Promise<void>;
  onWarning: (message: string, error: unknown) => void;
}

export class CpuBoosts {
  readonly #options: CpuBoostOptions;
  /** By the name of the copy's directories. */
  readonly #waiting = new Map<string, Boost>();
  readonly #closing = new AbortController();
  #loop: Promise<void> | null = null;

  constructor(options: CpuBoostOptions) {
    this.#options = options;
  }

  /** From now on; its ceiling is lowered to `ceilingMilli` at the end. */
  async begin(copy: CopyId, ceilingMilli: number): Promise<void> {
    const { dir, clock, boostMs } = this.#options;
    const boost = { ceilingMilli, endMs: clock.bootMs() + boostMs };
    try {
      await Deno.mkdir(dir, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw storageError(dir, error);
    }
    await writeFileAtomic(this.#path(copy), JSON.stringify(boost));
    this.#wait(copy, boost);
  }

  /** The copy has ended, or needs none. */
  async end(copy: CopyId): Promise<void> {
    this.#waiting.delete(copyDirectoryName(copy));
    await removeIfThere(this.#path(copy));
    await removeIfThere(unreadable(this.#path(copy)));
  }

  /** What a former process began for these copies goes on. */
  async adopt(copies: readonly CopyId[]): Promise<void> {
    for (const copy of copies) {
      const path = this.#path(copy);
      try {
        const text = await readIfThere(path);
        if (text === null) continue;
        this.#wait(copy, parseJsonWith(Boost, text, { what: path }));
      } catch (error) {
        await setAside(path, error);
        this.#options.onWarning(
          `cannot read ${path}: ${copy.id} may use whole processors until its next start`,
          error,
        );
      }
    }
  }

  /** What is not lowered yet is lowered by the next process. */
  async close(): Promise<void> {
    this.#closing.abort(CLOSED);
    await this.#loop;
  }

  #path(copy: CopyId): string {
    return `${this.#options.dir}/${copyDirectoryName(copy)}.json`;
  }

  #wait(copy: CopyId, boost: Boost): void {
    this.#waiting.set(copyDirectoryName(copy), boost);
    this.#loop ??= this.#run().finally(() => {
      this.#loop = null;
    });
  }

  /** Until none is left. All boosts are of one length: a new one ends no earlier than those that are waited for. */
  async #run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const now = clock.bootMs();
      for (const [name, boost] of this.#waiting) {
        if (boost.endMs <= now) await this.#lower(name, boost);
      }
      const ends = [...this.#waiting.values()].map(({ endMs }) => endMs);
      if (ends.length === 0) return;
      await clock.sleep(Math.max(LOOK_MS, Math.min(...ends) - now), signal)
        .catch(() => undefined);
    }
  }

  async #lower(name: string, { ceilingMilli }: Boost): Promise<void> {
    this.#waiting.delete(name);
    try {
      await this.#options.lower(name, ceilingMilli);
      await removeIfThere(`${this.#options.dir}/${name}.json`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      this.#options.onWarning(
        `cannot lower the processor share of ${name}`,
        error,
      );
    }
  }
}
