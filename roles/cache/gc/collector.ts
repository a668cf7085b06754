/**
 * One collection of garbage: asks who keeps what, reads the graph, plans,
 * removes. One at a time; decides nothing that `core/` does not.
 *
 * @module
 */
import type { Logger } from "../../log/mod.ts";
import type {
  CollectionProgress,
  CollectionReport,
} from "../../model/collection.ts";
import { AppError, toAppError } from "../../model/errors.ts";
import type { Clock } from "../../model/ports.ts";
import { type Graph, NEVER_SECOND, secondOf } from "./core/graph.ts";
import { largestOf } from "./core/largest.ts";
import {
  type CollectionPlan,
  planCollection,
  type Retention,
} from "./core/plan.ts";
import { Pace } from "../../turns/pace.ts";
import type { PathRows } from "./path_rows.ts";
import { readGraph } from "./read_graph.ts";
import { Removal, type RemovalOptions } from "./removal.ts";
import type { CollectionRecords } from "./collection_records.ts";
import type { Roots } from "./roots.ts";
import { removeStrays } from "./strays.ts";
import type { Uses, Watch } from "./uses.ts";

/** Named in a report. */
const LARGEST = 20;
/** Nars and objects without a path stay at least that long, whatever the grace: their narinfo may be on its way. */
const STRAY_MS = 3_600_000;

/** What is kept without a root, and within which bounds. */
export interface RetentionSettings {
  graceMs: number;
  keepMs: number;
  /** Infinity: no bound. */
  maxBytes: number;
  maxPaths: number;
  /** Of the disk; 0: no matter. */
  minFreeBytes: number;
}

export interface CollectorOptions extends RemovalOptions {
  rows: PathRows;
  uses: Uses;
  roots: Roots;
  records: CollectionRecords;
  retention: RetentionSettings;
  /** Free bytes of the disk that the nars are on. */
  freeBytes(): Promise<number>;
  clock: Pick<Clock, "now">;
  log: Logger;
}

/** What is asked for, and who is told. */
export interface CollectionOrder {
  dryRun: boolean;
  without: readonly string[];
  by: string;
  signal?: AbortSignal;
  told?: (progress: CollectionProgress) => void;
}

/** A collection that is under way. */
export interface RunningCollection {
  by: string;
  dryRun: boolean;
  startedAtMs: number;
  progress: CollectionProgress;
}

export class Collector {
  readonly #options: CollectorOptions;
  #running: RunningCollection | null = null;
  #cancel = new AbortController();
  #done: Promise<unknown> = Promise.resolve();

  constructor(options: CollectorOptions) {
    this.#options = options;
  }

  get running(): RunningCollection | null {
    return this.#running;
  }

  /** Ends the one that is under way, and waits for it; false when there is none. */
  async cancel(): Promise<boolean> {
    if (this.#running === null) return false;
    this.#cancel.abort(new AppError("failed", "The collection was cancelled"));
    await this.#done.catch(() => undefined);
    return true;
  }

  /**
   * Collects, or says what it would do.
   *
   * @throws {AppError} `refused` when one is under way or it is not known what
   * is in use, `storage`. One that is cancelled is a report.
   */
  async collect(order: CollectionOrder): Promise<CollectionReport> {
    this.assertIdle();
    this.#cancel = new AbortController();
    const done = this.#run(order).finally(() => {
      this.#running = null;
    });
    this.#done = done;
    return await done;
  }

  /** @throws {AppError} `refused` while one is under way. */
  assertIdle(): void {
    if (this.#running === null) return;
    const { by, dryRun } = this.#running;
    throw new AppError(
      "refused",
      `Cannot collect garbage: ${by} ${
        dryRun ? "looks at it" : "does"
      } already`,
      { hint: "wait for it, or end it: procurator cache gc --cancel" },
    );
  }

  async #run(order: CollectionOrder): Promise<CollectionReport> {
    const { roots, records, clock } = this.#options;
    const startedAtMs = clock.now();
    this.#tell(order, startedAtMs, { phase: "roots", done: 0, total: 0 });
    const signal = order.signal === undefined
      ? this.#cancel.signal
      : AbortSignal.any([order.signal, this.#cancel.signal]);
    await untilAborted(roots.refresh(), signal);
    if (!signal.aborted) roots.assertKnown(order.without);
    const run = new CollectionRun(this.#options, {
      ...order,
      startedAtMs,
      signal,
      told: (progress) => this.#tell(order, startedAtMs, progress),
    });
    const report = await run.collect();
    // A dry run is a question: nothing of it is kept.
    if (!order.dryRun) {
      for (const name of order.without) records.forgetSource(name);
      records.putReport(report);
    }
    this.#log(report);
    if (run.error !== undefined) throw run.error;
    return report;
  }

  #tell(
    { by, dryRun, told }: CollectionOrder,
    startedAtMs: number,
    progress: CollectionProgress,
  ): void {
    this.#running = { by, dryRun, startedAtMs, progress };
    told?.(progress);
  }

  #log({ dryRun, state, by, message, removed, spared }: CollectionReport) {
    this.#options.log.info(
      dryRun
        ? "{by} looked at what garbage there is: {state}{message}"
        : "{by} collected garbage: {state}{message}; {paths} paths, {nars} nars, {bytes} bytes gone, {spared} paths spared",
      {
        by,
        state,
        message: message === "" ? "" : `, ${message}`,
        ...removed,
        spared,
      },
    );
  }
}

