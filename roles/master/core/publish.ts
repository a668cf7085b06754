/**
 * Whether a published intent is taken. All rules of `publishState`, each with
 * the sentence its publisher reads. Never changes anything: generations.ts
 * says what an accepted generation becomes.
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import {
  MAX_GENERATION_STEP,
  type PublishRequest,
} from "../../model/generation.ts";
import { hashOfText, intentText } from "../../model/hashes.ts";
import {
  type ClusterDoc,
  type GenerationDoc,
  type WorkerDoc,
} from "./documents.ts";
import type { ClusterState } from "./generations.ts";
import { instancesOf, sizeProblem, specProblem } from "./publish_specs.ts";

/** `repeat`: known, nothing changes. `admit`: a new generation. */
export type PublishDecision =
  | { kind: "repeat"; generation: GenerationDoc }
  | {
    kind: "admit";
    state: ClusterState;
    generation: GenerationDoc;
    /** What is stored of the specs. */
    intentText: string;
  };

function cannot(
  code: "invalid" | "conflict" | "refused",
  request: PublishRequest,
  why: string,
  hint?: string,
): AppError {
  return new AppError(
    code,
    `Cannot publish generation ${request.generation} of "${request.cluster}": ${why}`,
    hint === undefined ? {} : { hint },
  );
}

/** The canonical text of the specs, whose hash is the one that was sent. */
function checkedText(request: PublishRequest): string {
  const text = intentText(request.vmSpecs);
  const computed = hashOfText(text);
  if (computed === request.intentHash) return text;
  throw cannot(
    "refused",
    request,
    `its intentHash is ${request.intentHash}, the hash of its specs is ${computed}`,
    "publish with the hash of the specs, or leave -i out",
  );
}

function checkNumber(request: PublishRequest, highest: number): void {
  const { generation, parent } = request;
  if (parent !== highest) {
    throw cannot(
      "conflict",
      request,
      `its parent is ${parent}, the highest published generation is ${highest}`,
      `read the highest generation again and publish on top of ${highest}`,
    );
  }
  if (generation <= parent) {
    throw cannot(
      "conflict",
      request,
      `it must be above its parent ${parent}`,
      `use ${parent + 1}`,
    );
  }
  if (generation > parent + MAX_GENERATION_STEP) {
    throw cannot(
      "refused",
      request,
      `it must be at most ${MAX_GENERATION_STEP} above its parent ${parent}`,
      `use ${parent + 1}`,
    );
  }
}

/**
 * The plan that the publisher saw must be the one in force. `refused`, not
 * `conflict`: revisions never come back, so trying again cannot help.
 */
function checkRevision(
  request: PublishRequest,
  planRevision: () => number,
): void {
  const { expectedRevision, cluster } = request;
  if (expectedRevision === undefined) return;
  const revision = planRevision();
  if (expectedRevision === revision) return;
  throw cannot(
    "refused",
    request,
    `its plan was made at revision ${expectedRevision}, "${cluster}" is at revision ${revision}`,
    "see what would happen now with `procurator plan`, then push a new commit with the check-index that it prints",
  );
}

function checkFailures(request: PublishRequest, cluster: ClusterDoc): void {
  const failure = cluster.failures.find((known) =>
    known.intentHash === request.intentHash
  );
  if (failure === undefined) return;
  throw cannot(
    "refused",
    request,
    `the same content failed as generation ${failure.generation}: ${failure.reason}`,
    `mend it and push again, or run: procurator retry ${failure.generation}`,
  );
}

function newCluster(request: PublishRequest): ClusterDoc {
  return {
    name: request.cluster,
    repository: request.repository,
    highest: 0,
    active: 0,
    previous: 0,
    held: false,
    planRevision: 0,
    incarnations: 0,
    rollout: null,
    failures: [],
  };
}

function newGeneration(request: PublishRequest, nowMs: number): GenerationDoc {
  const { cluster, generation, commit, repository, parent } = request;
  return {
    cluster,
    generation,
    commit,
    repository,
    intentHash: request.intentHash,
    parent,
    state: "pending",
    reason: "",
    publishedAtMs: nowMs,
    endedAtMs: null,
    vms: instancesOf(request.vmSpecs),
    seconds: { copy: null, place: null, boot: null, healthy: null },
    traceparent: request.traceparent ?? null,
    wasActive: false,
    placement: request.placement ?? "spread",
  };
}

/**
 * Decides on a publish.
 *
 * @throws {AppError} `refused` for a foreign cluster, a wrong hash, a known failed
 * intent, a VM larger than any worker; `conflict` for a stale parent, a known
 * number or a moved plan revision; `invalid` for specs that contradict themselves.
 */
export function decidePublish(
  request: PublishRequest,
  known: ClusterState | undefined,
  workers: readonly WorkerDoc[],
  at: {
    /** Asked only when the publisher expects one. */
    planRevision: () => number;
    nowMs: number;
  },
): PublishDecision {
  const cluster = known?.cluster ?? newCluster(request);
  if (cluster.repository !== request.repository) {
    throw cannot(
      "refused",
      request,
      `the cluster belongs to repository "${cluster.repository}", not "${request.repository}"`,
      "name another cluster in this repository's blueprint",
    );
  }
  const text = checkedText(request);
  const same = known?.generations.get(request.generation);
  if (same !== undefined) {
    const isRepeat = same.intentHash === request.intentHash &&
      same.commit === request.commit;
    if (isRepeat) return { kind: "repeat", generation: same };
    throw cannot(
      "conflict",
      request,
      `that number is taken by commit ${same.commit} with intent ${same.intentHash}`,
      `publish as ${cluster.highest + 1}`,
    );
  }
  checkNumber(request, cluster.highest);
  checkRevision(request, at.planRevision);
  checkFailures(request, cluster);
  const problem = specProblem(request.vmSpecs) ??
    sizeProblem(request.vmSpecs, workers);
  if (problem !== null) {
    throw cannot(problem.code, request, problem.why, problem.hint);
  }
  return {
    kind: "admit",
    state: { cluster, generations: known?.generations ?? new Map() },
    generation: newGeneration(request, at.nowMs),
    intentText: text,
  };
}
