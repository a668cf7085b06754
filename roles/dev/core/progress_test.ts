import assert from "node:assert/strict";
import { clusterStatus } from "../../../tests/support/specs.ts";
import type { GenerationSummary } from "../../model/generation.ts";
import type { ClusterStatus } from "../../model/status.ts";
import {
  describeLook,
  type Look,
  newsOf,
  outcomeOf,
  stagesOf,
} from "./progress.ts";

function generation(over: Partial<GenerationSummary> = {}): GenerationSummary {
  return {
    cluster: "sample",
    generation: 2,
    commit: "abcdef",
    repository: "sample",
    intentHash: "0".repeat(64),
    parent: 1,
    state: "rolling",
    reason: "",
    publishedAtMs: 0,
    endedAtMs: null,
    vms: 2,
    seconds: { copy: 1, place: 0.1, boot: null, healthy: null },
    traceparent: null,
    ...over,
  };
}

function status(over: Partial<ClusterStatus> = {}): ClusterStatus {
  return clusterStatus({ cluster: "sample", highestGeneration: 2, ...over });
}

const job = {
  state: "succeeded",
  message: "",
  seconds: { eval: 0.5, build: 2 },
};

Deno.test("outcomeOf() waits for convergence and tells healthy, rolled back and failed apart", () => {
  const table: [Partial<Look>, ReturnType<typeof outcomeOf>][] = [
    [{}, null],
    [{ job: { ...job, state: "running" } }, null],
    [{ job: { ...job, state: "failed" } }, "failed"],
    [{ job, generation: generation(), status: status() }, null],
    [{
      generation: generation({ state: "active" }),
      status: status({ activeGeneration: 2 }),
    }, "healthy"],
    [{
      generation: generation({ state: "active" }),
      status: status({ activeGeneration: 2, convergencePercent: 50 }),
    }, null],
    [
      { generation: generation({ state: "failed" }), status: status() },
      "rolled-back",
    ],
    [{
      generation: generation({ state: "failed" }),
      status: status({ convergencePercent: 50 }),
    }, null],
    [{
      generation: generation({ state: "failed" }),
      status: status({
        rollout: {
          generation: 1,
          state: "running",
          message: "",
          waitingOn: null,
        },
      }),
    }, null],
  ];
  for (const [look, expected] of table) {
    assert.equal(
      outcomeOf({ job: null, generation: null, status: null, ...look }),
      expected,
      JSON.stringify(look),
    );
  }
});

Deno.test("newsOf() tells each change once", () => {
  const first = describeLook({
    job: { ...job, state: "running", message: "evaluating" },
    generation: null,
    status: null,
  });
  const second = describeLook({
    job,
    generation: generation(),
    status: status(),
  });
  assert.deepEqual(newsOf(new Map(), first), ["ci            evaluating"]);
  assert.deepEqual(newsOf(first, second), [
    "ci            succeeded",
    "master        generation 2 rolling",
  ]);
  assert.deepEqual(newsOf(second, second), []);
});

Deno.test("stagesOf() joins the stages of ci and of the master", () => {
  assert.deepEqual(stagesOf({ job, generation: generation(), status: null }), {
    eval: 0.5,
    build: 2,
    copy: 1,
    place: 0.1,
    boot: null,
    healthy: null,
  });
});
