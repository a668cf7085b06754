/**
 * Performs a plan: takes paths out, batch by batch, each looked at once more in
 * the transaction that removes it.
 *
 * A plan may be minutes old. A path stays when somebody was told since that it
 * is here, or when anything refers to it: so no closure is broken, whatever
 * came in between and however wrong the plan may be. Rows go first, durably,
 * then the files: kill -9 leaves at most files that nobody names, which the
 * next start sweeps, and never a narinfo without its nar.
 *
 * @module
 */
import { failpoint } from "../../process/failpoint.ts";
import type { Database } from "../storage/database.ts";
import type { NarFiles } from "../storage/files.ts";
import type { HotTexts } from "../storage/hot_texts.ts";
import type { Graph } from "./core/graph.ts";
import type { CollectionPlan } from "./core/plan.ts";
import { Pace } from "../../turns/pace.ts";
import type { PathRows } from "./path_rows.ts";
import type { Uses, Watch } from "./uses.ts";

/** In one transaction; the time it takes ends most before. */
const BATCH = 100;
/** Of one transaction, without its sync: requests wait for it, and for the renames after it. */
const BATCH_MS = 4;
/**
 * Between two times that the database's log is emptied, in a turn of its own. A
 * path is some fifteen pages all over the file: left to a thousand pages in the
 * log, that and a sync came on top of a transaction, 65 ms together. So many
 * transactions share their syncs too: one each would be most of the time.
 */
const BATCHES_PER_LOG = 8;

export interface RemovalOptions {
  database: Pick<Database, "commit" | "shortenLog">;
  rows: PathRows;
  files: Pick<NarFiles, "drop" | "isArriving">;
  hot: Pick<HotTexts, "delete">;
  uses: Uses;
  /** Paths of one transaction, unless its slice ends before. */
  batch?: number;
}

/** What has gone so far. */
export interface Removed {
  paths: number;
  nars: number;
  objects: number;
  bytes: number;
}

export class Removal {
  readonly removed: Removed = { paths: 0, nars: 0, objects: 0, bytes: 0 };
  /** To go by the plan, and stayed. */
  spared = 0;

  constructor(private readonly options: RemovalOptions) {}

