/**
 * What operators ask of a rollout that is under way: pause, promote, fail
 * (resume is in generations.ts, for it also ends a hold). Each is done,
 * ignored because it is so already, or denied with the reason. Never looks at
 * VMs: whether canaries are ready is told by the caller.
 *
 * ```
 * running --pause--> paused --resume--> running
 *    |--promote (its canaries are ready)--> running, promoted
 *    '--fail (also when paused)--> failed
 * ```
 *
 * @module
 */
import { AppError } from "../../model/errors.ts";
import type { ClusterDoc, RolloutDoc } from "./documents.ts";
import {
  type ClusterChange,
  type ClusterState,
  failRollout,
} from "./generations.ts";

/** Longest reason kept: one screen. */
const MAX_REASON_CHARS = 2000;

/** The canaries and green copies of a rollout: none wanted, not all ready yet, or ready to be promoted. */
export type Trial =
  | { kind: "none" }
  | { kind: "waiting"; on: string }
  | { kind: "ready" };

function unchanged({ cluster }: ClusterState): ClusterChange {
  return { cluster, generations: [] };
}

function withRollout(cluster: ClusterDoc, rollout: RolloutDoc): ClusterChange {
  return { cluster: { ...cluster, rollout }, generations: [] };
}

function denied(verb: string, { cluster }: ClusterState, why: string) {
  return new AppError("refused", `Cannot ${verb} "${cluster.name}": ${why}`, {
    hint: "see: procurator status",
  });
}

/** The rollout that is running or paused. */
function underWay(verb: string, state: ClusterState): RolloutDoc {
  const { rollout } = state.cluster;
  if (rollout?.state === "running" || rollout?.state === "paused") {
    return rollout;
  }
  throw denied(
    verb,
    state,
    rollout === null
      ? "no rollout is under way"
      : `the rollout of generation ${rollout.generation} is ${rollout.state}`,
  );
}

/**
 * The rollout takes no further step until it is resumed. Ignored when it is
 * paused already.
 *
 * @throws {AppError} `refused` when no rollout is under way.
 */
export function pause(state: ClusterState, reason: string): ClusterChange {
  const rollout = underWay("pause", state);
  if (rollout.state === "paused") return unchanged(state);
  return withRollout(state.cluster, {
    ...rollout,
    state: "paused",
    message: reason.slice(0, MAX_REASON_CHARS),
  });
}

/**
 * Canaries or green copies may become the main ones. Ignored when that was
 * said already.
 *
 * @throws {AppError} `refused` when there are none, they are not ready, or the rollout is paused.
 */
export function promoteCanaries(
  state: ClusterState,
  trial: Trial,
): ClusterChange {
  const rollout = underWay("promote", state);
  if (rollout.isPromoted) return unchanged(state);
  const what = `the rollout of generation ${rollout.generation}`;
  if (rollout.state === "paused") {
    throw denied("promote", state, `${what} is paused: resume it first`);
  }
  if (trial.kind === "none") {
    throw denied(
      "promote",
      state,
      `${what} has no canaries or green copies, it goes on by itself`,
    );
  }
  if (trial.kind === "waiting") {
    throw denied("promote", state, `${what} is not that far: ${trial.on}`);
  }
  return withRollout(state.cluster, { ...rollout, isPromoted: true });
}

/**
 * Ends a rollout as failed, as if a VM had failed it: its intent is
 * remembered. Ignored when it has failed already. `revert`: see
 * `revertsOf` in rollout.ts.
 *
 * @throws {AppError} `refused` when no rollout is under way.
 */
export function failByOperator(
  state: ClusterState,
  { reason, revert }: { reason: string; revert: boolean },
  nowMs: number,
): ClusterChange {
  if (state.cluster.rollout?.state === "failed") return unchanged(state);
  underWay("fail", state);
  const text = reason === "" ? "" : `: ${reason}`;
  return failRollout(
    state,
    { reason: `an operator ended it${text}`, revert },
    nowMs,
  );
}
