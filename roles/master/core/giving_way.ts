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
import type { SpecView } from "./snapshot.ts";
import { nameOf, type Wanted } from "./wanted.ts";

/** What those that gave way are told begins with it. */
const PREEMPTED = "preempted by ";

/** What is known of one plan's copies, so that ten thousand instances without a place do not each walk them all. */
interface Survey {
  /** How far the plan was; all else is of that moment. */
  actions: number;
  hasExtra: boolean;
  /** The lowest priority there is to take from. */
  lowest: number;
  victims: readonly Victim[];
  /** Specs that nothing helps. */
  hopeless: Set<SpecView>;
}

const surveys = new WeakMap<PlanBuilder, Survey>();

function surveyOf(plan: PlanBuilder): Survey {
  const actions = plan.actions.length;
  const known = surveys.get(plan);
  if (known?.actions === actions) return known;
  const victims = victimsOf(plan);
  const survey: Survey = {
    actions,
    hasExtra: extraMains(plan).length > 0,
    lowest: victims.reduce(
      (lowest, { spec }) => Math.min(lowest, spec.priority),
      Infinity,
    ),
    victims,
    hopeless: new Set(),
  };
  surveys.set(plan, survey);
  return survey;
}

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
  const { hasExtra, lowest, victims, hopeless } = surveyOf(plan);
  // They end first.
  if (hasExtra) return null;
  const { view } = wanted;
  if (plan.ending.size === 0 && view.spec.priority <= lowest) return null;
  const isPlain = (options.avoid ?? []).length === 0 &&
    options.except === undefined && options.only === undefined;
  if (isPlain && hopeless.has(view)) return null;
  const request = plan.requestOf(wanted, options);
  const found = planPreemption(request, plan.room, victims);
  if (found === null) {
    if (isPlain) hopeless.add(view);
    return null;
  }
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
