/**
 * The loop of ci: compares refs with jobs, starts what core/queue.ts says, and
 * takes each job through its stages.
 *
 * Every result is stored before the next stage begins; stopping leaves a job
 * where it is, and the next start goes on there.
 *
 * @module
 */
import type { Logger } from "../log/mod.ts";
import {
  type Clock,
  type Random,
  type StepView,
  toAppError,
} from "../model/mod.ts";
import { type Failpoint, failpoint } from "../process/mod.ts";
import { failureOf } from "./core/failure.ts";
import {
  describeJob,
  isEnded,
  type Job,
  resumeStage,
  type Stage,
} from "./core/job.ts";
import { planQueue, planRun, type RepositoryRefs } from "./core/queue.ts";
import type { LogStore } from "./log_store.ts";
import type { Call, Ports } from "./ports.ts";
import { performStage, type StageContext, type StageResult } from "./stages.ts";
import type { JobStore } from "./store.ts";

/** Shortest sleep of the loop: a wake-up time in the past must not spin. */
const MIN_SLEEP_MS = 10;

/** Between two looks at the hub however many hints come: each reads every repository, and a viewer may send hints. */
const HINT_GAP_MS = 250;

/** After the store failed (a full disk): long enough not to spin, short enough to go on soon. */
const HOLD_MS = 1000;

const DONE: Partial<Record<Stage, Failpoint>> = {
  eval: "ci.eval.done",
  build: "ci.build.done",
  copy: "ci.copy.done",
};

