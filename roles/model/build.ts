/**
 * Repositories and jobs as the hub and ci show them over HTTP: the contract
 * between the two, the pages and the command line.
 *
 * @module
 */
import { z } from "zod";
import { MAX_BLUEPRINT_BYTES } from "./blueprint.ts";
import { Commit, Counter, Name, StorePath } from "./ids.ts";

const Milliseconds = z.number().int().min(0);
const Seconds = z.number().min(0).nullable();

/** A branch and its last commit. */
export const BranchView = z.object({
  name: z.string().min(1).max(255),
  commit: Commit,
  subject: z.string(),
  committedAtMs: Milliseconds,
  /** The plan revision that its push wants it published on: `git push -o check-index=N`. */
  checkIndex: Counter.optional(),
});
export type BranchView = z.output<typeof BranchView>;

export const RepositoryView = z.object({
  name: Name,
  /** The branch that is published; null when HEAD names none. */
  head: z.string().nullable(),
  branches: z.array(BranchView),
});
export type RepositoryView = z.output<typeof RepositoryView>;

export const RepositoryList = z.object({
  repositories: z.array(RepositoryView),
});

/** What a commit evaluates to: the answer of ci's evaluation on demand. */
export const BlueprintView = z.object({
  repository: Name,
  commit: Commit,
  cluster: Name,
  /** The text of `blueprintJSON`. */
  blueprint: z.string().max(MAX_BLUEPRINT_BYTES),
});
export type BlueprintView = z.output<typeof BlueprintView>;

/** What ci made of one commit. */
export const JobView = z.object({
  id: Counter,
  repository: Name,
  branch: z.string(),
  commit: Commit,
  /** False for a branch that is built only. */
  publishes: z.boolean(),
  state: z.enum(["queued", "running", "waiting", "succeeded", "failed"]),
  /** fetch, eval, build, copy or publish; null while queued and after success. */
  stage: z.string().nullable(),
  /** One line for people: what it does, waits for or came to. */
  message: z.string(),
  hint: z.string().nullable(),
  cluster: z.string(),
  /** What it was published as; null when it was not. */
  generation: Counter.nullable(),
  traceparent: z.string(),
  queuedAtMs: Milliseconds,
  startedAtMs: Milliseconds.nullable(),
  endedAtMs: Milliseconds.nullable(),
  /** Wall seconds; `build` includes the upload to the cache. */
  seconds: z.object({ eval: Seconds, build: Seconds }),
});
export type JobView = z.output<typeof JobView>;

export const JobList = z.object({ jobs: z.array(JobView) });

/** One step of a job: a stage, or one attribute that is built. */
export const StepView = z.object({
  name: z.string(),
  state: z.enum(["running", "succeeded", "failed"]),
  startedAtMs: Milliseconds,
  endedAtMs: Milliseconds.nullable(),
  message: z.string(),
});
export type StepView = z.output<typeof StepView>;

export const JobDetail = JobView.extend({ steps: z.array(StepView) });
export type JobDetail = z.output<typeof JobDetail>;

/** One line of a job's log; `sequence` rises within a job and resumes a stream. */
export const LogLine = z.object({
  sequence: Counter,
  step: z.string(),
  atMs: Milliseconds,
  text: z.string(),
});
export type LogLine = z.output<typeof LogLine>;

/** What the head of a branch was built to: a cache keeps it. */
export const BranchClosure = z.object({
  repository: Name,
  branch: z.string().min(1).max(255),
  commit: Commit,
  /** The job that built it. */
  job: Counter,
  /** Store paths, without what is below them. */
  paths: z.array(StorePath),
});
export type BranchClosure = z.output<typeof BranchClosure>;

export const BranchClosureList = z.object({
  closures: z.array(BranchClosure),
});
