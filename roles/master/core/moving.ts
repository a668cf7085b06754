/**
 * Main copies that must be elsewhere: placed for the first time, moved off a
 * lost worker or a failing host, moved because an operator wants it. A copy
 * that moves keeps the content it has, so that moving never decides a rollout.
 *
 * ```
 * asked, two may run:  surge elsewhere --ready--> promoted, the old one leaves
 * asked, exclusive:    leaves --gone--> placed elsewhere
 * lost or failing:     leaves, placed elsewhere at once (exclusive: lost or gone first)
 * ```
 *
 * @module
 */
import type { Availability } from "./availability.ts";
import { waitsForGroup } from "./dependencies.ts";
import type { Avoid, PlacementDoc } from "./documents.ts";
import { gaveWayTo, makeWay } from "./giving_way.ts";
import type { PlanBuilder, Wait } from "./plan_builder.ts";
import { isReady } from "./snapshot.ts";
import { mayDouble } from "./surging.ts";
import { type Trouble, troubleOf } from "./trouble.ts";
import {
  fallbackWanted,
  type MoveRequest,
  nameOf,
  type Wanted,
} from "./wanted.ts";

/** Said where a silent worker may still run what is started elsewhere now. */
const MAYBE_TWICE = "it may run there too until that worker is heard of again";

// ---- missing ------------------------------------------------------------

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

// ---- away from trouble --------------------------------------------------

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

// ---- because an operator wants it ---------------------------------------

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