/** Waits for `work` no longer than that; it goes on by itself. */
async function untilAborted(
  work: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = () => resolve();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  try {
    await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

type Run = Required<CollectionOrder> & { startedAtMs: number };

/** One run. */
class CollectionRun {
  readonly #pace = new Pace();
  readonly #removal: Removal;
  #planned: Pick<CollectionReport, "shares" | "largest"> = {
    shares: null,
    largest: [],
  };
  /** Roots that are not here, by source. */
  readonly #missing = new Map<string, number>();
  /** What ended it, unless somebody asked for that. */
  error: AppError | undefined;

  constructor(
    private readonly options: CollectorOptions,
    private readonly run: Run,
  ) {
    this.#removal = new Removal(options);
  }

  async collect(): Promise<CollectionReport> {
    const { uses } = this.options;
    const { signal, dryRun } = this.run;
    let state: CollectionReport["state"] = "done";
    try {
      // First the watch: from here on nobody is told that something is here without it.
      using watch = uses.watch();
      await uses.flush();
      const graph = await this.#readGraph();
      const plan = await this.#plan(graph);
      if (!dryRun) await this.#remove(graph, plan, watch);
    } catch (error) {
      state = signal.aborted ? "cancelled" : "failed";
      if (!signal.aborted) this.error = toAppError(error);
    }
    return this.#report(state);
  }

  #report(state: CollectionReport["state"]): CollectionReport {
    const { roots, clock } = this.options;
    const { by, dryRun, startedAtMs, without } = this.run;
    return {
      dryRun,
      state,
      message: this.error?.message ?? "",
      by,
      startedAtMs,
      endedAtMs: clock.now(),
      sources: roots.views().map((view) => ({
        ...view,
        missing: this.#missing.get(view.name) ?? 0,
      })),
      without: [...without],
      ...this.#planned,
      removed: { ...this.#removal.removed },
      spared: this.#removal.spared,
    };
  }

  async #readGraph(): Promise<Graph> {
    const { rows, uses } = this.options;
    const { told, signal, startedAtMs } = this.run;
    return await readGraph({
      rows,
      pace: this.#pace,
      signal,
      told,
      look(facts) {
        if (facts.usedAtMs > 0) return facts;
        // Stored before uses were kept: it counts as used now, and from now on.
        uses.mark(facts.hash);
        return { ...facts, usedAtMs: startedAtMs };
      },
    });
  }

  async #plan(graph: Graph): Promise<CollectionPlan> {
    const { roots, rows } = this.options;
    const { told, signal, without } = this.run;
    told({ phase: "plan", done: 0, total: 0 });
    const seeds: number[] = [];
    for (const { source, base } of roots.all(without)) {
      const path = graph.find(base.slice(0, 32));
      if (path !== undefined) seeds.push(path);
      else this.#missing.set(source, (this.#missing.get(source) ?? 0) + 1);
    }
    const plan = await this.#pace.run(
      planCollection(graph, seeds, await this.#retention(graph)),
      signal,
    );
    const largest = await this.#pace.run(
      largestOf(graph, plan, LARGEST),
      signal,
    );
    this.#planned = {
      shares: plan.shares,
      largest: largest.map(({ path, bytes }) => {
        const hash = graph.hashOf(path);
        const why = plan.verdictOf(path) === "over" ? "over" : "old";
        return { path: rows.path(hash)?.base ?? hash, bytes, why } as const;
      }),
    };
    return plan;
  }

  async #retention(graph: Graph): Promise<Retention> {
    const { retention, freeBytes } = this.options;
    const { startedAtMs } = this.run;
    const { graceMs, keepMs, maxPaths, minFreeBytes } = retention;
    let { maxBytes } = retention;
    if (minFreeBytes > 0) {
      const lacking = Math.max(0, minFreeBytes - await freeBytes());
      let total = 0;
      for (const bytes of graph.fileBytes) total += bytes;
      if (lacking > 0) maxBytes = Math.min(maxBytes, total - lacking);
    }
    const since = (ms: number) =>
      ms === 0 ? NEVER_SECOND : secondOf(startedAtMs - ms);
    return {
      graceSecond: since(graceMs),
      keepSecond: since(keepMs),
      maxBytes,
      maxPaths,
    };
  }

  async #remove(
    graph: Graph,
    plan: CollectionPlan,
    watch: Watch,
  ): Promise<void> {
    const { rows, retention, roots } = this.options;
    const { told, signal, startedAtMs, without } = this.run;
    const total = plan.order.length;
    await this.#removal.apply(graph, plan, {
      watch,
      signal,
      told: (done) => told({ phase: "removing", done, total }),
    });
    told({ phase: "rest", done: 0, total: 0 });
    await removeStrays({
      rows,
      removal: this.#removal,
      roots: new Set(roots.all(without).map(({ base }) => base.slice(0, 32))),
      beforeMs: startedAtMs - Math.max(retention.graceMs, STRAY_MS),
      signal,
    });
  }
}
