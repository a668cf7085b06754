/**
 * Judges a running rollout: how far it is, whether it succeeded, whether it
 * failed and why. Never touches VMs: the reconciler moves them towards the
 * target, and this only looks.
 *
 * ```
 * pending --(resume)--> running --all ready--> successful
 *                          |---rolledBack or no progress--> failed --> (revert)
 *                          |---newer publish or rollback--> cancelled
 * ```
 *
 * @module
 */
import { vmId } from "../../model/ids.ts";
import type { PlacementDoc } from "./documents.ts";
import {
  type IntentView,
  isReady,
  type Observations,
  refusedReason,
  type SpecView,
} from "./snapshot.ts";

/** Instances named in the message. */
const MAX_SHOWN = 3;

/** A look that comes later than this was not ours to make: the host slept or we were frozen. */
const MAX_LOOK_GAP_MS = 60_000;

/** How many steps were done, and how long we have watched since without another. */
export interface Progress {
  generation: number;
  steps: number;
  waitedMs: number;
  /** Of the last look. */
  bootMs: number;
}

export interface RolloutInput {
  cluster: string;
  target: IntentView;
  /** Not the leaving ones. */
  placements: ReadonlyMap<string, PlacementDoc>;
  observed: Observations;
  /** Why VMs wait, from the last plan. */
  report: ReadonlyMap<string, string>;
  progress: Progress | undefined;
  bootMs: number;
}

export type Verdict =
  | { kind: "running"; message: string; progress: Progress }
  | { kind: "successful" }
  | { kind: "failed"; reason: string; revert: boolean };

interface Tally {
  ready: number;
  total: number;
  steps: number;
  waiting: string[];
  deadlineMs: number;
}

/** One instance: done, or what it waits for. Untouched instances do not hold a rollout up. */
function stepOf(
  input: RolloutInput,
  id: string,
  view: SpecView,
): { steps: number; isDone: boolean; waits: string } {
  const placement = input.placements.get(id);
  const told = input.report.get(id);
  if (placement === undefined) {
    return { steps: 0, isDone: false, waits: told ?? "is not placed yet" };
  }
  if (placement.runtimeHash !== view.runtimeHash) {
    return { steps: 0, isDone: false, waits: told ?? "has its turn later" };
  }
  const { generation } = input.target;
  if (placement.generation !== generation) {
    return { steps: 1, isDone: false, waits: "gets its new label" };
  }
  if (placement.startedIn !== generation) {
    return { steps: 2, isDone: true, waits: "" };
  }
  const seen = input.observed.of(placement);
  if (isReady(placement, seen)) return { steps: 2, isDone: true, waits: "" };
  const failure = seen?.hostFailure ?? null;
  const waits = failure !== null
    ? `${placement.worker} failed (${failure.kind}): ${failure.message}`
    : seen === undefined
    ? `${placement.worker} has not reported it yet`
    : seen.message || `is ${seen.health}`;
  return { steps: 1, isDone: false, waits };
}

function tally(input: RolloutInput): Tally {
  const sum: Tally = {
    ready: 0,
    total: 0,
    steps: 0,
    waiting: [],
    deadlineMs: 0,
  };
  for (const [name, view] of input.target.specs) {
    const { spec } = view;
    let unfinished = false;
    for (let ordinal = 0; ordinal < spec.replicas; ordinal++) {
      const id = vmId(input.cluster, name, ordinal);
      const step = stepOf(input, id, view);
      sum.total++;
      sum.steps += step.steps;
      if (step.isDone) sum.ready++;
      else {
        unfinished = true;
        sum.waiting.push(`${id} ${step.waits}`);
      }
    }
    if (unfinished) {
      sum.deadlineMs = Math.max(
        sum.deadlineMs,
        spec.update.progressDeadlineMs,
      );
    }
  }
  return sum;
}

function shown(waiting: readonly string[]): string {
  const more = waiting.length > MAX_SHOWN
    ? ` (and ${waiting.length - MAX_SHOWN} more)`
    : "";
  return waiting.slice(0, MAX_SHOWN).join("; ") + more;
}

/** Strategies that this version accepts and rolls one by one instead; said in every message. */
function strategyNote(target: IntentView): string {
  const other = [...target.specs.values()].find(({ spec }) =>
    spec.update.strategy !== "rolling"
  );
  return other === undefined
    ? ""
    : `; "${other.spec.update.strategy}" of ${other.spec.name} is done as rolling in this version`;
}

/** The first order of this generation that a worker undid. */
function findRefused(input: RolloutInput): Verdict | null {
  for (const placement of input.placements.values()) {
    if (placement.generation !== input.target.generation) continue;
    const reason = refusedReason(placement, input.observed.of(placement));
    if (reason === null) continue;
    const name = placement.vm.slice(
      input.cluster.length + 1,
      placement.vm.lastIndexOf("-"),
    );
    return {
      kind: "failed",
      reason: `${placement.vm} on ${placement.worker}: ${reason}`,
      revert: input.target.specs.get(name)?.spec.update.autoRevert ?? true,
    };
  }
  return null;
}

/** Time without a step, as far as we looked. */
function watched(input: RolloutInput, steps: number): Progress {
  const { generation } = input.target;
  const { progress, bootMs } = input;
  const isSame = progress?.generation === generation &&
    progress.steps === steps;
  const waitedMs = isSame && progress !== undefined
    ? progress.waitedMs + Math.min(bootMs - progress.bootMs, MAX_LOOK_GAP_MS)
    : 0;
  return { generation, steps, waitedMs, bootMs };
}

/** Whether a rollout of these specs that fails goes back: every VM must want it to. */
export function revertsOf(specs: Iterable<SpecView>): boolean {
  for (const { spec } of specs) if (!spec.update.autoRevert) return false;
  return true;
}

/** Looks at a running rollout once. */
export function judgeRollout(input: RolloutInput): Verdict {
  const refused = findRefused(input);
  if (refused !== null) return refused;
  const { ready, total, steps, waiting, deadlineMs } = tally(input);
  const { generation, specs } = input.target;
  if (ready === total) return { kind: "successful" };
  const progress = watched(input, steps);
  if (progress.waitedMs >= deadlineMs) {
    return {
      kind: "failed",
      reason: `no progress for ${deadlineMs / 1000} s: ${shown(waiting)}`,
      revert: revertsOf(specs.values()),
    };
  }
  return {
    kind: "running",
    message: `${ready} of ${total} on generation ${generation}; ${
      shown(waiting)
    }${strategyNote(input.target)}`,
    progress,
  };
}
