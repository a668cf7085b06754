/**
 * Copies of lower priority that end so that a main copy has room. Only within
 * a cluster: a repository never ends what belongs to another. Whom it takes is
 * preemption.ts's business; what gave way is placed again like anything that
 * is missing.
 *
 * @module
 */
import { type PlacementDoc, placementKey } from "./documents.ts";
import type { PlaceOptions, PlanBuilder } from "./plan_builder.ts";
import { claimOf, planPreemption, type Victim } from "./preemption.ts";
import { nameOf, type Wanted } from "./wanted.ts";

/** What those that gave way are told begins with it. */
const PREEMPTED = "preempted by ";

function victimsOf(plan: PlanBuilder): Victim[] {
  const copies: PlacementDoc[] = [
    ...plan.mains.values(),
    ...plan.surges.values(),
    ...[...plan.ending.values()].flat(),
  ];
  return copies.flatMap((placement) => {
    const spec = plan.specOf(placement);
    return spec === undefined
      ? []
      : [{ key: placementKey(placement), placement, spec }];
  });
}

/** Main copies that no generation in force asks for. */
export function extraMains(plan: PlanBuilder): PlacementDoc[] {
  const { mode, target } = plan.input;
  if (mode === "frozen") return [];
  const extra: PlacementDoc[] = [];
  for (const main of plan.mains.values()) {
    const spec = target?.specs.get(nameOf(plan.input, main.vm))?.spec;
    const ordinal = Number(main.vm.slice(main.vm.lastIndexOf("-") + 1));
    if (spec === undefined || ordinal >= spec.replicas) extra.push(main);
  }
  return extra;
}

/**
 * Ends what has to give way to this copy, which is placed when that is gone.
 * What is said of it; null: nothing helps, or others end anyway.
 */
export function makeWay(
  plan: PlanBuilder,
  wanted: Wanted,
  options: PlaceOptions,
): string | null {
  // They end first.
  if (extraMains(plan).length > 0) return null;
  const request = plan.requestOf(wanted, options);
  const victims = victimsOf(plan);
  const found = planPreemption(request, plan.room, victims);
  if (found === null) return null;
  const claim = claimOf(request, found.worker);
  plan.room.take(claim);
  plan.claims.push(claim);
  const keys = new Set(found.evict);
  const names: string[] = [];
  for (const copy of [...plan.mains.values(), ...plan.surges.values()]) {
    if (!keys.has(placementKey(copy))) continue;
    plan.leave(copy, found.reason);
    plan.tell(copy.vm, found.reason, "place");
    names.push(copy.vm);
  }
  return names.length === 0
    ? `waits until room is free on ${found.worker}`
    : `waits until ${
      names.join(", ")
    } of lower priority made room on ${found.worker}`;
}

/** Why this instance is missing, if it gave way to another: kept in words until it is placed. */
export function gaveWayTo(plan: PlanBuilder, id: string): string | null {
  const told = plan.report.get(id) ?? plan.input.lastReport?.get(id);
  if (told === undefined || !told.startsWith(PREEMPTED)) return null;
  return told.split("; ")[0] ?? null;
}
