/**
 * The single writer: changes run one after the other on a draft, and all that
 * wait together share one commit. Nothing is acknowledged before it is
 * durable, and memory never is ahead of the disk.
 *
 * @module
 */
import { AppError, toAppError } from "../model/errors.ts";
import { type Actor, SYSTEM } from "../model/event.ts";
import type { NewEvent } from "./core/events.ts";
import { type DocumentChange, type Documents, Draft } from "./documents.ts";
import type { Store } from "./store.ts";

/** Changes that wait at most; a burst beyond it is told to come back. */
const MAX_WAITING = 1024;
/** Changes that share a commit. */
const MAX_GROUP = 128;

/** What the writer tells its owner. */
export interface CommitHooks {
  /** Before the store is asked, with the names of the changes. */
  beforeCommit(names: readonly string[]): void;
  /** The events of one change: `own` on top of `base`. */
  eventsOf(own: Draft, base: Draft, by: Actor): NewEvent[];
  /** After it is durable and in memory, before anybody is answered. */
  committed(
    names: readonly string[],
    changes: readonly DocumentChange[],
    events: number,
  ): void;
}

/** Events that wait for the next commit: what reports of 10,000 workers say at once; beyond it the oldest are lost. */
const MAX_UNTOLD = 10_000;

interface Job {
  name: string;
  change: (draft: Draft) => unknown;
  by: Actor;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export class Committer {
  readonly #store: Store;
  readonly #documents: Documents;
  readonly #hooks: CommitHooks;
  #waiting: Job[] = [];
  #isRunning = false;
  #failure: AppError | null = null;
  #untold: NewEvent[] = [];

  constructor(store: Store, documents: Documents, hooks: CommitHooks) {
    this.#store = store;
    this.#documents = documents;
    this.#hooks = hooks;
  }

  /** Why the last commit failed; null when it did not. */
  get failure(): AppError | null {
    return this.#failure;
  }

  /** True when events wait for a commit. */
  get hasUntold(): boolean {
    return this.#untold.length > 0;
  }

  /** An event that follows from no change: written with the next commit. */
  tell(event: NewEvent): void {
    this.#untold.push(event);
    if (this.#untold.length > MAX_UNTOLD) this.#untold.shift();
  }

  /**
   * Runs `change` on a draft and commits it, with the events that follow. An
   * error it throws undoes its own changes only.
   *
   * @throws {AppError} what `change` threw, `storage`, or `overloaded`.
   */
  change<T>(
    name: string,
    change: (draft: Draft) => T,
    by: Actor = SYSTEM,
  ): Promise<T> {
    if (this.#waiting.length >= MAX_WAITING) {
      throw new AppError(
        "overloaded",
        `Cannot take this change: ${MAX_WAITING} others wait already`,
        { hint: "try again in a moment" },
      );
    }
    return this.#enqueue(
      { name, change, by },
      (job) => this.#waiting.push(job),
    );
  }

  /**
   * As {@linkcode change}, but before all that wait, on a draft of exactly
   * what is committed; never told to come back. For the tick: one at a time.
   */
  changeFirst<T>(name: string, change: (draft: Draft) => T): Promise<T> {
    return this.#enqueue(
      { name, change, by: SYSTEM },
      (job) => this.#waiting.unshift(job),
    );
  }

  #enqueue<T>(
    what: { name: string; change: (draft: Draft) => T; by: Actor },
    add: (job: Job) => void,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      add({
        ...what,
        resolve: (value) => resolve(value as T),
        reject,
      });
      if (!this.#isRunning) void this.#run();
    });
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // One turn, so that what was asked for together is committed together.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      await this.#runGroup(this.#waiting.splice(0, MAX_GROUP));
    }
    this.#isRunning = false;
  }

  async #runGroup(group: readonly Job[]): Promise<void> {
    const draft = new Draft(this.#documents);
    const done: { job: Job; value: unknown }[] = [];
    const events: NewEvent[] = [];
    for (const job of group) {
      const own = new Draft(draft);
      try {
        const value = job.change(own);
        for (const event of this.#hooks.eventsOf(own, draft, job.by)) {
          events.push(event);
        }
        events.push(...own.told);
        done.push({ job, value });
        draft.merge(own);
      } catch (error) {
        job.reject(error);
      }
    }
    try {
      await this.#commit(draft, events, done.map(({ job }) => job));
      for (const { job, value } of done) job.resolve(value);
    } catch (error) {
      for (const { job } of done) job.reject(error);
    }
  }

  async #commit(
    draft: Draft,
    own: readonly NewEvent[],
    jobs: readonly Job[],
  ): Promise<void> {
    const untold = this.#untold;
    if (draft.isEmpty && own.length === 0 && untold.length === 0) return;
    const events = untold.length === 0 ? own : [...untold, ...own];
    this.#untold = [];
    const names = jobs.map(({ name }) => name);
    let changes: DocumentChange[];
    this.#hooks.beforeCommit(names);
    try {
      const operations = draft.operations(this.#documents);
      const revision = await this.#store.transact(operations, events);
      changes = this.#documents.accept(draft, revision);
      this.#failure = null;
    } catch (error) {
      this.#untold = [...untold, ...this.#untold].slice(-MAX_UNTOLD);
      this.#failure = toAppError(error);
      throw this.#failure;
    }
    this.#hooks.committed(names, changes, events.length);
  }
}
