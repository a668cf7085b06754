/**
 * Sees the ends of VMMs that nobody asked to end, and tells them. Ends none:
 * what a driver looks at, and what it clears of one that has gone, is its own.
 *
 * ```text
 *  runs -- process gone: a look, or a connection that was lost --> ended
 *       -- cleared, the guard asked --> told, unless a stop came meanwhile
 * ```
 *
 * @module
 */
import type { RunRecord } from "../core/run_record.ts";
import type { RunningVm, RunningVms, VmHost } from "./running_vms.ts";
import type { GuardedEnd } from "./spawner.ts";
import type { VmExit } from "../vmm.ts";

/** The connections of a VMM close a moment before its process is gone, and the guard may notice a moment later. */
const ENDING_MS = 1000;
/** Between two questions to the guard that has not noticed an end yet. */
const ASK_AGAIN_MS = 20;

/** How a VM ended, as far as its driver saw. */
export type Ending = Pick<VmExit, "clean" | "reason">;

/** What a driver adds to the watching. */
export interface Watched<R> {
  /** Between two rounds of looks. */
  intervalMs: number;
  /** One look at one that may be in any state; rounds are counted from 0. */
  look(running: R, round: number): Promise<void>;
  /** Its process has gone: clears what is left of it, and can tell how it ended once the guard was asked. */
  clear(running: R): Promise<(guarded: GuardedEnd | null) => Ending>;
}

/** Watches the copies of one driver. */
export class VmWatch<R extends RunningVm> {
  readonly #host: VmHost;
  readonly #vms: RunningVms<R>;
  readonly #watched: Watched<R>;
  readonly #watchers = new Set<(exit: VmExit) => void>();
  readonly #closing = new AbortController();
  #watching: Promise<void> | null = null;

  constructor(host: VmHost, vms: RunningVms<R>, watched: Watched<R>) {
    this.#host = host;
    this.#vms = vms;
    this.#watched = watched;
  }

  /** Rounds begin with the first watcher. */
  watch(onExit: (exit: VmExit) => void): Disposable {
    this.#watchers.add(onExit);
    this.#watching ??= this.#rounds();
    return { [Symbol.dispose]: () => void this.#watchers.delete(onExit) };
  }

  /** A connection that is lost mostly tells of an end; lost for another reason, the next look connects again. */
  endsWith(running: R, closed: Promise<unknown>, onClosed: () => void): void {
    closed.then(async () => {
      onClosed();
      if (await this.#hasGone(running)) await this.exited(running);
    }).catch((error) =>
      this.#host.onWarning(`cannot watch ${running.record.id}`, error)
    );
  }

  /** Its process has gone. Told once, and not at all when a stop asked for it. */
  async exited(running: R): Promise<void> {
    if (running.stopping || running.ended) return;
    running.ended = true;
    const { record } = running;
    const endingBy = await this.#watched.clear(running);
    const guarded = record.guarded === true
      ? await this.#guardedEnd(record)
      : null;
    // A stop that came meanwhile tells of the end itself.
    if (running.stopping) return;
    const { id, incarnation } = record;
    const exit: VmExit = {
      kind: "exited",
      id,
      incarnation,
      ...(guarded?.by === "fence"
        ? { clean: false, reason: guarded.reason, fenced: true }
        : endingBy(guarded)),
    };
    for (const watcher of this.#watchers) watcher(exit);
  }

  /** Watches no more; consoles are closed, and all run on. */
  async close(letGo: (running: R) => void): Promise<void> {
    this.#closing.abort();
    for (const running of this.#vms.all()) {
      running.console.close();
      letGo(running);
    }
    await this.#watching;
  }

  async #hasGone({ stopping, ended, record }: R): Promise<boolean> {
    if (this.#closing.signal.aborted || stopping || ended) return false;
    const { clock, processes } = this.#host;
    return await processes.untilEnded(record, clock.bootMs() + ENDING_MS);
  }

  /** The guard's word for it. */
  async #guardedEnd({ marker }: RunRecord): Promise<GuardedEnd | null> {
    const { spawner, clock } = this.#host;
    const endMs = clock.bootMs() + ENDING_MS;
    for (;;) {
      const end = await spawner?.endOf(marker) ?? null;
      if (end !== null || clock.bootMs() >= endMs) return end;
      await clock.sleep(ASK_AGAIN_MS);
    }
  }

  async #rounds(): Promise<void> {
    const { clock, onWarning } = this.#host;
    const { intervalMs } = this.#watched;
    const { signal } = this.#closing;
    for (let round = 0; !signal.aborted; round++) {
      for (const running of this.#vms.all()) {
        try {
          await this.#watched.look(running, round);
        } catch (error) {
          onWarning(`cannot look at ${running.record.id}`, error);
        }
      }
      await clock.sleep(intervalMs, signal);
    }
  }
}
