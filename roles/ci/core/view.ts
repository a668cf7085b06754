/**
 * A job as the API, the pages and the command line show it.
 *
 * @module
 */
import type { JobView } from "../../model/build.ts";
import { describeJob, type Job, type JobState } from "./job.ts";

function hintOf(state: JobState): string | null {
  if (state.kind === "failed") return state.failure.hint;
  return state.kind === "waiting" ? state.hint : null;
}

export function viewJob(job: Job): JobView {
  const { state } = job;
  return {
    id: job.id,
    repository: job.repository,
    branch: job.branch,
    commit: job.commit,
    publishes: job.publishes,
    state: state.kind,
    stage: "stage" in state ? state.stage : null,
    message: describeJob(job),
    hint: hintOf(state),
    cluster: job.cluster,
    generation: state.kind === "succeeded" ? state.generation : null,
    traceparent: job.traceparent,
    queuedAtMs: job.queuedAtMs,
    startedAtMs: job.startedAtMs,
    endedAtMs: job.endedAtMs,
    seconds: job.seconds,
  };
}
