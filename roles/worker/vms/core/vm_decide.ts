/**
 * What is to be done about a VM, whatever event it was: compares what should
 * run with what does. Pure.
 *
 * @module
 */
import { isExclusive, startHindrance } from "../../fencing/core/fencing.ts";
import { dueChecks, probeBegun, withChecks } from "./health.ts";
import { sameRuntime, type Target } from "./ledger.ts";
import { changeWay } from "./switching.ts";
import { judge } from "./vm_judge.ts";
import { noteHealth } from "./vm_events.ts";
import { beginSwitch, giveUpSwitch } from "./vm_switch.ts";
import {
  fallbackTarget,
  type Guest,
  type GuestOn,
  isPaused,
  runs,
  runsAlone,
  startsUnpublished,
  unpublished,
  type Wanted,
  wantedOf,
} from "./vm_state.ts";
import {
  isBlocked,
  save,
  set,
  setAttempt,
  setLedger,
  stopGuest,
  takeOp,
  type Work,
} from "./work.ts";

export function decide(work: Work): void {
  if (work.vm.unsaved && !isBlocked(work)) {
    save(work, "progress");
  }
  judge(work);
  const wanted = wantedOf(work.vm);
  if (wanted.kind === "target") {
    // What has long been healthy is not waited for.
    if (begin(work, wanted.target)) judge(work);
  } // Wanted again later it has its whole time.
  else if (wanted.kind === "nothing") disarm(work);
  dropStaleSupply(work, wanted.kind === "target" ? wanted.target : null);
  const { guest } = work.vm;
  if (work.vm.remake) return clear(work);
  switch (guest.kind) {
    case "starting":
    case "stopping":
    case "forgetting":
    case "forgotten":
      return;
    case "switching":
      return whileSwitching(work, guest, wanted);
    case "on":
      if (wanted.kind === "nothing") return stopGuest(work, guest);
      if (wanted.kind === "target" && !runs(guest, wanted.target)) {
        replace(work, guest, wanted);
      } else if (wanted.kind === "target") keep(work, guest, wanted);
      publishDue(work);
      return probeDue(work);
    case "off":
    case "ended":
      if (wanted.kind === "target") return bringUp(work, wanted);
      if (wanted.kind === "nothing" && work.vm.desired.kind === "none") {
        forget(work);
      }
  }
}

/** On the way to being forgotten; what is ordered then begins as new. */
function clear(work: Work): void {
  const { guest } = work.vm;
  if (guest.kind === "on") stopGuest(work, guest);
  else if (guest.kind === "switching") {
    stopGuest(work, giveUpSwitch(work, guest));
  } else if (guest.kind === "off" || guest.kind === "ended") forget(work);
}

/** Opens an attempt when the target is another one than that of the last; true then. */
function begin(work: Work, target: Target): boolean {
  const { attempt, lastHealthy } = work.vm.ledger;
  if (attempt !== null && sameRuntime(attempt.target, target)) {
    // The same runtime under another policy or generation.
    const { spec, generation } = attempt.target;
    const isSame = spec === target.spec && generation === target.generation;
    if (!isSame) setAttempt(work, { target });
    return false;
  }
  set(work, { lastEnd: "" });
  setLedger(work, {
    crashes: 0,
    attempt: {
      target,
      orderedAtMs: work.at,
      startedAtMs: null,
      deadlineMs: null,
      healthySinceMs: null,
      settled: lastHealthy?.runtimeHash === target.runtimeHash,
      seconds: { copy: null, boot: null, healthy: null },
    },
  });
  return true;
}

function dropStaleSupply(work: Work, wanted: Target | null): void {
  const { supply } = work.vm;
  if (supply.kind === "none") return;
  if (wanted !== null && supply.target.runtimeHash === wanted.runtimeHash) {
    return;
  }
  if (supply.kind === "fetching") work.actions.push({ kind: "cancelFetch" });
  set(work, { supply: { kind: "none" } });
}

/** True when the closures are here; asks for them otherwise. */
function supplied(work: Work, target: Target): boolean {
  const { supply, desired } = work.vm;
  if (supply.kind === "ready") return true;
  if (supply.kind === "fetching" || isBlocked(work)) return false;
  const op = takeOp(work);
  const sinceMs = work.at;
  const progress = "copying closures";
  set(work, { supply: { kind: "fetching", target, op, sinceMs, progress } });
  const fallback = desired.kind === "order"
    ? fallbackTarget(desired.order)
    : null;
  work.actions.push({
    kind: "fetch",
    op,
    target,
    fallback: fallback?.runtimeHash === target.runtimeHash ? null : fallback,
  });
  return false;
}

function disarm(work: Work): void {
  const { attempt } = work.vm.ledger;
  if (attempt?.deadlineMs != null) setAttempt(work, { deadlineMs: null });
}

/** Arms the deadline of a change in the ledger before anything is touched. */
function arm(work: Work, judged: boolean): void {
  const { attempt } = work.vm.ledger;
  if (attempt === null) return;
  if (judged && !attempt.settled && attempt.deadlineMs === null) {
    const { healthyDeadlineMs } = attempt.target.spec.update;
    setAttempt(work, { deadlineMs: work.at + healthyDeadlineMs });
  }
  save(work, "armed");
}

