/**
 * Main copies in place: they follow labels and policy, change their content as
 * many at a time as availability allows, try again what a worker refused, and
 * give back room they no longer need. Never starts a copy beside another.
 *
 * @module
 */
import type { Availability } from "./availability.ts";
import { avoidWorker, recordedFailure } from "./backoff.ts";
import { waitsForGroup } from "./dependencies.ts";
import type { PlacementDoc } from "./documents.ts";
import { moveMain } from "./moving.ts";
import { largerOf, publishedPorts } from "./placing.ts";
import type { PlanBuilder } from "./plan_builder.ts";
import { refusalOf } from "./scheduler.ts";
import { isReady, refusedReason } from "./snapshot.ts";
import { contentOf, sizeHeld, sizeOf, type Wanted } from "./wanted.ts";

/** The right content: follows labels and policy, tries again what a worker refused, gives room back. */
export function keepMain(
  plan: PlanBuilder,
  wanted: Wanted,
  main: PlacementDoc,
  isHeldBack: boolean,
): void {
  const { mode, observed } = plan.input;
  plan.pin(wanted, main.worker);
  const seen = observed.of(main);
  const refused = mode === "settled" ? refusedReason(main, seen) : null;
  if (refused !== null) {
    tryAgain(plan, wanted, main, refused);
    return;
  }
  const { view, generation } = wanted;
  const isSame = main.generation === generation &&
    main.policyHash === view.policyHash;
  if (!isSame) {
    if (isHeldBack) return;
    plan.actions.push({
      kind: "relabel",
      before: main,
      after: {
        ...main,
        generation,
        // What no rollout has proven yet is this one's to prove.
        startedIn: mode === "settled" || plan.input.isProven(main.startedIn)
          ? main.startedIn
          : generation,
        policyHash: view.policyHash,
      },
      reason: `generation ${generation} leaves what it runs as it is`,
    });
    return;
  }
  if (mode === "settled" && isReady(main, seen)) settle(plan, wanted, main);
}

/** Room and ports that only the fallback needed are given back. */
function settle(
  plan: PlanBuilder,
  { view: { spec } }: Wanted,
  main: PlacementDoc,
): void {
  const { nowMs } = plan.input;
  const size = sizeOf(spec);
  const ports = publishedPorts(spec);
  const isTight = main.reserved.cpuMilli === size.cpuMilli &&
    main.reserved.memoryMib === size.memoryMib &&
    main.ports.length === ports.length &&
    main.avoid.every((entry) => entry.untilMs > nowMs);
  if (isTight) return;
  const avoid = main.avoid.filter((entry) => entry.untilMs > nowMs);
  plan.actions.push({
    kind: "settle",
    before: main,
    after: { ...main, reserved: size, ports, avoid },
    reason: "its change is settled",
  });
}

/** The active content was refused on this worker: elsewhere, or here again after a while. */
function tryAgain(
  plan: PlanBuilder,
  wanted: Wanted,
  main: PlacementDoc,
  refused: string,
): void {
  const { nowMs } = plan.input;
  const why = `rolled back on ${main.worker}: ${refused}`;
  const avoid = avoidWorker(main, { reason: why, isHost: false }, nowMs);
  const trouble = { why, avoid, isLost: false };
  if (moveMain(plan, { wanted, main, trouble })) return;
  const failure = recordedFailure(main);
  if (failure === undefined) {
    const after = { ...main, avoid };
    plan.actions.push({ kind: "avoid", before: main, after, reason: why });
  } else if (failure.untilMs <= nowMs) {
    plan.actions.push({
      kind: "reissue",
      before: main,
      after: { ...main },
      reason: `${why}; tried again`,
    });
  }
}

/** As many as maxParallel and minAvailable allow now; those that are down already go first. */
export function updateSome(
  plan: PlanBuilder,
  outdated: [Wanted, PlacementDoc][],
  availability: Availability,
): void {
  const { observed } = plan.input;
  outdated.sort(([a], [b]) =>
    Number(availability.isDown(b.id)) - Number(availability.isDown(a.id))
  );
  for (const [wanted, main] of outdated) {
    // The worker went back by itself: the order only follows.
    const isDone = observed.isTold(main) &&
      observed.of(main)?.runtimeHash === wanted.view.runtimeHash;
    const whyNot = isDone ? null : whyNotNow(plan, wanted, availability);
    if (whyNot !== null) {
      plan.tell(wanted.id, whyNot, "turn");
      continue;
    }
    if (!update(plan, wanted, main) || isDone) continue;
    availability.take(wanted.id);
  }
}

function whyNotNow(
  plan: PlanBuilder,
  wanted: Wanted,
  availability: Availability,
): string | null {
  // Back to what was active goes without an order: it must not wait for what failed.
  const waitsFor = plan.input.mode === "rolling"
    ? waitsForGroup(plan, wanted.view.spec, true)
    : undefined;
  return waitsFor === undefined
    ? availability.whyNot(wanted)
    : `waits until ${waitsFor} is healthy on its new content`;
}

function update(
  plan: PlanBuilder,
  wanted: Wanted,
  main: PlacementDoc,
): boolean {
  const { input, room } = plan;
  const { spec } = wanted.view;
  const worker = room.workers.get(main.worker);
  if (worker === undefined || worker.state !== "alive") {
    const state = worker?.state ?? "unknown";
    plan.tell(wanted.id, `waits: ${main.worker} is ${state}`, "host");
    return false;
  }
  const blocker = plan.blockerOf(wanted.id, spec);
  if (blocker !== undefined) {
    plan.tellBlocked(wanted.id, blocker);
    return false;
  }
  // One incarnation is guarded or not, all its life: of one that may be either, the end of a lease proves nothing.
  if (plan.isExclusive(main) !== (spec.fencing === "exclusive")) {
    const reason = `generation ${wanted.generation} has other fencing`;
    plan.leave(main, reason);
    plan.tell(wanted.id, `${reason}; its copy ends first`, "turn");
    return true;
  }
  const move = input.moves.get(wanted.id);
  if (move?.from === main.worker && spec.volumes.length === 0) {
    const trouble = { why: move.reason, avoid: main.avoid, isLost: false };
    if (moveMain(plan, { wanted, main, trouble })) return true;
  }
  const pin = spec.volumes.length > 0 ? input.volumeOf(wanted.id) : undefined;
  if (pin !== undefined && pin !== main.worker) {
    const why = `its volume is on ${pin}`;
    const trouble = { why, avoid: main.avoid, isLost: false };
    return moveMain(plan, { wanted, main, trouble });
  }
  room.release(main);
  const refusal = refusalOf({
    vm: wanted.id,
    spec,
    size: sizeHeld(input, wanted, "changed"),
    avoid: [],
    nowMs: input.nowMs,
    stays: true,
  }, worker);
  if (refusal !== null) {
    room.take(main);
    const why = `${main.worker} ${refusal.reason}`;
    const trouble = { why, avoid: main.avoid, isLost: false };
    // The new content asks for more than there is.
    return moveMain(plan, { wanted, main, trouble, wait: "place" });
  }
  const after: PlacementDoc = {
    ...main,
    ...contentOf(input, wanted, "changed"),
    startedIn: wanted.generation,
  };
  // Until the switch is done the old content still takes what it took.
  after.reserved = largerOf(after.reserved, main.reserved);
  room.take(after);
  const reason = `generation ${wanted.generation} runs other content`;
  plan.actions.push({ kind: "update", before: main, after, reason });
  plan.pin(wanted, main.worker);
  return true;
}
