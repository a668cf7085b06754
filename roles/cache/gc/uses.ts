/**
 * When paths were last asked for, kept up cheaply: marked in memory, written
 * every few minutes and at the end, a slice at a time.
 *
 * What is marked is known to a collection at once (`Watch`), so that it never
 * takes what somebody has just been told is here. A kill -9 loses the marks of
 * the last minutes: a push that it cut off asks anew, and a narinfo whose
 * references went in between is refused by name, never stored broken.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import { formatError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import type { Database } from "../storage/database.ts";
import { Pace } from "../../turns/pace.ts";
import type { PathRows } from "./path_rows.ts";

/** What a crash forgets, against writes that serve nobody. */
const FLUSH_MS = 5 * 60_000;
/** A path pulled every minute is written every quarter of an hour. */
const RESOLUTION_MS = 15 * 60_000;
/** Above it marks are written at once: 5 MB of them. Only paths that are here are marked. */
const MAX_MARKED = 50_000;
/** In one transaction: some 5 ms. */
const BATCH = 500;
/** Between the HEAD of a nar and its narinfo a client sends nothing else; more is a client that is gone. */
const NAR_MS = 60 * 60_000;
/** A push asks for a nar after the other; the first of more are forgotten, and refused at worst. */
const MAX_NARS = 100_000;

/** Which paths were asked for, or got a keeper, since it began. */
export interface Watch extends Disposable {
  readonly sinceMs: number;
  has(hash: string): boolean;
}

export interface UsesOptions {
  database: Database;
  rows: PathRows;
  clock: Pick<Clock, "now">;
  log: Logger;
  /** What a collection takes for recent: a use is never known later than that. */
  graceMs: number;
}

export class Uses {
  readonly #options: UsesOptions;
  #marked = new Set<string>();
  readonly #watches = new Set<Set<string>>();
  /** By file name: until when, in the order they were told of. */
  readonly #nars = new Map<string, number>();
  #timer: ReturnType<typeof setInterval> | undefined;
  #flushing: Promise<void> | undefined;

  constructor(options: UsesOptions) {
    this.#options = options;
  }

  /** Writes every few minutes from now on. */
  start(): void {
    this.#timer ??= setInterval(() => void this.flush(), FLUSH_MS);
  }

  /** Somebody was told that this path is here, or stored it. */
  mark(hash: string): void {
    this.#marked.add(hash);
    this.spare(hash);
    if (this.#marked.size >= MAX_MARKED) void this.flush();
  }

  /** Something keeps this path from now on: a collection that is under way has planned without it. */
  spare(hash: string): void {
    for (const watch of this.#watches) watch.add(hash);
  }

  /** Somebody was told that this nar is here: its narinfo may follow. */
  markNar(file: string): void {
    this.#nars.delete(file);
    this.#nars.set(file, this.#options.clock.now() + NAR_MS);
    for (const oldest of this.#nars.keys()) {
      if (this.#nars.size <= MAX_NARS) return;
      this.#nars.delete(oldest);
    }
  }

  /** The narinfo has come: from here on the path keeps it. */
  settleNar(file: string): void {
    this.#nars.delete(file);
  }

  /** True for a nar that may get a narinfo yet, though it has none. */
  isNarAwaited(file: string): boolean {
    return (this.#nars.get(file) ?? 0) > this.#options.clock.now();
  }

  /** Remembers what is marked from now on, until it is disposed of. */
  watch(): Watch {
    const seen = new Set<string>();
    this.#watches.add(seen);
    return {
      sinceMs: this.#options.clock.now(),
      has: (hash) => seen.has(hash),
      [Symbol.dispose]: () => void this.#watches.delete(seen),
    };
  }

  /** Writes what is marked. Never throws: what cannot be written is kept for the next time. */
  flush(): Promise<void> {
    return this.#flushing ??= this.#write().finally(() => {
      this.#flushing = undefined;
    });
  }

  async #write(): Promise<void> {
    const { clock, log, graceMs } = this.#options;
    const nowMs = clock.now();
    for (const [file, untilMs] of this.#nars) {
      if (untilMs > nowMs) break;
      this.#nars.delete(file);
    }
    const marked = this.#marked;
    this.#marked = new Set();
    const left = marked.values();
    const pace = new Pace();
    const olderThanMs = nowMs - Math.min(RESOLUTION_MS, graceMs / 2);
    for (;;) {
      const batch = [...left.take(BATCH)];
      if (batch.length === 0) return;
      try {
        this.#writeBatch(batch, nowMs, olderThanMs);
      } catch (error) {
        for (const hash of [...batch, ...left]) this.#marked.add(hash);
        log.warn("when paths were used cannot be written: {error}", {
          error: formatError(error),
        });
        return;
      }
      await pace.rest();
    }
  }

  #writeBatch(batch: readonly string[], nowMs: number, olderThanMs: number) {
    const { database, rows } = this.#options;
    database.transaction("when paths were used", () => {
      for (const hash of batch) rows.setUsed(hash, nowMs, olderThanMs);
    });
  }

  /** Ends the timer and writes what is left. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    await this.#flushing;
    await this.flush();
  }
}