export interface RunnerOptions {
  store: JobStore;
  logs: LogStore;
  ports: Ports;
  clock: Clock;
  random: Random;
  log: Logger;
  pollMs: number;
  /** Until the hub is looked for again, doubled up to pollMs. */
  retryFirstMs: number;
  maxJobs: number;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #stop = new AbortController();
  readonly #running = new Map<number, Promise<void>>();
  #wake = new AbortController();
  #pollAtMs = 0;
  #polledAtMs = 0;
  /** Looks at the hub that failed in a row: it is looked for sooner than by the period, a start of both may overlap. */
  #hubFailures = 0;
  /** No job starts before this: the store failed. */
  #holdUntilMs = 0;
  #loop: Promise<void> | undefined;
  /** Why the hub could not be read at the last look; null when it could. */
  hubProblem: string | null = null;
  /** Why a job's state could not be stored last; null since one could. */
  storeProblem: string | null = null;

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop ??= this.#run();
  }

  /** Look at the hub now. Many hints at once are one look, soon. */
  hint(): void {
    this.#pollAtMs = Math.min(this.#pollAtMs, this.#polledAtMs + HINT_GAP_MS);
    this.poke();
  }

  /** Look at the queue now. */
  poke(): void {
    this.#wake.abort();
  }

  /** Ends children and waits for them; jobs stay where they are. */
  async stop(): Promise<void> {
    this.#stop.abort();
    this.poke();
    await this.#loop;
    await Promise.all(this.#running.values());
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#stop.signal.aborted) {
      this.#wake = new AbortController();
      let wakeAtMs: number | null = null;
      try {
        if (clock.now() >= this.#pollAtMs) await this.#poll();
        wakeAtMs = clock.now() < this.#holdUntilMs
          ? this.#holdUntilMs
          : this.#startJobs();
      } catch (error) {
        this.storeProblem = toAppError(error).message;
        log.error("the queue cannot be read or written: {error}", {
          error: String(error),
        });
        wakeAtMs = clock.now() + HOLD_MS;
      }
      const untilMs = Math.min(this.#pollAtMs, wakeAtMs ?? Infinity) -
        clock.now();
      await clock.sleep(Math.max(MIN_SLEEP_MS, untilMs), this.#wake.signal);
    }
  }

  /** Starts what may run now; gives the time at which to look again, if there is one. */
  #startJobs(): number | null {
    const plan = planRun(this.#options.store.open(), {
      running: new Set(this.#running.keys()),
      maxJobs: this.#options.maxJobs,
      now: this.#options.clock.now(),
    });
    for (const id of plan.start) this.#start(id);
    return plan.wakeAtMs;
  }

  async #poll(): Promise<void> {
    const { clock, ports, log } = this.#options;
    this.#polledAtMs = clock.now();
    this.#pollAtMs = this.#polledAtMs + this.#options.pollMs;
    let repositories;
    try {
      repositories = await ports.refs.repositories(this.#stop.signal);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      const { message } = toAppError(error);
      if (this.hubProblem !== message) {
        log.warn("the hub cannot be read: {message}", { message });
      }
      this.hubProblem = message;
      const delayMs = this.#options.retryFirstMs *
        2 ** Math.min(this.#hubFailures++, 20);
      this.#pollAtMs = clock.now() + Math.min(delayMs, this.#options.pollMs);
      return;
    }
    this.hubProblem = null;
    this.#hubFailures = 0;
    this.#queue(repositories);
  }

  #queue(repositories: readonly RepositoryRefs[]): void {
    const { clock, random, store } = this.#options;
    const queued = store.applyQueue(
      planQueue(repositories, store.seenHeads()),
      {
        at: clock.now(),
        traceparent: () => `00-${random.hex(16)}-${random.hex(8)}-01`,
      },
    );
    if (queued) failpoint("ci.job.queued");
  }

  #start(id: number): void {
    const work = this.#job(id).catch((error) => {
      this.storeProblem = toAppError(error).message;
      this.#holdUntilMs = this.#options.clock.now() + HOLD_MS;
      this.#options.log.error("job {id} stopped: {error}", {
        id,
        error: this.storeProblem,
      });
    }).finally(() => {
      this.#running.delete(id);
      this.poke();
    });
    this.#running.set(id, work);
  }

  async #job(id: number): Promise<void> {
    const { store, logs, clock, log } = this.#options;
    const before = store.require(id);
    if (before.state.kind === "queued") store.clearSteps(id);
    let job = store.step(id, {
      kind: "started",
      at: clock.now(),
      resumeAt: resumeStage(before),
    });
    this.storeProblem = null;
    logs.changed(id);
    let goOn = true;
    while (goOn && !isEnded(job) && job.state.kind !== "queued") {
      ({ job, goOn } = await this.#stage(job, resumeStage(job)));
      logs.changed(id);
    }
    if (this.#stop.signal.aborted) return;
    log.info("{repository} {commit}: {what}", {
      repository: job.repository,
      commit: job.commit.slice(0, 12),
      what: describeJob(job),
    });
    if (isEnded(job)) logs.settle(id);
  }

  /** One stage, its result stored. `goOn` is false when the job waits, or ci stops. */
  async #stage(job: Job, stage: Stage): Promise<{ job: Job; goOn: boolean }> {
    const { store, clock } = this.#options;
    let result: StageResult;
    try {
      result = await performStage(stage, this.#context(job));
    } catch (error) {
      if (this.#stop.signal.aborted) return { job, goOn: false };
      const failure = failureOf(toAppError(error), stage);
      this.#say(job.id, stage, `error: ${failure.message}`);
      if (failure.hint !== null) {
        this.#say(job.id, stage, `Try: ${failure.hint}`);
      }
      return {
        job: store.step(job.id, {
          kind: "stageFailed",
          at: clock.now(),
          stage,
          failure,
        }),
        goOn: false,
      };
    }
    const { facts, ...stored } = result;
    const next = store.step(job.id, {
      kind: "stageDone",
      at: clock.now(),
      stage,
      ...facts,
    }, stored);
    const point = DONE[stage];
    if (point !== undefined) failpoint(point);
    return { job: next, goOn: true };
  }

  #say(id: number, step: string, text: string): void {
    const { logs, clock } = this.#options;
    for (const line of text.split("\n")) {
      logs.append(id, step, line, clock.now());
    }
  }

  #context(job: Job): StageContext {
    const { store, ports } = this.#options;
    const step = <T>(name: string, work: (call: Call) => Promise<T>) =>
      this.#step(job.id, name, work);
    return {
      ports,
      job,
      signal: this.#stop.signal,
      evaluation: store.evaluation(job.id),
      publishedSequence: store.publishedSequence(job.repository),
      step,
    };
  }

  /** Runs a named step, its state and log kept. */
  async #step<T>(
    id: number,
    name: string,
    work: (call: Call) => Promise<T>,
  ): Promise<T> {
    const { store, logs, clock } = this.#options;
    const begun: StepView = {
      name,
      state: "running",
      startedAtMs: clock.now(),
      endedAtMs: null,
      message: "",
    };
    store.saveStep(id, begun);
    logs.changed(id);
    try {
      const result = await work({
        signal: this.#stop.signal,
        onLog: (line) => logs.append(id, name, line, clock.now()),
      });
      store.saveStep(id, {
        ...begun,
        state: "succeeded",
        endedAtMs: clock.now(),
      });
      return result;
    } catch (error) {
      if (!this.#stop.signal.aborted) {
        const { message } = toAppError(error);
        store.saveStep(id, {
          ...begun,
          state: "failed",
          endedAtMs: clock.now(),
          message,
        });
      }
      throw error;
    } finally {
      logs.changed(id);
    }
  }
}
