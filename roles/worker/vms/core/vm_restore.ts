/**
 * A VM as a new worker process takes it over from its ledger, the last orders
 * and what the driver found running. Pure.
 *
 * @module
 */
import type { Order } from "../../../model/assignment.ts";
import { isExclusive, UNKNOWN_FENCING } from "../../fencing/core/fencing.ts";
import { restoreHealth } from "./health.ts";
import type { CopyId } from "../../../model/ids.ts";
import {
  copyOf,
  emptyLedger,
  type Ledger,
  sameRuntime,
  type Switched,
  type Target,
} from "./ledger.ts";
import { crashed, endedByFence } from "./vm_events.ts";
import {
  fallbackTarget,
  type GuestOn,
  orderTarget,
  type Vm,
} from "./vm_state.ts";
import type { Work } from "./work.ts";

/** A copy that is not known yet. */
export function newVm(copy: CopyId, bootId: string): Vm {
  return {
    id: copy.id,
    incarnation: copy.incarnation,
    desired: { kind: "unknown" },
    supply: { kind: "none" },
    guest: { kind: "off", untilMs: 0 },
    ledger: emptyLedger(copy, bootId),
    isBeside: false,
    fencing: UNKNOWN_FENCING,
    publishing: { kind: "idle" },
    failure: null,
    unsaved: false,
    remake: false,
    change: "",
    lastEnd: "",
    nextOp: 1,
  };
}

/** A guest of a former worker process, as the driver found it. */
export interface FoundGuest {
  incarnation: number;
  runtimeHash: string;
  host: string;
  ports: GuestOn["ports"];
  startedAtMs: number;
}

/** The targets a worker may have started for this VM, by its ledger and order. */
function knownTargets(ledger: Ledger, order: Order | null): Target[] {
  const targets: (Target | null)[] = [ledger.attempt?.target ?? null];
  for (const known of [ledger.order, order]) {
    if (known !== null) targets.push(orderTarget(known), fallbackTarget(known));
  }
  targets.push(ledger.lastHealthy);
  return targets.filter((target) => target !== null);
}

/** What the ledger says of the user space of this very VMM; null: it is what it was started with. */
function switchedOf(
  { switched = null }: Ledger,
  found: FoundGuest | null,
): Switched | null {
  return switched !== null && found !== null &&
      switched.booted === found.runtimeHash &&
      switched.startedAtMs === found.startedAtMs
    ? switched
    : null;
}

/**
 * The VM as a new worker process takes it over. `guest` is adopted when its
 * target is known, else `null` is returned for it: it has to be ended first.
 */
export function restoreVm(
  known: { ledger: Ledger; order: Order | null; found: FoundGuest | null },
  at: number,
): Vm | null {
  const { found } = known;
  const switched = switchedOf(known.ledger, found);
  const ledger = {
    ...withFairDeadline(known.ledger, at),
    // Of a VMM that has ended meanwhile it says nothing of the next one.
    switched,
  };
  const base: Vm = { ...newVm(copyOf(ledger), ledger.bootId), ledger };
  const order = known.order ?? ledger.order;
  const vm: Vm = order === null
    ? base
    : { ...base, desired: { kind: "order", order } };
  if (found === null) return endedWhileAway(vm, at);
  const target = switched?.now ??
    knownTargets(ledger, known.order).find((candidate) =>
      sameRuntime(candidate, found)
    );
  if (target === undefined) return null;
  const { attempt } = ledger;
  const isMixed = switched?.isMixed === true;
  const isTried = attempt !== null && sameRuntime(attempt.target, target) &&
    !isMixed;
  const healthySinceMs = isTried && attempt.startedAtMs === found.startedAtMs
    ? attempt.healthySinceMs
    : null;
  const { startedAtMs, host, ports } = found;
  const health = restoreHealth(target.spec.healthChecks, {
    startedAtMs,
    healthySinceMs,
    watchedFromMs: at,
  });
  const adopted = isTried
    ? { ...ledger, attempt: { ...attempt, startedAtMs } }
    : ledger;
  return {
    ...vm,
    ledger: adopted,
    guest: {
      kind: "on",
      target,
      host,
      ports,
      health,
      ...(isMixed ? { isMixed } : {}),
      ...(ledger.pausedAtMs == null ? {} : { pausedAtMs: ledger.pausedAtMs }),
    },
  };
}

/**
 * Nobody looked while there was no worker: a change that was not started is
 * armed again with its start, one that runs is probed before it is judged.
 */
function withFairDeadline(ledger: Ledger, at: number): Ledger {
  const { attempt, crashes } = ledger;
  if (attempt === null || attempt.deadlineMs === null) return ledger;
  if (attempt.startedAtMs === null) {
    // Between two starts of a guest that keeps ending the time is its own.
    if (crashes > 0) return ledger;
    return { ...ledger, attempt: { ...attempt, deadlineMs: null } };
  }
  const looksMs = attempt.target.spec.healthChecks.map((check) =>
    check.successes * check.intervalMs + check.timeoutMs
  );
  const earliestMs = at + Math.max(0, ...looksMs);
  const deadlineMs = Math.max(attempt.deadlineMs, earliestMs);
  return { ...ledger, attempt: { ...attempt, deadlineMs } };
}

/** A guest that the ledger saw running and that is gone has ended while nobody watched. */
function endedWhileAway(vm: Vm, at: number): Vm {
  const { attempt } = vm.ledger;
  if (attempt === null || attempt.startedAtMs === null) return vm;
  const work: Work = { vm, actions: [], at };
  // Nobody saw it; most likely the lease ended while we were away, which is no fault of its own.
  if (isExclusive(attempt.target.spec)) endedByFence(work);
  else {crashed(work, attempt.target, {
      clean: false,
      reason: "it ended while the worker was away",
    });}
  return work.vm;
}
