/**
 * The service's side of a tick: takes the clusters that are due, plans them on
 * a draft that goes first in its commit, keeps what the look came to, and knows
 * whether the next one has to wait. What a look decides is in core/tick.ts;
 * when the next one comes is up to loop.ts, for this has no timers.
 *
 * @module
 */
import { applyTick } from "./apply.ts";
import type { Committer } from "./committer.ts";
import { type ClusterTick, planTick } from "./core/tick.ts";
import type { Draft } from "./documents.ts";
import type { Operations } from "./operations.ts";
import { FIRST_STORE, type MasterState, STORE_ID } from "./state.ts";
import { type Bell, waitForBell } from "./workers.ts";

/** The bell that wakes the tick loop. */
const WORK = "";

/** What a tick needs of the service that owns it. */
export interface TickerOptions {
  state: MasterState;
  committer: Committer;
  operations: Operations;
  bell: Bell;
}

export class Ticker {
  readonly #state: MasterState;
  readonly #committer: Committer;
  readonly #operations: Operations;
  readonly #bell: Bell;
  #hasWork = true;
  #lastTickMs: number;

  constructor({ state, committer, operations, bell }: TickerOptions) {
    this.#state = state;
    this.#committer = committer;
    this.#operations = operations;
    this.#bell = bell;
    this.#lastTickMs = state.clock.bootMs();
  }

  /** Looks at the clusters that are due and commits what follows. */
  async look(): Promise<void> {
    this.#hasWork = false;
    this.#noticeGap();
    const due = this.#state.takeDue();
    if (due.length === 0 && !this.#mustWrite()) return;
    try {
      const ticks = await this.#committer.changeFirst("tick", (draft) => {
        if (this.#committer.failure !== null) this.#probeStore(draft);
        this.recordUsable(draft);
        this.#state.networking.record(draft);
        this.#operations.step(draft);
        const planned = planTick(this.#state.tickInput(draft, due));
        applyTick(draft, planned, this.#state.networking);
        return planned;
      });
      this.#remember(ticks);
    } catch (error) {
      for (const cluster of due) this.#state.agenda.touch(cluster);
      this.#hasWork = true;
      throw error;
    }
  }

  /** A look at no cluster writes only what is told here. */
  #mustWrite(): boolean {
    const { documents } = this.#state;
    const stored = documents.get("store", STORE_ID)?.usable;
    return this.#committer.failure !== null || this.#committer.hasUntold ||
      this.#operations.hasRunning(documents) ||
      this.#state.networking.isDue ||
      this.#state.usable(documents) !== stored;
  }

  /** When we were frozen or the host slept, silence proves nothing: as after a start, a full term is waited. */
  #noticeGap(): void {
    const { clock, leaseMs, presences, fleet } = this.#state;
    const bootMs = clock.bootMs();
    if (bootMs - this.#lastTickMs > leaseMs / 2) {
      presences.renewAll(bootMs);
      fleet.refreshAll(bootMs);
    }
    this.#lastTickMs = bootMs;
  }

  /** A change of the usable workers is kept, so that plan revisions never fall. */
  recordUsable(draft: Draft): void {
    const doc = draft.get("store", STORE_ID) ?? FIRST_STORE;
    const usable = this.#state.usable(this.#state.documents);
    if (usable !== doc.usable) draft.put("store", STORE_ID, { ...doc, usable });
  }

  /** After a failed commit every tick writes something, so that it is known when writing works again. */
  #probeStore(draft: Draft): void {
    const doc = draft.get("store", STORE_ID);
    if (doc !== undefined) draft.put("store", STORE_ID, { ...doc });
  }

  #remember(ticks: readonly ClusterTick[]): void {
    this.#state.looked(ticks);
    // What was just done may allow the next step.
    this.#hasWork ||= ticks.some(({ isChanged, actions }) =>
      isChanged || actions.length > 0
    );
  }

  /** The next tick need not wait. */
  get hasWork(): boolean {
    return this.#hasWork;
  }

  /** Resolves when there is something new to look at, at the latest after `periodMs`. */
  async waitForWork(periodMs: number, signal: AbortSignal): Promise<void> {
    if (this.#hasWork || signal.aborted) return;
    await waitForBell(this.#bell, WORK, {
      clock: this.#state.clock,
      waitMs: periodMs,
      signal,
    });
  }

  /** The next tick is due now. */
  wake(): void {
    this.#hasWork = true;
    this.#bell.ring(WORK);
  }
}
