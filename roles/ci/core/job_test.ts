import assert from "node:assert/strict";
import {
  describeJob,
  type Job,
  type JobEvent,
  resumeStage,
  STAGES,
  stepJob,
} from "./job.ts";
import { viewJob } from "./view.ts";

const POLICY = { firstDelayMs: 1000, maxDelayMs: 8000, maxWaitMs: 60_000 };

function job(over: Partial<Job> = {}): Job {
  return {
    id: 1,
    repository: "shop",
    branch: "main",
    commit: "a".repeat(40),
    sequence: 1,
    publishes: true,
    expectedRevision: null,
    againSequence: null,
    state: { kind: "queued" },
    cluster: "",
    traceparent: "",
    queuedAtMs: 0,
    startedAtMs: null,
    endedAtMs: null,
    seconds: { eval: null, build: null },
    ...over,
  };
}

function after(start: Job, ...events: JobEvent[]): Job {
  return events.reduce((state, event) => stepJob(state, event, POLICY), start);
}

const away = (at: number): JobEvent => ({
  kind: "stageFailed",
  at,
  stage: "copy",
  failure: {
    code: "unavailable",
    message: "Cannot reach the cache",
    hint: null,
  },
});

Deno.test("stepJob() takes a job through its stages and counts eval and build with the upload", () => {
  let state = after(job(), { kind: "started", at: 1000, resumeAt: "fetch" });
  for (const [index, stage] of STAGES.entries()) {
    assert.deepEqual(state.state, { kind: "running", stage });
    state = after(state, {
      kind: "stageDone",
      at: 2000 + index * 1000,
      stage,
      cluster: "shop",
      generation: 7,
    });
  }
  assert.deepEqual(state.state, { kind: "succeeded", generation: 7, note: "" });
  assert.deepEqual(state.seconds, { eval: 2, build: 2 });
  assert.equal(describeJob(state), "published as generation 7");
  assert.equal(viewJob(state).stage, null);
});

Deno.test("stepJob() waits longer after each failure that passes, up to a bound, then gives up", () => {
  const running = job({
    state: { kind: "running", stage: "copy" },
    startedAtMs: 0,
  });
  const first = after(running, away(100));
  assert.deepEqual(first.state, {
    kind: "waiting",
    stage: "copy",
    reason: "Cannot reach the cache",
    hint: null,
    sinceMs: 100,
    retryAtMs: 1100,
    attempts: 1,
  });
  let state = first;
  const delays: number[] = [];
  let at: number;
  while (state.state.kind === "waiting") {
    at = state.state.retryAtMs;
    state = after(
      state,
      { kind: "started", at, resumeAt: resumeStage(state) },
      away(at),
    );
    if (state.state.kind === "waiting") delays.push(state.state.retryAtMs - at);
  }
  assert.deepEqual(delays.slice(0, 4), [2000, 4000, 8000, 8000]);
  assert.match(
    describeJob(state),
    /^failed in copy: Cannot reach the cache \(given up after \d+ attempts\)$/,
  );
});

Deno.test("stepJob() ends a job at a failure of the commit, with its hint", () => {
  const running = job({ state: { kind: "running", stage: "eval" } });
  const failure = {
    code: "invalid",
    message: "vms.web.colour: unknown",
    hint: "remove it",
  } as const;
  const failed = after(running, {
    kind: "stageFailed",
    at: 5,
    stage: "eval",
    failure,
  });
  assert.equal(failed.endedAtMs, 5);
  assert.equal(viewJob(failed).hint, "remove it");
  assert.equal(
    after(failed, { kind: "stageDone", at: 6, stage: "eval" }),
    failed,
    "an ended job takes no results",
  );
  assert.deepEqual(after(failed, { kind: "retried", at: 9 }).state, {
    kind: "queued",
  });
});

Deno.test("stepJob() runs a job again when its commit is wanted while it runs", () => {
  const running = job({
    state: { kind: "running", stage: "publish" },
    publishes: false,
  });
  const wanted = after(running, {
    kind: "wanted",
    at: 1,
    sequence: 9,
    branch: "main",
    expectedRevision: 7,
  });
  assert.deepEqual([wanted.publishes, wanted.expectedRevision], [true, 7]);
  const again = after(wanted, {
    kind: "stageDone",
    at: 2,
    stage: "publish",
    generation: 1,
  });
  assert.deepEqual([again.state, again.sequence, again.againSequence], [
    { kind: "queued" },
    9,
    null,
  ]);
});

Deno.test("resumeStage() goes on where a crash left the job", () => {
  assert.equal(resumeStage(job()), "fetch");
  assert.equal(
    resumeStage(job({ state: { kind: "running", stage: "copy" } })),
    "copy",
  );
  assert.equal(
    resumeStage(
      after(job({ state: { kind: "running", stage: "copy" } }), away(0)),
    ),
    "copy",
  );
});