  /**
   * Takes out what the plan names.
   *
   * @param watch since before the plan was begun.
   * @throws {AppError} `storage`; what was done by then is done.
   */
  async apply(
    graph: Graph,
    plan: CollectionPlan,
    { watch, signal, told }: {
      watch: Watch;
      signal: AbortSignal;
      told: (done: number) => void;
    },
  ): Promise<void> {
    const pace = new Pace();
    const { batch = BATCH, database } = this.options;
    const written: Promise<void>[] = [];
    const settle = async () => {
      await Promise.allSettled(written);
      await Promise.all(written.splice(0));
      await database.shortenLog();
    };
    for (let at = 0; at < plan.knotAt;) {
      if (written.length === BATCHES_PER_LOG) await settle();
      await this.#restAfter(written, pace, signal);
      const from = at;
      const endMs = performance.now() + BATCH_MS;
      const done = this.#batch((remove) => {
        do {
          remove(graph.hashOf(plan.order[at++] ?? 0), watch);
        } while (
          at < plan.knotAt && at - from < batch && performance.now() < endMs
        );
      });
      // It is waited for below.
      done.catch(() => undefined);
      written.push(done);
      told(at);
    }
    await settle();
    signal.throwIfAborted();
    await this.#removeKnot(graph, plan, watch);
  }

  /** Whoever ends it, what was begun comes to its end before. */
  async #restAfter(
    written: readonly Promise<void>[],
    pace: Pace,
    signal: AbortSignal,
  ): Promise<void> {
    try {
      await pace.rest(signal);
    } catch (error) {
      await Promise.allSettled(written);
      throw error;
    }
  }

  /** One path that somebody wants gone, whose refusals were looked at in this turn. */
  async removePath(hash: string): Promise<void> {
    await this.#batch((remove) => remove(hash));
  }

  /** Nars without a path. */
  async removeStrayNars(files: readonly string[]): Promise<void> {
    await this.#transaction((dropped) => {
      for (const file of files) this.#strikeNar(file, dropped);
    });
  }

  /** Small objects whose path or nar is gone. */
  async removeObjects(
    objects: readonly { kind: string; name: string }[],
  ): Promise<void> {
    await this.#transaction(() => {
      for (const { kind, name } of objects) {
        this.options.rows.removeObject(kind, name);
      }
    });
    this.removed.objects += objects.length;
  }

  /** Build logs, the last ones first, unless they were stored since `beforeMs`: as many as fit a slice. */
  async removeLogs(
    names: string[],
    { beforeMs, pace }: { beforeMs: number; pace: Pace },
  ): Promise<void> {
    const { rows } = this.options;
    let gone = 0;
    await this.#transaction(() => {
      do {
        const name = names.pop();
        if (name === undefined) return;
        gone += rows.removeLog(name, beforeMs) ? 1 : 0;
      } while (!pace.isOver);
    });
    this.removed.objects += gone;
  }

  async #batch(
    work: (remove: (hash: string, watch?: Watch) => void) => void,
  ): Promise<void> {
    const gone: string[] = [];
    await this.#transaction((dropped) => {
      work((hash, watch) => {
        if (this.#strike(hash, watch, dropped)) gone.push(hash);
      });
    }, gone);
  }

  /** Rows in one transaction; what was hot is dropped in the same turn, and files lose their names when that is on disk. */
  async #transaction(
    work: (dropped: Dropped[]) => void,
    gone: readonly string[] = [],
  ): Promise<void> {
    const { database, files, hot, rows } = this.options;
    const dropped: Dropped[] = [];
    const sparedBefore = this.spared;
    let synced: Promise<void>;
    try {
      synced = database.commit("a collection of garbage", () => {
        work(dropped);
        failpoint("gc.batch.begun");
      });
    } catch (error) {
      this.spared = sparedBefore;
      throw error;
    }
    for (const hash of gone) hot.delete(hash);
    await synced;
    failpoint("gc.batch.committed");
    this.removed.paths += gone.length;
    this.removed.nars += dropped.length;
    for (const { bytes } of dropped) this.removed.bytes += bytes;
    await Promise.all(dropped.map(async ({ file }) => {
      // While that was written somebody may have sent the same nar again.
      if (rows.hasNar(file) || files.isArriving(file)) return;
      await files.drop(file);
    }));
  }

  /** In a transaction: true when the path is gone. */
  #strike(
    hash: string,
    watch: Watch | undefined,
    dropped: Dropped[],
  ): boolean {
    const { rows } = this.options;
    const path = rows.path(hash);
    if (path === undefined) return false;
    const isUsed = watch?.has(hash) === true ||
      path.storedAtMs >= (watch?.sinceMs ?? Infinity);
    if (isUsed || rows.isReferred(hash)) {
      this.spared++;
      return false;
    }
    rows.removePath(hash);
    this.#strikeNar(path.file, dropped);
    return true;
  }

  #strikeNar(file: string, dropped: Dropped[]): void {
    const { rows, uses, files } = this.options;
    // A client may have been told that it is here, or sends it now: its narinfo comes next.
    if (uses.isNarAwaited(file) || files.isArriving(file)) return;
    const bytes = rows.removeNarIfUnused(file);
    if (bytes !== undefined) dropped.push({ file, bytes });
  }

  /** Paths that refer to each other in circles: all or none. */
  async #removeKnot(
    graph: Graph,
    { order, knotAt }: CollectionPlan,
    watch: Watch,
  ): Promise<void> {
    const knot = new Set<string>();
    for (const path of order.subarray(knotAt)) knot.add(graph.hashOf(path));
    if (knot.size === 0) return;
    const { rows } = this.options;
    const gone: string[] = [];
    await this.#transaction((dropped) => {
      for (const hash of knot) {
        if (!watch.has(hash) && this.#isReferredFrom(hash, knot)) continue;
        this.spared += knot.size;
        return;
      }
      for (const hash of knot) {
        const path = rows.path(hash);
        if (path === undefined) continue;
        rows.removePath(hash);
        this.#strikeNar(path.file, dropped);
        gone.push(hash);
      }
    }, gone);
  }

  /** True when all that refers to it is among `known`. */
  #isReferredFrom(hash: string, known: ReadonlySet<string>): boolean {
    let after = "";
    for (;;) {
      const referrers = this.options.rows.referrerHashesAfter(hash, after);
      const last = referrers.at(-1);
      if (last === undefined) return true;
      if (referrers.some((referrer) => !known.has(referrer))) return false;
      after = last;
    }
  }
}

interface Dropped {
  file: string;
  bytes: number;
}
