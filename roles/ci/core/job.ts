/**
 * A job: one commit of one repository on its way to the master, as a state
 * machine. Decides what an event makes of it; performs nothing.
 *
 *     queued --started--> running --stageDone (last)--> succeeded
 *                         |  ^                           |
 *              stageFailed|  |started                    | wanted
 *              (transient)v  |                           v
 *                        waiting      running/waiting --stageFailed--> failed
 *                                                        |  retried, wanted
 *     queued <-------------------------------------------+
 *
 * @module
 */
import type { ErrorCode } from "../../model/errors.ts";

/** What a commit goes through, in this order. */
export const STAGES = ["fetch", "eval", "build", "copy", "publish"] as const;
export type Stage = typeof STAGES[number];

/** A failure as a job keeps it. */
export interface Failure {
  code: ErrorCode;
  message: string;
  hint: string | null;
}

export type JobState =
  | { kind: "queued" }
  | { kind: "running"; stage: Stage }
  /** A stage failed by something that passes; it is tried again at `retryAtMs`. */
  | {
    kind: "waiting";
    stage: Stage;
    reason: string;
    /** What would let it go on; null when only time does. */
    hint: string | null;
    sinceMs: number;
    retryAtMs: number;
    attempts: number;
  }
  /** `generation` is null for a job that only builds; `note` says why, empty otherwise. */
  | { kind: "succeeded"; generation: number | null; note: string }
  | { kind: "failed"; stage: Stage; failure: Failure };

/** One commit of one repository. */
export interface Job {
  id: number;
  repository: string;
  branch: string;
  commit: string;
  /** Rises with each sight of a branch head: jobs run, and publish, in this order. */
  sequence: number;
  /** True when the commit was the head of the repository's HEAD branch. */
  publishes: boolean;
  /** The plan revision it is published on, by its push's check-index; null: any. */
  expectedRevision: number | null;
  /** The sequence at which it is wanted once more when it ends; null when it is not. */
  againSequence: number | null;
  state: JobState;
  /** Cluster of its blueprint; empty before eval. */
  cluster: string;
  traceparent: string;
  /** Milliseconds since the Unix epoch. */
  queuedAtMs: number;
  startedAtMs: number | null;
  endedAtMs: number | null;
  /** Wall seconds; build has the upload in it. Null before they end. */
  seconds: { eval: number | null; build: number | null };
}

export type JobEvent =
  | { kind: "started"; at: number; resumeAt: Stage }
  | {
    kind: "stageDone";
    at: number;
    stage: Stage;
    cluster?: string;
    generation?: number | null;
    note?: string;
  }
  | { kind: "stageFailed"; at: number; stage: Stage; failure: Failure }
  | {
    kind: "wanted";
    at: number;
    sequence: number;
    branch: string;
    expectedRevision: number | null;
  }
  | { kind: "retried"; at: number };

export interface RetryPolicy {
  firstDelayMs: number;
  maxDelayMs: number;
  /** A stage that waited longer than this fails. */
  maxWaitMs: number;
}

/** Codes that can pass by themselves: another service, the network, the disk, a program to be installed. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set(
  [
    "unavailable",
    "overloaded",
    "timeout",
    "storage",
    "missing_dependency",
    "conflict",
  ],
);

export function isTransient(failure: Failure): boolean {
  return TRANSIENT.has(failure.code);
}

export function isEnded(job: Pick<Job, "state">): boolean {
  return job.state.kind === "succeeded" || job.state.kind === "failed";
}

/** The stage behind `stage`, or null after the last. */
export function stageAfter(stage: Stage): Stage | null {
  return STAGES[STAGES.indexOf(stage) + 1] ?? null;
}

function requeued(job: Job, at: number, sequence: number): Job {
  return {
    ...job,
    sequence,
    againSequence: null,
    state: { kind: "queued" },
    queuedAtMs: at,
    startedAtMs: null,
    endedAtMs: null,
    seconds: { eval: null, build: null },
  };
}

function ended(job: Job, at: number, state: JobState): Job {
  if (job.againSequence !== null) return requeued(job, at, job.againSequence);
  return { ...job, state, endedAtMs: at };
}

