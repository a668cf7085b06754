/**
 * Knows the largest closures. Looks for them beside everything else when
 * somebody asks and what is known is old; never while they wait.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type { LargestClosures } from "../../model/cache_status.ts";
import { toAppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { Pace } from "../../turns/pace.ts";
import { readGraph } from "../gc/read_graph.ts";
import type { PathRows } from "../gc/path_rows.ts";
import { largestClosures } from "./core/largest_closures.ts";

/** Listed. */
const COUNT = 10;
/** No search begins sooner after the last: a page is read again by then. */
const LEAST_AGE_MS = 5000;
/** Nor before that many times as long as it took: it may have a fiftieth of the thread. */
const SHARE = 50;

export interface ClosuresOptions {
  rows: PathRows;
  storeDir: string;
  /** Paths that there are: while they are as many as before, nothing is looked for. */
  countPaths(): number;
  /** While garbage is collected there is a graph in memory already. */
  isBusy(): boolean;
  clock: Pick<Clock, "now">;
  log: Logger;
}

export class Closures implements AsyncDisposable {
  readonly #ending = new AbortController();
  #known: LargestClosures | null = null;
  #countAtLook = -1;
  #lookedAtMs = -Infinity;
  #pauseMs = 0;
  #looking: Promise<void> | undefined;

  constructor(private readonly options: ClosuresOptions) {}

  /** What is known; null: being looked for, or about to be. */
  get(): LargestClosures | null {
    const { countPaths, isBusy, clock } = this.options;
    if (countPaths() === 0) {
      return { atMs: clock.now(), complete: true, closures: [] };
    }
    const ageMs = clock.now() - this.#lookedAtMs;
    const isDue = this.#looking === undefined &&
      !this.#ending.signal.aborted && (ageMs < 0 || ageMs >= this.#pauseMs);
    if (isDue && !isBusy() && countPaths() !== this.#countAtLook) {
      this.#looking = this.#look().finally(() => this.#looking = undefined);
    }
    return this.#known;
  }

  async #look(): Promise<void> {
    const { countPaths, clock, log } = this.options;
    const begun = performance.now();
    try {
      const count = countPaths();
      this.#known = await this.#find();
      this.#countAtLook = count;
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      log.warn("the largest closures could not be found: {why}", {
        why: toAppError(error).message,
      });
    } finally {
      const tookMs = performance.now() - begun;
      this.#lookedAtMs = clock.now();
      this.#pauseMs = Math.max(LEAST_AGE_MS, SHARE * tookMs);
    }
  }

  async #find(): Promise<LargestClosures> {
    const { rows, storeDir, clock } = this.options;
    const { signal } = this.#ending;
    const pace = new Pace();
    // Who asked is answered first.
    await new Promise((resolve) => setTimeout(resolve, 0));
    const graph = await readGraph({ rows, pace, signal });
    const { closures, complete } = await pace.run(
      largestClosures(graph, COUNT),
      signal,
    );
    return {
      atMs: clock.now(),
      complete,
      closures: closures.map(({ path, ...sums }) => {
        const hash = graph.hashOf(path);
        return {
          path: `${storeDir}/${rows.path(hash)?.base ?? hash}`,
          ...sums,
        };
      }),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#looking;
  }
}
