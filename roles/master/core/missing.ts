/**
 * Instances that are nowhere: placed for the first time, or again after they
 * were stopped to start elsewhere or gave way. Says what each waits for. Never
 * ends a copy, except of lower priority by giving_way.ts.
 *
 * @module
 */
import { waitsForGroup } from "./dependencies.ts";
import type { Avoid } from "./documents.ts";
import { gaveWayTo, makeWay } from "./giving_way.ts";
import type { PlanBuilder } from "./plan_builder.ts";
import { fallbackWanted, type Wanted } from "./wanted.ts";

/** What to place where nothing is; null: nothing for now. */
function contentFor(
  plan: PlanBuilder,
  wanted: Wanted,
  isHeldBack: boolean,
): Wanted | null {
  const { input } = plan;
  if (input.mode !== "rolling" || !isHeldBack) return wanted;
  const last = plan.ending.get(wanted.id)?.at(-1);
  if (last !== undefined) return plan.steadyOf(last, wanted);
  const before = fallbackWanted(input, wanted.id);
  if (before !== undefined) return before;
  return input.isPaused ? null : wanted;
}

/** Why its volumes keep it from every worker but one, as far as that one cannot take it. */
function pinText(plan: PlanBuilder, pin: string): string | null {
  const worker = plan.room.workers.get(pin);
  if (worker === undefined) return `its volume is on ${pin}, which is unknown`;
  return worker.state === "alive"
    ? null
    : `its volume is on ${pin}, which is ${worker.state}`;
}

/** An instance that is nowhere. `isHeldBack`: nothing that ran before changes for now. */
export function placeMissing(
  plan: PlanBuilder,
  wanted: Wanted,
  isHeldBack: boolean,
): void {
  const content = contentFor(plan, wanted, isHeldBack);
  if (content === null) {
    plan.tell(wanted.id, "the rollout is paused", "turn");
    return;
  }
  const { spec } = content.view;
  const waitsFor = waitsForGroup(plan, spec);
  if (waitsFor !== undefined) {
    plan.tell(wanted.id, `waits until ${waitsFor} is healthy`, "turn");
    return;
  }
  const blocker = plan.blockerOf(wanted.id, spec);
  if (blocker !== undefined) {
    plan.tellBlocked(wanted.id, blocker);
    return;
  }
  const pin = spec.volumes.length > 0
    ? plan.input.volumeOf(wanted.id)
    : undefined;
  const pinned = pin === undefined ? null : pinText(plan, pin);
  if (pinned !== null) {
    plan.tell(wanted.id, `waits: ${pinned}`, "host");
    return;
  }
  const last = plan.ending.get(wanted.id)?.at(-1);
  placeMain(plan, content, {
    avoid: last?.avoid ?? [],
    only: pin,
    reason: `generation ${content.generation} asks for it`,
    isNewcomer: isHeldBack && content === wanted,
  });
}

interface MainOptions {
  avoid: Avoid[];
  only: string | undefined;
  reason: string;
  /** Nothing that runs gives way to it before the rollout goes on. */
  isNewcomer: boolean;
}

function placeMain(
  plan: PlanBuilder,
  wanted: Wanted,
  { avoid, only, reason, isNewcomer }: MainOptions,
): void {
  const placing = plan.choose(wanted, { avoid, only });
  if (placing.worker !== null) {
    plan.place(wanted, placing, reason, { avoid });
    return;
  }
  const gaveWay = gaveWayTo(plan, wanted.id);
  const prefix = gaveWay === null ? "" : `${gaveWay}; `;
  const made = placing.lacksRoom && !isNewcomer
    ? makeWay(plan, wanted, { avoid, only })
    : null;
  const pinned = only === undefined ? "" : `its volume is on ${only}: `;
  const text = made ?? `Cannot place ${wanted.id}: ${pinned}${placing.why}`;
  const wait = only !== undefined
    ? "host"
    : isNewcomer
    ? "turn"
    : plan.waitOf(placing, hadRoom(plan, wanted) ? "room" : "place");
  if (wait === "room") plan.lack(wanted.view.spec, placing);
  plan.tell(wanted.id, `${prefix}${text}`, wait);
}

/** It needs no more than what is active: that its room is gone is not the rollout's fault. */
function hadRoom(plan: PlanBuilder, { id, view: { spec } }: Wanted): boolean {
  const before = fallbackWanted(plan.input, id)?.view.spec;
  return before !== undefined && before.cpuMilli >= spec.cpuMilli &&
    before.memoryMib >= spec.memoryMib;
}
