/**
 * Main copies that cannot stay where they are: on a lost worker, on a host
 * that fails, where their new content has no room. A copy that moves keeps the
 * content it has, so that moving never decides a rollout. What operators want
 * moved is asked_moves.ts's business.
 *
 * ```
 * lost or failing: leaves, placed elsewhere at once (exclusive: when lost or gone)
 * ```
 *
 * @module
 */
import type { PlacementDoc } from "./documents.ts";
import { makeWay } from "./giving_way.ts";
import type { PlanBuilder, Wait } from "./plan_builder.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import type { Wanted } from "./wanted.ts";

/** Said where a silent worker may still run what is started elsewhere now. */
const MAYBE_TWICE = "it may run there too until that worker is heard of again";

/** A lost worker or a failing host: another copy elsewhere if anywhere. True when nothing else is to be done. */
export function moveFromTrouble(
  plan: PlanBuilder,
  wanted: Wanted,
  main: PlacementDoc,
): boolean {
  const trouble = troubleOf(plan, main);
  if (trouble === null) return false;
  const surge = plan.surges.get(main.vm);
  const isReadyMove = surge !== undefined &&
    surge.runtimeHash === main.runtimeHash && plan.isUp(surge);
  if (isReadyMove) {
    plan.promote(surge, trouble.why);
    return true;
  }
  const isDone = moveMain(plan, {
    wanted: plan.steadyOf(main, wanted),
    main,
    trouble,
  });
  return isDone || trouble.isLost;
}

/** The worker that has the volumes of what is to run; undefined: any will do. */
function pinOf(
  plan: PlanBuilder,
  { id, view }: Wanted,
  main: PlacementDoc,
): string | undefined {
  if (view.spec.volumes.length === 0) return undefined;
  const had = plan.specOf(main)?.volumes.length ?? 0;
  return plan.input.volumeOf(id) ?? (had > 0 ? main.worker : undefined);
}

/** Ends a main copy here and starts it elsewhere; false when there is nowhere. */
export function moveMain(
  plan: PlanBuilder,
  { wanted, main, trouble, wait = "host" }: {
    wanted: Wanted;
    main: PlacementDoc;
    trouble: Trouble;
    /** What it is when there is no other place. */
    wait?: Wait;
  },
): boolean {
  const { why, isLost, avoid } = trouble;
  const { spec } = wanted.view;
  const pin = pinOf(plan, wanted, main);
  if (pin === main.worker && plan.room.workers.has(pin)) {
    const text = `${why}; it stays, for its volume is on ${main.worker}`;
    plan.tell(wanted.id, text, wait);
    return false;
  }
  const except = main.worker;
  const only = pin === main.worker ? undefined : pin;
  const placing = plan.choose(wanted, { avoid, except, only });
  if (placing.worker === null) {
    const made = isLost && placing.lacksRoom
      ? makeWay(plan, wanted, { avoid, except, only })
      : null;
    const text = `${why}; ${made ?? `no other place: ${placing.why}`}`;
    plan.tell(wanted.id, text, wait);
    return false;
  }
  const isFenced = plan.isExclusive(main) || spec.fencing === "exclusive";
  const reason = isLost && !isFenced ? `${why}; ${MAYBE_TWICE}` : why;
  const left: PlacementDoc = { ...main, avoid };
  plan.leave(left, reason);
  const blocker = plan.blockerOf(wanted.id, spec);
  if (blocker !== undefined) {
    const text =
      `${why}; it starts elsewhere when ${blocker.worker} has ended it`;
    plan.tell(wanted.id, text, "host");
    return true;
  }
  plan.place(wanted, placing, reason, { avoid, instead: main });
  return true;
}
