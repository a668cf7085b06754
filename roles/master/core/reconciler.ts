/**
 * The plan of one cluster: from what is desired and what is observed to the
 * actions of this moment, with a reason for each and for each that waits.
 * Level-triggered and idempotent: it is told nothing about what changed. Which
 * generation is the target, and whether a rollout failed, is rollout.ts's
 * business; which worker is the scheduler's. This file is the order in which
 * things are looked at; what is done with each copy is in the files beside it.
 *
 * ```
 * 1. what is gone is forgotten             plan_builder.ts
 * 2. copies that are ready take over       surging.ts, asked_moves.ts
 * 3. per VM: placed, moved off trouble,    missing.ts, moving.ts
 *    moved as asked, kept, changed         asked_moves.ts, updating.ts
 * 4. copies beside the main ones           surging.ts
 * 5. what nobody asks for ends
 * ```
 *
 * @module
 */
import { isMoveCopy, moveAsAsked, promoteMoves } from "./asked_moves.ts";
import { Availability } from "./availability.ts";
import type { PlacementDoc } from "./documents.ts";
import { placeMissing } from "./missing.ts";
import { moveFromTrouble } from "./moving.ts";
import type { Room } from "./placing.ts";
import { type ClusterPlan, PlanBuilder } from "./plan_builder.ts";
import {
  planTrialCopy,
  promoteTrial,
  trialWord,
  wantedTrial,
} from "./surging.ts";
import { extraMains } from "./giving_way.ts";
import { keepMain, updateSome } from "./updating.ts";
import {
  type ClusterInput,
  nameOf,
  type Wanted,
  wantedGroups,
} from "./wanted.ts";

export type { ClusterPlan };

/** What every group of a plan is planned under. */
interface Phase {
  /** The copies that are tried beside the main ones; what runs stays until they are promoted. */
  trial: ReadonlyMap<string, Wanted>;
  /** Nothing that runs is changed for now: a trial or a pause. */
  isHeldBack: boolean;
}

function planGroup(
  plan: PlanBuilder,
  group: readonly Wanted[],
  { trial, isHeldBack }: Phase,
): void {
  const availability = new Availability(plan, group);
  const outdated: [Wanted, PlacementDoc][] = [];
  for (const wanted of group) {
    const main = plan.mains.get(wanted.id);
    if (main === undefined) {
      placeMissing(plan, wanted, isHeldBack);
      continue;
    }
    const isOutdated = main.runtimeHash !== wanted.view.runtimeHash;
    const isInTrial = trial.has(wanted.id);
    const isForced = plan.input.moves.get(wanted.id)?.isForced ?? false;
    const options = { wanted, main, availability, isInTrial };
    if (isForced && moveAsAsked(plan, options)) continue;
    if (moveFromTrouble(plan, wanted, main)) continue;
    // What is about to change moves with its change.
    const mayMove = (!isOutdated || isHeldBack) && !isForced;
    if (mayMove && moveAsAsked(plan, options)) continue;
    if (isOutdated) outdated.push([wanted, main]);
    else keepMain(plan, wanted, main, isHeldBack);
  }
  if (isHeldBack) holdBack(plan, outdated, trial);
  else if (outdated.length > 0) updateSome(plan, outdated, availability);
}

function holdBack(
  plan: PlanBuilder,
  outdated: readonly [Wanted, PlacementDoc][],
  trial: ReadonlyMap<string, Wanted>,
): void {
  const first = [...trial.values()][0];
  for (const [{ id }] of outdated) {
    if (plan.report.has(id)) continue;
    const why = plan.input.isPaused || first === undefined
      ? "the rollout is paused"
      : `waits until the ${
        trialWord(first)
      } of ${first.view.spec.name} is promoted`;
    plan.tell(id, why, "turn");
  }
}

/** Ends copies beside main ones that nobody wants any more, so that their room comes free. */
function endUnwanted(plan: PlanBuilder, { trial, isHeldBack }: Phase): void {
  const { target, mode } = plan.input;
  for (const surge of [...plan.surges.values()]) {
    const wanted = trial.get(surge.vm);
    if (wanted?.view.runtimeHash === surge.runtimeHash) continue;
    if (isMoveCopy(plan, surge)) {
      const name = nameOf(plan.input, surge.vm);
      const hash = mode === "frozen"
        ? surge.runtimeHash
        : target?.specs.get(name)?.runtimeHash;
      if (isHeldBack || hash === surge.runtimeHash) continue;
    }
    plan.leave(surge, "nothing asks for a copy beside the main one any more");
  }
}

/** Extra instances end once the target is decided, or when something waits for their room. */
function removeExtra(plan: PlanBuilder, isHeldBack: boolean): void {
  const { mode } = plan.input;
  for (const main of extraMains(plan)) {
    if (mode === "rolling" && (isHeldBack || !plan.lacksRoom)) {
      plan.tell(main.vm, "ends when the rollout has succeeded");
      continue;
    }
    plan.leave(main, "no generation in force asks for it");
  }
}

function priorityOf(group: readonly Wanted[]): number {
  return group[0]?.view.spec.priority ?? 0;
}

/** Plans one cluster, taking from `room` what it gives out. */
export function planCluster(input: ClusterInput, room: Room): ClusterPlan {
  const plan = new PlanBuilder(input, room);
  plan.forgetGone();
  promoteMoves(plan);
  const groups = wantedGroups(input, plan.mains.values());
  let trial = wantedTrial(input, plan.mains, groups);
  if (promoteTrial(plan, trial)) trial = wantedTrial(input, plan.mains, groups);
  const isHeldBack = input.mode === "rolling" &&
    (input.isPaused || trial.size > 0);
  const phase: Phase = { trial, isHeldBack };
  endUnwanted(plan, phase);
  // Who gave way to another must not be placed before it.
  const byPriority = [...groups].sort((a, b) => priorityOf(b) - priorityOf(a));
  for (const group of byPriority) planGroup(plan, group, phase);
  for (const wanted of trial.values()) planTrialCopy(plan, wanted);
  removeExtra(plan, isHeldBack);
  return plan.end();
}
