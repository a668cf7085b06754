/**
 * Why a VM is where it is, is nowhere, or runs something else than was asked
 * for: what was decided when it was placed, what the last plan said of it, and
 * every worker as a place for it now. Explains only: nothing here decides.
 *
 * @module
 */
import { splitVmId } from "../../model/ids.ts";
import type { ObservedVm } from "../../model/observed.ts";
import type { Why } from "../../model/plan.ts";
import type { Decision, PlacementDoc } from "./documents.ts";
import type { ClusterState } from "./generations.ts";
import type { Room } from "./placing.ts";
import { judgeWorkers, type PlacingRequest } from "./scheduler.ts";
import { refusedReason, type SpecView } from "./snapshot.ts";
import { targetOf, type TickInput, viewOf } from "./tick.ts";
import { sizeOf } from "./wanted.ts";

export interface WhyInput {
  vm: string;
  /** The copy in service, or the one beside it when there is no other; undefined: it is nowhere. */
  placement: PlacementDoc | undefined;
  /** What its worker says of it. */
  seen: ObservedVm | undefined;
  /** What it would be placed by now; undefined: no generation in force asks for it. */
  request: PlacingRequest | undefined;
  room: Room;
  /** What the last plan said of it. */
  report: string | undefined;
  /** A failed generation that wanted something else of it. */
  failed: { generation: number; reason: string } | null;
}

/** Why it does not run what was asked for last; null: it does, or nothing failed. */
function rolledBackOf(
  { placement, seen, failed }: WhyInput,
): string | null {
  if (placement !== undefined) {
    const refused = refusedReason(placement, seen);
    if (refused !== null) {
      return `${placement.worker} went back by itself: ${refused}`;
    }
  }
  return failed === null
    ? null
    : `generation ${failed.generation} failed: ${failed.reason}`;
}

/** `freeRoom 62.5, sameVm -1000`. */
function describeParts(parts: Readonly<Record<string, number>>): string {
  return Object.entries(parts).map(([name, part]) => `${name} ${part}`)
    .join(", ");
}

function describeDecision(decision: Decision): string {
  const [next] = decision.runnersUp;
  const looked = decision.considered === 1
    ? "the only worker looked at"
    : `the best of ${decision.considered} workers looked at`;
  const rest = next === undefined
    ? ""
    : `; next was ${next.worker} with ${next.score}`;
  return `${decision.reason}; ${looked}, with ${decision.score} (${
    describeParts(decision.parts)
  })${rest}`;
}

function summaryOf(input: WhyInput, rolledBack: string | null): string {
  const { vm, placement, request, report } = input;
  if (placement === undefined) {
    if (request === undefined) {
      return `${vm} is nowhere: no generation in force asks for it`;
    }
    const why = report ?? "the next plan looks for a place";
    return why.includes(vm) ? why : `${vm} has no place: ${why}`;
  }
  const { worker, decision, leaving } = placement;
  const place = leaving ? `ends on ${worker}` : `is on ${worker}`;
  const reason = decision === null
    ? "it was placed before reasons were kept"
    : decision.reason;
  const parts = [`${vm} ${place}: ${reason}`];
  if (rolledBack !== null) parts.push(`rolled back: ${rolledBack}`);
  const isNews = report !== undefined && !report.startsWith("placed on");
  if (isNews) parts.push(report);
  return parts.join("; ");
}

/** Explains one VM. The room is as before when it returns. */
export function explainVm(input: WhyInput): Why {
  const { vm, placement, request, room } = input;
  const rolledBack = rolledBackOf(input);
  const decision = placement?.decision ?? null;
  // What it holds itself is no reason against where it is.
  if (placement !== undefined) room.release(placement);
  const candidates = request === undefined ? [] : judgeWorkers(request, room);
  if (placement !== undefined) room.take(placement);
  return {
    vm,
    summary: summaryOf(input, rolledBack),
    worker: placement?.worker ?? "",
    incarnation: placement?.incarnation ?? 0,
    decidedAtMs: decision?.atMs ?? null,
    reason: decision === null ? "" : describeDecision(decision),
    rolledBack,
    candidates,
  };
}

/** The spec that a generation has for an instance. */
function specIn(
  input: TickInput,
  state: ClusterState,
  generation: number,
  vm: string,
): SpecView | undefined {
  const { vm: name, ordinal } = splitVmId(vm);
  const view = viewOf(state, generation, input.specsOf)?.specs.get(name);
  return view !== undefined && ordinal < view.spec.replicas ? view : undefined;
}

/** What the newest failed generation wanted of an instance, if it is not what runs. */
function failureOf(
  input: TickInput,
  state: ClusterState,
  placement: PlacementDoc | undefined,
  vm: string,
): WhyInput["failed"] {
  const { rollout, active } = state.cluster;
  if (rollout?.state !== "failed" || rollout.generation <= active) return null;
  const { generation } = rollout;
  const view = specIn(input, state, generation, vm);
  if (view === undefined || view.runtimeHash === placement?.runtimeHash) {
    return null;
  }
  const reason = state.generations.get(generation)?.reason ?? rollout.message;
  return { generation, reason };
}

/** Explains one VM of a cluster; null: there is none, and none is asked for. */
export function whyVm(
  input: TickInput,
  state: ClusterState,
  vm: string,
): Why | null {
  const copies = input.placementsOf(state.cluster.name)
    .filter((copy) => copy.vm === vm);
  const rank = ({ leaving, surge }: PlacementDoc) =>
    2 * Number(leaving) + Number(surge);
  const [placement] = copies.sort((a, b) => rank(a) - rank(b));
  const { generation } = targetOf(state);
  const wanted = specIn(input, state, generation, vm);
  const failed = failureOf(input, state, placement, vm);
  if (placement === undefined && wanted === undefined && failed === null) {
    return null;
  }
  return explainVm({
    vm,
    placement,
    seen: placement === undefined ? undefined : input.observed.of(placement),
    request: wanted === undefined
      ? undefined
      : requestFor(input, state, wanted, vm, placement),
    room: input.room,
    report: input.reports.get(state.cluster.name)?.get(vm),
    failed,
  });
}

function requestFor(
  input: TickInput,
  state: ClusterState,
  { spec }: SpecView,
  vm: string,
  placement: PlacementDoc | undefined,
): PlacingRequest {
  const { generation } = targetOf(state);
  const only = spec.volumes.length > 0 ? input.volumeOf(vm) : undefined;
  const bytesPresent = input.closureShareOf?.(spec);
  return {
    vm,
    spec,
    size: sizeOf(spec),
    avoid: placement?.avoid ?? [],
    nowMs: input.nowMs,
    policy: state.generations.get(generation)?.placement ?? "spread",
    ...(bytesPresent === undefined ? {} : { bytesPresent }),
    ...(only === undefined ? {} : { only }),
  };
}
