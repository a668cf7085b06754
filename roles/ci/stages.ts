/**
 * Performs one stage of a job over the ports. Each can be run again: after a
 * crash, or when it failed by something that passed.
 *
 * @module
 */
import {
  AppError,
  type ClusterSpec,
  intentHash,
  parseBlueprint,
  type PublishReply,
  storePathsOf,
} from "../model/mod.ts";
import { failpoint } from "../process/mod.ts";
import type { Job, JobEvent, Stage } from "./core/job.ts";
import { mayPublish } from "./core/queue.ts";
import { evaluateCommit } from "./evaluate.ts";
import type { Call, Evaluation, Ports } from "./ports.ts";

/** Another publisher of the same cluster wins at most this often in a row before the job backs off. */
const PUBLISH_ATTEMPTS = 5;

/** What a stage works with besides the ports. */
export interface StageContext {
  ports: Ports;
  job: Job;
  signal: AbortSignal;
  /** The stored evaluation; null before eval. */
  evaluation: Evaluation | null;
  publishedSequence: number;
  /** Runs a named step: its state and log are kept. */
  step<T>(name: string, work: (call: Call) => Promise<T>): Promise<T>;
}

/** What a stage came to: the facts of its event, and what is stored with it. */
export interface StageResult {
  facts: Partial<
    Pick<JobEvent & { kind: "stageDone" }, "cluster" | "generation" | "note">
  >;
  evaluation?: Evaluation;
  published?: boolean;
}

function evaluationOf(context: StageContext): Evaluation {
  if (context.evaluation === null) {
    throw new Error(`job ${context.job.id} is past eval without an evaluation`);
  }
  return context.evaluation;
}

async function fetchStage(context: StageContext): Promise<StageResult> {
  const { ports: { git }, job: { repository, commit } } = context;
  await context.step("fetch", (call) => git.fetch(repository, commit, call));
  return { facts: {} };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

async function evalStage(context: StageContext): Promise<StageResult> {
  const { evaluation, cluster } = await context.step("eval", async (call) => {
    const { ports, job } = context;
    const evaluation = await evaluateCommit(ports, job, call);
    const spec = parseBlueprint(evaluation.blueprint);
    const checks = Object.keys(evaluation.checks).length;
    call.onLog(
      `cluster ${spec.cluster}: ${counted(spec.vmSpecs.length, "VM")}, ${
        counted(checks, "check")
      }`,
    );
    return { evaluation, cluster: spec.cluster };
  });
  return { facts: { cluster }, evaluation };
}

/** Refuses a blueprint that names paths as plain text: nothing says how to build them. */
async function requireBuilt(
  context: StageContext,
  paths: readonly string[],
  call: Call,
): Promise<void> {
  const missing = await context.ports.builder.missing(paths, call);
  if (missing.length === 0) return;
  throw new AppError(
    "failed",
    `The blueprint names ${missing[0]}, which nothing in the flake builds${
      missing.length > 1 ? ` (and ${missing.length - 1} more)` : ""
    }`,
    {
      hint:
        'name it by its derivation, as in image.toplevel = "${image}", not as text',
    },
  );
}

/** Builds what the VMs need, then every check; all checks are tried, so that one push shows all that fails. */
async function buildStage(context: StageContext): Promise<StageResult> {
  const { builder } = context.ports;
  const evaluation = evaluationOf(context);
  const paths = storePathsOf(parseBlueprint(evaluation.blueprint).vmSpecs);
  await context.step("build vms", async (call) => {
    await builder.build(evaluation.derivations, call);
    await requireBuilt(context, paths, call);
  });
  const failed: { name: string; error: unknown }[] = [];
  for (const [name, derivation] of Object.entries(evaluation.checks)) {
    try {
      await context.step(
        `check ${name}`,
        (call) => builder.build([derivation], call),
      );
    } catch (error) {
      if (context.signal.aborted) throw error;
      failed.push({ name, error });
    }
  }
  const [first] = failed;
  if (first === undefined) return { facts: {} };
  // One check that failed by a full disk makes the whole stage worth another try.
  const code = first.error instanceof AppError ? first.error.code : "failed";
  const names = failed.map(({ name }) => name).join(", ");
  const why = first.error instanceof Error
    ? first.error.message
    : String(first.error);
  throw new AppError(code, `Checks failed: ${names}. ${why}`, {
    cause: first.error,
  });
}

async function copyStage(context: StageContext): Promise<StageResult> {
  const { builder } = context.ports;
  const evaluation = evaluationOf(context);
  const paths = storePathsOf(parseBlueprint(evaluation.blueprint).vmSpecs);
  await context.step("copy", async (call) => {
    // The store may have been collected while the cache was away.
    if ((await builder.missing(paths, call)).length > 0) {
      await builder.build(evaluation.derivations, call);
    }
    await builder.upload(paths, call);
  });
  return { facts: {} };
}

async function publishOnce(
  context: StageContext,
  spec: ClusterSpec,
  hash: string,
): Promise<PublishReply | null> {
  const { ports: { publisher }, job, signal } = context;
  const highest = await publisher.highest(spec.cluster, signal);
  if (
    highest.generation > 0 && highest.commit === job.commit &&
    highest.intentHash === hash
  ) {
    return {
      cluster: spec.cluster,
      generation: highest.generation,
      state: "pending",
      intentHash: hash,
      created: false,
    };
  }
  try {
    return await publisher.publish({
      cluster: spec.cluster,
      repository: job.repository,
      commit: job.commit,
      generation: highest.generation + 1,
      parent: highest.generation,
      intentHash: hash,
      traceparent: job.traceparent,
      placement: spec.placement,
      ...(job.expectedRevision === null
        ? {}
        : { expectedRevision: job.expectedRevision }),
      vmSpecs: spec.vmSpecs,
    }, signal);
  } catch (error) {
    if (error instanceof AppError && error.code === "conflict") return null;
    throw error;
  }
}

async function publishStage(context: StageContext): Promise<StageResult> {
  const decision = mayPublish(context.job, context.publishedSequence);
  if (!decision.publish) {
    return { facts: { generation: null, note: decision.note } };
  }
  const spec = parseBlueprint(evaluationOf(context).blueprint);
  const hash = intentHash(spec.vmSpecs);
  const reply = await context.step("publish", async (call) => {
    for (let attempt = 1; attempt <= PUBLISH_ATTEMPTS; attempt++) {
      const reply = await publishOnce(context, spec, hash);
      if (reply === null) {
        call.onLog(
          "another generation was published in the meantime, reading again",
        );
        continue;
      }
      call.onLog(
        reply.created
          ? `published generation ${reply.generation} of ${spec.cluster}`
          : `generation ${reply.generation} of ${spec.cluster} is this commit already`,
      );
      return reply;
    }
    throw new AppError(
      "conflict",
      `Cannot publish to "${spec.cluster}": other publishers were faster ${PUBLISH_ATTEMPTS} times`,
    );
  });
  failpoint("ci.publish.acknowledged");
  return { facts: { generation: reply.generation }, published: true };
}

/** Runs one stage. Throws AppErrors whose code says whether it can pass. */
export function performStage(
  stage: Stage,
  context: StageContext,
): Promise<StageResult> {
  switch (stage) {
    case "fetch":
      return fetchStage(context);
    case "eval":
      return evalStage(context);
    case "build":
      return buildStage(context);
    case "copy":
      return copyStage(context);
    case "publish":
      return publishStage(context);
  }
}
