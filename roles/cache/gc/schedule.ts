/**
 * When garbage is collected by itself, and how often the sources are asked in
 * between. Level-triggered: looks at what was recorded, so that a restart
 * neither skips a collection nor adds one.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { toAppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type { CollectionRecords } from "./collection_records.ts";
import type { Collector } from "./collector.ts";
import type { Roots } from "./roots.ts";

/** How often it looks at the clock. */
const LOOK_MS = 60_000;
/** After a start masters and workers come back and pull: not the time for a walk over everything. */
const AFTER_START_MS = 15 * 60_000;
/** After one that was refused or failed. */
const RETRY_MS = 3_600_000;
/** What the sources told last may have to stand for them: it should not be old. */
const READ_ROOTS_MS = 3_600_000;

export interface ScheduleOptions {
  collector: Pick<Collector, "collect" | "running" | "cancel">;
  roots: Pick<Roots, "refresh">;
  records: Pick<CollectionRecords, "reports">;
  clock: Pick<Clock, "now">;
  log: Logger;
  /** From one collection to the next; 0: never by itself. */
  intervalMs: number;
  /** Why it never collects by itself, though it should; null: it does. */
  obstacle: string | null;
}

export class Schedule {
  readonly #options: ScheduleOptions;
  #timer: ReturnType<typeof setInterval> | undefined;
  #notBeforeMs = 0;
  #readAtMs = 0;
  #looking: Promise<void> | undefined;
  #problem: string | null;

  constructor(options: ScheduleOptions) {
    this.#options = options;
    this.#problem = options.obstacle;
  }

  start(): void {
    const { clock, log, intervalMs, obstacle } = this.#options;
    this.#notBeforeMs = clock.now() + AFTER_START_MS;
    if (intervalMs > 0 && obstacle !== null) {
      log.info("garbage is not collected by itself: {obstacle}", { obstacle });
    }
    this.#timer ??= setInterval(() => void this.look(), LOOK_MS);
  }

  /** When the next one is due; null: it runs only when asked for. */
  get nextAtMs(): number | null {
    const { records, intervalMs, obstacle } = this.#options;
    if (intervalMs === 0 || obstacle !== null) return null;
    const [last] = records.reports(1);
    const dueMs = last === undefined ? 0 : last.endedAtMs + intervalMs;
    return Math.max(dueMs, this.#notBeforeMs);
  }

  /** Why it does not run by itself, or what it failed with last. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Does what is due. Never throws. */
  look(): Promise<void> {
    return this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
  }

  async #look(): Promise<void> {
    const { clock, collector, roots } = this.#options;
    const nowMs = clock.now();
    const dueMs = this.nextAtMs;
    if (dueMs !== null && nowMs >= dueMs && collector.running === null) {
      await this.#collect();
    } else if (nowMs - this.#readAtMs >= READ_ROOTS_MS) {
      this.#readAtMs = nowMs;
      await roots.refresh();
    }
  }

  async #collect(): Promise<void> {
    const { collector, clock, log } = this.#options;
    try {
      await collector.collect({ dryRun: false, without: [], by: "schedule" });
      this.#problem = null;
    } catch (error) {
      const { message } = toAppError(error);
      this.#notBeforeMs = clock.now() + RETRY_MS;
      if (this.#problem !== message) log.warn("{message}", { message });
      this.#problem = message;
    }
  }

  /** Begins nothing any more, and ends what is under way. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#options.collector.cancel();
    await this.#looking;
  }
}