function replace(
  work: Work,
  guest: GuestOn,
  wanted: { target: Target; judged: boolean },
): void {
  if (!supplied(work, wanted.target) || isBlocked(work)) return;
  // What could not be started afterwards is no reason to stop what runs.
  if (startHindrance(wanted.target.spec, work.vm.fencing) !== null) return;
  const way = changeWay(guest, wanted.target);
  if (way.kind === "switch") {
    const { target, judged } = wanted;
    return beginSwitch(work, guest, { target, arm: () => arm(work, judged) });
  }
  arm(work, wanted.judged);
  const { reason } = way;
  set(work, { change: reason === "" ? "" : `restarted: ${reason}` });
  stopGuest(work, guest);
}

/** A switch ends by itself, in a bounded time; what is not worth waiting for is given up. */
function whileSwitching(
  work: Work,
  guest: Extract<Guest, { kind: "switching" }>,
  wanted: Wanted,
): void {
  if (wanted.kind === "nothing") {
    return stopGuest(work, giveUpSwitch(work, guest));
  }
  const { refused } = work.vm.ledger;
  const isRefused = refused?.runtimeHash === guest.target.runtimeHash;
  if (wanted.kind !== "target" || !isRefused) return;
  // Its deadline has passed.
  if (!sameRuntime(guest.target, wanted.target)) {
    replace(work, giveUpSwitch(work, guest), wanted);
  }
}

function bringUp(
  work: Work,
  wanted: { target: Target; judged: boolean },
): void {
  const { guest, desired } = work.vm;
  if (guest.kind === "ended") {
    const revision = desired.kind === "order" ? desired.order.orderRevision : 0;
    const same = sameRuntime(guest.target, wanted.target) &&
      guest.orderRevision === revision;
    if (same) return;
    set(work, { guest: { kind: "off", untilMs: work.at } });
  }
  if (!supplied(work, wanted.target)) return;
  if (isBlocked(work)) return;
  if (guest.kind === "off" && work.at < guest.untilMs) return;
  // Not armed: the former copy's end is not this one's time.
  if (work.vm.isBeside && runsAlone(wanted.target.spec)) return;
  const { fencing } = work.vm;
  if (startHindrance(wanted.target.spec, fencing) !== null) return;
  arm(work, wanted.judged);
  const op = takeOp(work);
  const { target } = wanted;
  const publishes = !startsUnpublished(work.vm);
  set(work, { guest: { kind: "starting", target, op, early: null } });
  const lease = isExclusive(target.spec) && fencing.kind === "open"
    ? fencing.lease
    : null;
  work.actions.push({ kind: "start", op, target, publishes, lease });
}

/** The right guest runs: a change of policy is taken over without touching it. */
function keep(
  work: Work,
  guest: GuestOn,
  { target, judged }: { target: Target; judged: boolean },
): void {
  const { attempt } = work.vm.ledger;
  // It ran before this order came, or before the ledger was lost.
  if (judged && attempt?.settled === false && attempt.deadlineMs === null) {
    arm(work, judged);
  }
  const { spec, generation } = guest.target;
  if (spec === target.spec && generation === target.generation) return;
  const health = withChecks(guest.health, target.spec.healthChecks, work.at);
  const on = { ...guest, target, health };
  set(work, { guest: on });
  noteHealth(work, on);
}

/** Takes published ports as soon as they are its own and free, without touching the guest. */
function publishDue(work: Work): void {
  const { guest, publishing } = work.vm;
  if (guest.kind !== "on" || publishing.kind === "asked") return;
  if (publishing.kind === "waiting" && work.at < publishing.untilMs) return;
  const ports = unpublished(work.vm, guest);
  if (ports.length === 0) {
    if (publishing.kind !== "idle") set(work, { publishing: { kind: "idle" } });
    return;
  }
  const attempts = publishing.kind === "waiting" ? publishing.attempts : 0;
  const op = takeOp(work);
  set(work, { publishing: { kind: "asked", op, attempts } });
  const { host, ports: reached } = guest;
  work.actions.push({ kind: "publish", op, host, reached, ports });
}

function probeDue(work: Work): void {
  const { guest } = work.vm;
  if (guest.kind !== "on" || isPaused(work.vm)) return;
  let health = guest.health;
  const checks = guest.target.spec.healthChecks;
  for (const check of dueChecks(health, checks, work.at)) {
    health = probeBegun(health, check, work.at);
    work.actions.push({
      kind: "probe",
      check,
      host: guest.host,
      ports: guest.ports,
      startedAtMs: health.startedAtMs,
    });
  }
  if (health !== guest.health) set(work, { guest: { ...guest, health } });
}

function forget(work: Work): void {
  if (isBlocked(work)) return;
  const op = takeOp(work);
  set(work, { guest: { kind: "forgetting", op } });
  work.actions.push({ kind: "forget", op });
}
