/**
 * Main copies that an operator wants elsewhere: drains and rebalances. Copies
 * of which two may run start elsewhere first; exclusive ones stop first, as
 * availability allows; those with volumes stay, unless they are forced away.
 * Never asks who wants it: that is in the request.
 *
 * ```
 * two may run:  surge elsewhere --ready--> promoted, the old one leaves
 * exclusive:    leaves --gone--> placed elsewhere (missing.ts)
 * ```
 *
 * @module
 */
import type { Availability } from "./availability.ts";
import type { PlacementDoc } from "./documents.ts";
import type { PlanBuilder } from "./plan_builder.ts";
import { isReady } from "./snapshot.ts";
import { mayDouble } from "./surging.ts";
import { troubleOf } from "./trouble.ts";
import { type MoveRequest, nameOf, type Wanted } from "./wanted.ts";

/** The move that is asked for of this copy, if it is still where it should not be. */
function moveOf(
  plan: PlanBuilder,
  copy: PlacementDoc,
): MoveRequest | undefined {
  const move = plan.input.moves.get(copy.vm);
  if (move === undefined || move.from !== copy.worker) return undefined;
  return move.to === copy.worker ? undefined : move;
}

/** True for a copy that is to take the main one's place on another worker, with the same content. */
export function isMoveCopy(plan: PlanBuilder, surge: PlacementDoc): boolean {
  const main = plan.mains.get(surge.vm);
  return main !== undefined && main.runtimeHash === surge.runtimeHash &&
    main.worker !== surge.worker && moveOf(plan, main) !== undefined;
}

/** Copies that have started elsewhere take over. */
export function promoteMoves(plan: PlanBuilder): void {
  for (const surge of [...plan.surges.values()]) {
    if (!isMoveCopy(plan, surge)) continue;
    if (!isReady(surge, plan.input.observed.of(surge))) continue;
    const main = plan.mains.get(surge.vm);
    const move = main === undefined ? undefined : moveOf(plan, main);
    plan.promote(surge, move?.reason ?? "it was moved");
  }
}

/**
 * An operator's move of one main copy. True when the copy has left and
 * nothing else is to be done with it.
 */
export function moveAsAsked(
  plan: PlanBuilder,
  { wanted, main, availability, isInTrial }: {
    wanted: Wanted;
    main: PlacementDoc;
    availability: Availability;
    isInTrial: boolean;
  },
): boolean {
  const move = moveOf(plan, main);
  if (move === undefined) return false;
  const steady = plan.steadyOf(main, wanted);
  const { spec } = steady.view;
  if (move.isForced) {
    forceAway(plan, steady, main, move);
    return true;
  }
  if (spec.volumes.length > 0) {
    plan.tell(
      wanted.id,
      `${move.reason}; it stays, for its volume is on ${main.worker}: only force ends it`,
    );
    return false;
  }
  if (isInTrial) {
    plan.tell(wanted.id, `${move.reason}; waits for the rollout`, "turn");
    return false;
  }
  if (mayDouble(spec) && !plan.isExclusive(main)) {
    startElsewhere(plan, steady, main, move);
    return false;
  }
  return stopFirst(plan, { wanted, steady, main, move, availability });
}

/** At once, with or without a place. With volumes it waits for the worker that has them. */
function forceAway(
  plan: PlanBuilder,
  steady: Wanted,
  main: PlacementDoc,
  move: MoveRequest,
): void {
  const { id, view: { spec } } = steady;
  const surge = plan.surges.get(id);
  if (surge !== undefined && isMoveCopy(plan, surge)) {
    plan.promote(surge, `${move.reason}, by force`);
    return;
  }
  if (spec.volumes.length > 0) {
    plan.leave(main, `${move.reason}, by force; its volume stays there`);
    plan.pin(steady, main.worker);
    plan.tell(
      id,
      `${move.reason}; waits for ${main.worker}, which has its volume`,
    );
    return;
  }
  plan.leave(main, `${move.reason}, by force`);
  if (plan.blockerOf(id, spec) !== undefined) {
    plan.tell(id, `${move.reason}; it starts elsewhere when it has ended`);
    return;
  }
  const { avoid } = main;
  const placing = plan.choose(steady, { avoid, except: main.worker });
  if (placing.worker === null) {
    plan.tell(id, `${move.reason}; no other place: ${placing.why}`, "host");
  } else {
    plan.place(steady, placing, move.reason, { avoid, instead: main });
  }
}

/** The copy elsewhere starts first; at most maxParallel of a group at a time. */
function startElsewhere(
  plan: PlanBuilder,
  steady: Wanted,
  main: PlacementDoc,
  move: MoveRequest,
): void {
  const { id, view: { spec } } = steady;
  const surge = plan.surges.get(id);
  const trouble = surge === undefined ? null : troubleOf(plan, surge);
  if (surge !== undefined && trouble === null) {
    plan.tell(id, `${move.reason}; its copy on ${surge.worker} starts`);
    return;
  }
  const name = nameOf(plan.input, id);
  let moving = 0;
  for (const other of plan.surges.values()) {
    if (nameOf(plan.input, other.vm) === name && isMoveCopy(plan, other)) {
      moving++;
    }
  }
  const { maxParallel } = spec.update;
  if (surge === undefined && moving >= maxParallel) {
    plan.tell(id, `${move.reason}; waits: ${maxParallel} at a time`);
    return;
  }
  const avoid = trouble?.avoid ?? main.avoid;
  const placing = plan.choose(steady, {
    kind: "surge",
    avoid,
    except: main.worker,
    only: move.to ?? undefined,
  });
  if (placing.worker === null) {
    plan.tell(id, `${move.reason}; no other place: ${placing.why}`);
    return;
  }
  if (surge !== undefined) plan.leave(surge, trouble?.why ?? move.reason);
  plan.surges.set(
    id,
    plan.place(steady, placing, move.reason, {
      kind: "surge",
      avoid,
      instead: main,
    }),
  );
  plan.tell(id, `${move.reason}; starts on ${placing.worker}`);
}

/** Never two of it: it ends when availability allows, and starts elsewhere when it is gone. */
function stopFirst(
  plan: PlanBuilder,
  { wanted, steady, main, move, availability }: {
    wanted: Wanted;
    steady: Wanted;
    main: PlacementDoc;
    move: MoveRequest;
    availability: Availability;
  },
): boolean {
  const whyNot = availability.whyNot(wanted);
  if (whyNot !== null) {
    plan.tell(wanted.id, `${move.reason}; ${whyNot}`, "turn");
    return false;
  }
  const placing = plan.choose(steady, {
    avoid: main.avoid,
    except: main.worker,
    only: move.to ?? undefined,
  });
  if (placing.worker === null) {
    plan.tell(wanted.id, `${move.reason}; no other place: ${placing.why}`);
    return false;
  }
  availability.take(wanted.id);
  plan.leave(main, move.reason);
  const text = `${move.reason}; it starts elsewhere when it has ended`;
  plan.tell(wanted.id, text, "turn");
  return true;
}
