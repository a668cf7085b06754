/**
 * Copies beside the main ones: canaries and green copies of a rollout. Which
 * are wanted, when they start, and when they take the main ones' place. They
 * evict nobody, and until they are promoted nothing that runs is changed.
 * Never judges them: rollout.ts does.
 *
 * ```
 * wanted --room--> surge --all ready, promoted--> main (the old one leaves)
 *                    '--not wanted any more--> leaving
 * ```
 *
 * @module
 */
import type { PlacementDoc } from "./documents.ts";
import type { PlanBuilder } from "./plan_builder.ts";
import { isReady } from "./snapshot.ts";
import { troubleOf } from "./trouble.ts";
import {
  type ClusterInput,
  fallbackWanted,
  nameOf,
  type Wanted,
  wantedGroups,
} from "./wanted.ts";
import type { VmSpec } from "../../model/vm_spec.ts";

/** Two copies of it may run at a time. */
export function mayDouble(spec: VmSpec): boolean {
  return spec.fencing !== "exclusive" && spec.volumes.length === 0;
}

/** What this instance has now that the target would change; undefined: nothing. */
function outdatedSpec(
  input: ClusterInput,
  main: PlacementDoc | undefined,
  { id, view }: Wanted,
): VmSpec | undefined {
  if (main === undefined) {
    const before = fallbackWanted(input, id);
    return before?.view.runtimeHash === view.runtimeHash
      ? undefined
      : before?.view.spec;
  }
  if (main.runtimeHash === view.runtimeHash) return undefined;
  return input.specOf(main.generation, nameOf(input, id))?.spec ?? view.spec;
}

/**
 * The copies that a rollout tries beside the main ones: the first of a canary
 * VM, every one of a blue-green VM, as far as the target changes them. Empty
 * when they have become the main ones, or the strategy is rolling.
 */
export function wantedTrial(
  input: ClusterInput,
  mains: ReadonlyMap<string, PlacementDoc>,
  groups: readonly (readonly Wanted[])[] = wantedGroups(input, mains.values()),
): Map<string, Wanted> {
  const trial = new Map<string, Wanted>();
  if (input.mode !== "rolling") return trial;
  for (const group of groups) {
    const spec = group[0]?.view.spec;
    if (spec === undefined || spec.update.strategy === "rolling") continue;
    if (!mayDouble(spec)) continue;
    const count = spec.update.strategy === "canary"
      ? Math.max(1, spec.update.canary)
      : group.length;
    for (const wanted of group.slice(0, count)) {
      const before = outdatedSpec(input, mains.get(wanted.id), wanted);
      if (before !== undefined && mayDouble(before)) {
        trial.set(wanted.id, wanted);
      }
    }
  }
  return trial;
}

/** What a trial's copy is called to people. */
export function trialWord({ view }: Wanted): string {
  return view.spec.update.strategy === "canary" ? "canary" : "green copy";
}

/** All of a promoted trial at once, as soon as every copy is ready. True when it is done. */
export function promoteTrial(
  plan: PlanBuilder,
  trial: ReadonlyMap<string, Wanted>,
): boolean {
  const { input } = plan;
  if (trial.size === 0 || !input.isPromoted || input.isPaused) return false;
  const ready: PlacementDoc[] = [];
  for (const { id, view } of trial.values()) {
    const surge = plan.surges.get(id);
    if (surge?.runtimeHash !== view.runtimeHash) return false;
    if (!isReady(surge, input.observed.of(surge))) return false;
    ready.push(surge);
  }
  for (const surge of ready) {
    plan.promote(surge, `generation ${surge.generation} was promoted`);
  }
  return true;
}

/**
 * One copy of the trial: placed when there is room, kept as it is, or moved
 * off a bad worker. It waits for no dependency: what it is tried for runs
 * already, and what that depends on may be ill until this rollout mends it.
 */
export function planTrialCopy(plan: PlanBuilder, wanted: Wanted): void {
  const { input } = plan;
  const word = trialWord(wanted);
  const surge = plan.surges.get(wanted.id);
  if (surge !== undefined && surge.runtimeHash !== wanted.view.runtimeHash) {
    plan.leave(surge, `generation ${wanted.generation} tries other content`);
  } else if (surge !== undefined) {
    keepTrialCopy(plan, wanted, surge);
    return;
  }
  if (input.isPaused) return;
  const blocker = plan.blockerOf(wanted.id, wanted.view.spec);
  if (blocker !== undefined) {
    plan.tellBlocked(wanted.id, blocker, `its ${word} `);
    return;
  }
  placeTrialCopy(plan, wanted, `a ${word} of generation ${wanted.generation}`);
}

function placeTrialCopy(
  plan: PlanBuilder,
  wanted: Wanted,
  reason: string,
  instead?: { copy: PlacementDoc; avoid: PlacementDoc["avoid"] },
): void {
  const word = trialWord(wanted);
  const avoid = instead?.avoid ?? [];
  const except = instead?.copy.worker;
  const placing = plan.choose(wanted, {
    kind: "surge",
    avoid,
    ...(except === undefined ? {} : { except }),
  });
  if (placing.worker === null) {
    const text = `its ${word} has no place yet: ${placing.why}`;
    const wait = instead === undefined ? plan.waitOf(placing, "room") : "host";
    plan.tell(wanted.id, text, wait);
    if (wait === "room") plan.lack(wanted.view.spec, placing);
    return;
  }
  if (instead !== undefined) plan.leave(instead.copy, reason);
  plan.surges.set(
    wanted.id,
    plan.place(wanted, placing, reason, { kind: "surge", avoid }),
  );
  plan.tell(wanted.id, `its ${word} starts on ${placing.worker}`, "turn");
}

function keepTrialCopy(
  plan: PlanBuilder,
  wanted: Wanted,
  surge: PlacementDoc,
): void {
  const { input } = plan;
  const word = trialWord(wanted);
  const move = input.moves.get(surge.vm);
  const trouble = troubleOf(plan, surge) ??
    (move?.from === surge.worker
      ? { why: move.reason, avoid: surge.avoid }
      : null);
  if (trouble !== null) {
    placeTrialCopy(plan, wanted, trouble.why, {
      copy: surge,
      avoid: trouble.avoid,
    });
    return;
  }
  const isSame = surge.generation === wanted.generation &&
    surge.policyHash === wanted.view.policyHash;
  if (!isSame) {
    plan.actions.push({
      kind: "relabel",
      before: surge,
      after: {
        ...surge,
        generation: wanted.generation,
        startedIn: wanted.generation,
        policyHash: wanted.view.policyHash,
      },
      reason: `generation ${wanted.generation} tries the same content`,
    });
  }
  const seen = input.observed.of(surge);
  plan.tell(
    wanted.id,
    isReady(surge, seen)
      ? `its ${word} on ${surge.worker} is ready, it waits to be promoted`
      : `its ${word} on ${surge.worker} is not ready yet: ${
        seen?.message ?? "not reported yet"
      }`,
    "turn",
  );
}