function afterFailure(
  job: Job,
  event: JobEvent & { kind: "stageFailed" },
  policy: RetryPolicy,
): Job {
  const { at, stage, failure } = event;
  if (!isTransient(failure)) {
    return ended(job, at, { kind: "failed", stage, failure });
  }
  const before = job.state.kind === "waiting" && job.state.stage === stage
    ? job.state
    : null;
  const sinceMs = before?.sinceMs ?? at;
  const attempts = (before?.attempts ?? 0) + 1;
  if (at - sinceMs > policy.maxWaitMs) {
    const message = `${failure.message} (given up after ${attempts} attempts)`;
    return ended(job, at, {
      kind: "failed",
      stage,
      failure: { ...failure, message },
    });
  }
  // 2^20 times the first delay is past any maximum: the bound keeps the number finite.
  const delayMs = Math.min(
    policy.maxDelayMs,
    policy.firstDelayMs * 2 ** Math.min(attempts - 1, 20),
  );
  return {
    ...job,
    state: {
      kind: "waiting",
      stage,
      reason: failure.message,
      hint: failure.hint,
      sinceMs,
      retryAtMs: at + delayMs,
      attempts,
    },
  };
}

function afterStage(job: Job, event: JobEvent & { kind: "stageDone" }): Job {
  const seconds = { ...job.seconds };
  const sinceStart = (event.at - (job.startedAtMs ?? event.at)) / 1000;
  if (event.stage === "eval") seconds.eval = sinceStart;
  if (event.stage === "copy") seconds.build = sinceStart - (seconds.eval ?? 0);
  const next = { ...job, seconds, cluster: event.cluster ?? job.cluster };
  const stage = stageAfter(event.stage);
  if (stage !== null) return { ...next, state: { kind: "running", stage } };
  return ended(next, event.at, {
    kind: "succeeded",
    generation: event.generation ?? null,
    note: event.note ?? "",
  });
}

/**
 * The job after `event`. An event that means nothing in its state changes nothing.
 *
 * `waiting` stays in the state while a stage is tried again, so that attempts
 * and age are counted from the first failure; the stage's end clears it.
 */
export function stepJob(job: Job, event: JobEvent, policy: RetryPolicy): Job {
  switch (event.kind) {
    case "started":
      if (isEnded(job)) return job;
      return {
        ...job,
        startedAtMs: job.startedAtMs ?? event.at,
        state:
          job.state.kind === "waiting" && job.state.stage === event.resumeAt
            ? job.state
            : { kind: "running", stage: event.resumeAt },
      };
    case "stageDone":
      return isEnded(job) ? job : afterStage(job, event);
    case "stageFailed":
      return isEnded(job) ? job : afterFailure(job, event, policy);
    case "wanted": {
      const { branch, expectedRevision } = event;
      const wanted = { ...job, publishes: true, branch, expectedRevision };
      if (isEnded(job) || job.state.kind === "queued") {
        return requeued(wanted, event.at, event.sequence);
      }
      return { ...wanted, againSequence: event.sequence };
    }
    case "retried":
      return isEnded(job) ? requeued(job, event.at, job.sequence) : job;
  }
}

/** True when its closures are in the cache, as far as this run of the job goes. */
export function hasUploaded({ state }: Pick<Job, "state">): boolean {
  return state.kind === "succeeded" ||
    ("stage" in state && state.stage === "publish");
}

/** One line for people: what the job does, waits for or came to. */
export function describeJob(job: Pick<Job, "state">): string {
  const { state } = job;
  switch (state.kind) {
    case "queued":
      return "queued";
    case "running":
      return `running: ${state.stage}`;
    case "waiting":
      return `waiting: ${state.reason}`;
    case "succeeded":
      return state.generation === null
        ? state.note || "built"
        : `published as generation ${state.generation}`;
    case "failed":
      return `failed in ${state.stage}: ${state.failure.message}`;
  }
}

/** The stage a job begins with when it is started: after a crash, the one that was under way. */
export function resumeStage(job: Pick<Job, "state">): Stage {
  const { state } = job;
  return state.kind === "running" || state.kind === "waiting"
    ? state.stage
    : "fetch";
}
