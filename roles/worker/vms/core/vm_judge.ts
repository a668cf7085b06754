/**
 * Judges a change: settled when it was healthy for its time, rolled back when
 * it was not healthy by its deadline. Pure.
 *
 * @module
 */
import { sameRuntime, type Target } from "./ledger.ts";
import {
  type GuestOn,
  isPaused,
  runs,
  secondsBetween,
  type Vm,
  wantedOf,
} from "./vm_state.ts";
import { save, setAttempt, setLedger, type Work } from "./work.ts";

/** Longest reason kept of a rollback. */
const MAX_REASON = 1000;

export function judge(work: Work): void {
  const wanted = wantedOf(work.vm);
  const { attempt } = work.vm.ledger;
  if (wanted.kind !== "target" || attempt === null || attempt.settled) return;
  if (!sameRuntime(attempt.target, wanted.target)) return;
  const { guest } = work.vm;
  if (isPaused(work.vm)) return;
  const on = guest.kind === "on" && runs(guest, wanted.target) ? guest : null;
  const since = on?.health.healthySinceMs ?? null;
  if (since !== null && on !== null) {
    const { minHealthyTimeMs } = wanted.target.spec.update;
    if (work.at >= since + minHealthyTimeMs) settle(work, wanted.target, on);
    return;
  }
  // Not while the former guest is being stopped: the time is not its successor's.
  if (!wanted.judged || guest.kind === "stopping") return;
  // Of a former order: this one has not been tried yet.
  const isOfNow = guest.kind === "ended" &&
    work.vm.desired.kind === "order" &&
    guest.orderRevision === work.vm.desired.order.orderRevision;
  if (isOfNow && sameRuntime(guest.target, wanted.target)) {
    return rollBack(work, `${guest.reason}, before it was healthy`);
  }
  if (work.vm.failure !== null || attempt.deadlineMs === null) return;
  // While closures are copied nothing can run: the end of the copying moves the deadline.
  if (on === null && work.vm.supply.kind === "fetching") return;
  if (work.at < attempt.deadlineMs) return;
  rollBack(work, deadlineReason(work.vm, wanted.target));
}

function deadlineReason(vm: Vm, target: Target): string {
  const { healthyDeadlineMs } = target.spec.update;
  if (vm.guest.kind === "switching") {
    return `not switched within ${healthyDeadlineMs} ms`;
  }
  const why = vm.guest.kind === "on"
    ? Object.entries(vm.guest.health.checks)
      .filter(([, { status }]) => status !== "passing")
      .map(([name, { message }]) => `${name}: ${message || "no result"}`)
      .join("; ")
    : `it ended ${vm.ledger.crashes} times${
      vm.lastEnd === "" ? "" : `, at last: ${vm.lastEnd}`
    }`;
  return `not healthy within ${healthyDeadlineMs} ms: ${why}`;
}

function settle(work: Work, target: Target, guest: GuestOn): void {
  const { attempt, order, switched } = work.vm.ledger;
  if (attempt === null) return;
  const answered = guest.health.firstAnswerAtMs ?? guest.health.startedAtMs;
  const healthy = secondsBetween(answered, work.at);
  setAttempt(work, {
    settled: true,
    deadlineMs: null,
    seconds: { ...attempt.seconds, healthy },
  });
  setLedger(work, { lastHealthy: target });
  save(work, "settled");
  const keep = new Set([target.runtimeHash]);
  // What a switch did not restart runs from the closure that was booted.
  if (switched != null) keep.add(switched.booted);
  if (order?.fallback.kind === "spec") keep.add(order.fallback.runtimeHash);
  work.actions.push({ kind: "prune", keep: [...keep] });
}

/** Refuses the order's hash: from here on the fallback is what is wanted. */
export function rollBack(work: Work, reason: string): void {
  if (work.vm.desired.kind !== "order") return;
  const { order } = work.vm.desired;
  setLedger(work, {
    attempt: null,
    refused: {
      runtimeHash: order.runtimeHash,
      orderRevision: order.orderRevision,
      generation: order.generation,
      reason: reason.slice(0, MAX_REASON),
    },
  });
  save(work, "rolledBack");
  const { lastHealthy, switched } = work.vm.ledger;
  const keep = new Set(lastHealthy === null ? [] : [lastHealthy.runtimeHash]);
  if (switched != null) keep.add(switched.booted);
  if (order.fallback.kind === "spec") keep.add(order.fallback.runtimeHash);
  // With nothing to go back to it stays pinned: an empty list would forget the copy.
  if (keep.size > 0) work.actions.push({ kind: "prune", keep: [...keep] });
}
