/**
 * What each event makes of a VM's state, before anything is decided. Pure.
 *
 * @module
 */
import type { Order } from "../../../model/assignment.ts";
import { type Fencing, isExclusive } from "../../fencing/core/fencing.ts";
import { probed, startHealth } from "./health.ts";
import { again, paused, resumed } from "./vm_asked.ts";
import { copyOf, emptyLedger, sameRuntime, type Target } from "./ledger.ts";
import { hostRetryMs, mayRestart, restartDelayMs } from "./restart.ts";
import { exitedInSwitch, switchEnded } from "./vm_switch.ts";
import type { ExitEvent, VmEvent } from "./vm_messages.ts";
import { type GuestOn, isPaused, runs, secondsBetween } from "./vm_state.ts";
import {
  hostFailed,
  save,
  set,
  setAttempt,
  setLedger,
  type Work,
} from "./work.ts";

export function absorb(work: Work, event: VmEvent): void {
  switch (event.kind) {
    case "ordered":
      return ordered(work, event.order);
    case "fetched":
    case "fetchFailed":
      return fetchEnded(work, event);
    case "fetchProgress":
      return fetchGoesOn(work, event);
    case "started":
    case "startFailed":
      return startEnded(work, event);
    case "switched":
    case "switchFailed":
      return switchEnded(work, event);
    case "stopped":
    case "stopFailed":
      return stopEnded(work, event);
    case "exited":
      return exited(work, event);
    case "probed":
      return probeEnded(work, event);
    case "saveFailed":
      hostFailed(work, event.failure);
      disarm(work);
      return set(work, { unsaved: true });
    case "saved":
      return saved(work);
    case "forgotten":
      return forgotten(work, event.op);
    case "fenced":
      return fenced(work, event.fencing);
    case "slept":
      return slept(work, event.ms);
    case "beside":
      return beside(work, event.isBeside);
    case "published":
    case "publishFailed":
      return publishEnded(work, event);
    case "paused":
      return event.isPaused ? paused(work, event) : resumed(work);
    case "again":
      return again(work, event.stops);
    case "remake":
      return set(work, { remake: true, failure: null });
    case "tick":
      return;
  }
}

/** Time the host wastes is not the image's: the deadline is armed again with the next try. */
function disarm(work: Work): void {
  const { guest, ledger: { attempt } } = work.vm;
  if (attempt === null) return;
  const runs = guest.kind === "on" && sameRuntime(guest.target, attempt.target);
  if (!runs) setAttempt(work, { deadlineMs: null });
}

/** Fencing beats rollback and restart: time without a lease is judged by nobody. */
function fenced(work: Work, fencing: Fencing): void {
  set(work, { fencing });
  const { attempt } = work.vm.ledger;
  if (fencing.kind !== "shut" || attempt === null) return;
  if (isExclusive(attempt.target.spec)) setAttempt(work, { deadlineMs: null });
}

/** The fence has ended the guest: it is started again when the fence allows it, as if it had never run. */
export function endedByFence(work: Work): void {
  setAttempt(work, {
    startedAtMs: null,
    healthySinceMs: null,
    deadlineMs: null,
  });
  save(work, "progress");
}

/** There is room again; what is still unsaved is tried at once. */
function saved(work: Work): void {
  if (work.vm.failure?.host.kind === "disk") set(work, { failure: null });
}

/** Moves the deadline of a change whose guest does not run. */
function postpone(work: Work, ms: number): void {
  const { guest, ledger: { attempt } } = work.vm;
  if (attempt === null || attempt.deadlineMs === null) return;
  if (guest.kind === "on" && sameRuntime(guest.target, attempt.target)) return;
  setAttempt(work, { deadlineMs: attempt.deadlineMs + ms });
}

/** The host was suspended or the worker frozen: that time counts neither against a change nor for it. */
export function slept(work: Work, ms: number): void {
  const { guest, ledger: { attempt } } = work.vm;
  // The end of the pause counts it all.
  if (isPaused(work.vm)) return;
  if (attempt !== null && attempt.deadlineMs !== null) {
    setAttempt(work, { deadlineMs: attempt.deadlineMs + ms });
  }
  if (guest.kind !== "on") return;
  const later = (since: number) => Math.min(work.at, since + ms);
  const { health } = guest;
  const on = {
    ...guest,
    health: {
      ...health,
      watchedFromMs: later(health.watchedFromMs),
      healthySinceMs: health.healthySinceMs === null
        ? null
        : later(health.healthySinceMs),
    },
  };
  set(work, { guest: on });
  noteHealth(work, on);
}

function forgotten(work: Work, op: number): void {
  const { guest, desired, ledger } = work.vm;
  if (guest.kind !== "forgetting" || guest.op !== op) return;
  if (desired.kind === "none") {
    return set(work, { guest: { kind: "forgotten" } });
  }
  // Ordered again meanwhile, or asked to: it begins as one that was never here.
  set(work, {
    remake: false,
    change: "",
    guest: { kind: "off", untilMs: work.at },
    ledger: {
      ...emptyLedger(copyOf(ledger), ledger.bootId),
      order: ledger.order,
    },
  });
}

/** Another copy of this VM has come or gone; what it held may be free now. */
function beside(work: Work, isBeside: boolean): void {
  set(work, { isBeside });
  const { publishing } = work.vm;
  if (!isBeside && publishing.kind === "waiting") {
    set(work, { publishing: { ...publishing, untilMs: work.at } });
  }
}

function publishEnded(
  work: Work,
  event: Extract<VmEvent, { kind: "published" | "publishFailed" }>,
): void {
  const { guest, publishing } = work.vm;
  if (publishing.kind !== "asked" || publishing.op !== event.op) return;
  if (guest.kind !== "on") return set(work, { publishing: { kind: "idle" } });
  if (event.kind === "published") {
    const { ports, forwarded } = event;
    return set(work, {
      guest: {
        ...guest,
        ports,
        ...(forwarded === undefined ? {} : { forwarded }),
      },
      publishing: { kind: "idle" },
    });
  }
  const attempts = publishing.attempts + 1;
  const untilMs = work.at + hostRetryMs(attempts);
  const { message } = event;
  set(work, { publishing: { kind: "waiting", attempts, untilMs, message } });
}

function ordered(work: Work, order: Order | null): void {
  const { ledger } = work.vm;
  const last = ledger.order;
  set(work, {
    desired: order === null ? { kind: "none" } : { kind: "order", order },
  });
  if (
    ledger.refused !== null &&
    (order === null || order.orderRevision > ledger.refused.orderRevision)
  ) {
    setLedger(work, { refused: null });
  }
  setLedger(work, { order });
  const changed = order === null || last === null ||
    !sameRuntime(order, last) || order.orderRevision !== last.orderRevision;
  // A failure that stood in the way of the former order says nothing of this one.
  if (changed) set(work, { failure: null });
}

function fetchGoesOn(
  work: Work,
  { op, progress }: Extract<VmEvent, { kind: "fetchProgress" }>,
): void {
  const { supply } = work.vm;
  if (supply.kind !== "fetching" || supply.op !== op) return;
  set(work, { supply: { ...supply, progress } });
}

function fetchEnded(
  work: Work,
  event: Extract<VmEvent, { kind: "fetched" | "fetchFailed" }>,
): void {
  const { supply } = work.vm;
  if (supply.kind !== "fetching" || supply.op !== event.op) return;
  if (event.kind === "fetchFailed") {
    set(work, { supply: { kind: "none" } });
    disarm(work);
    return hostFailed(work, event.failure);
  }
  // Copying is the host's time, also when a guest that crashed waits for it.
  postpone(work, work.at - supply.sinceMs);
  set(work, {
    supply: { kind: "ready", target: supply.target },
    failure: null,
  });
  const { attempt } = work.vm.ledger;
  if (attempt !== null && attempt.seconds.copy === null) {
    const copy = secondsBetween(attempt.orderedAtMs, work.at);
    setAttempt(work, { seconds: { ...attempt.seconds, copy } });
  }
}

function startEnded(
  work: Work,
  event: Extract<VmEvent, { kind: "started" | "startFailed" }>,
): void {
  const { guest } = work.vm;
  if (guest.kind !== "starting" || guest.op !== event.op) return;
  if (event.kind === "startFailed") return startFailed(work, guest, event);
  const checks = guest.target.spec.healthChecks;
  const on: GuestOn = {
    kind: "on",
    target: guest.target,
    host: event.host,
    ports: event.ports,
    health: startHealth(checks, event.startedAtMs),
  };
  set(work, { guest: on, failure: null });
  if (work.vm.ledger.pausedAtMs != null) setLedger(work, { pausedAtMs: null });
  if (work.vm.ledger.switched != null) setLedger(work, { switched: null });
  const { attempt } = work.vm.ledger;
  // The order may have changed during the start: the next attempt has not begun.
  if (attempt !== null && sameRuntime(attempt.target, on.target)) {
    const { startedAtMs } = event;
    setAttempt(work, { startedAtMs, healthySinceMs: null });
  }
  save(work, "progress");
  noteHealth(work, on);
  if (guest.early !== null) exited(work, { ...guest.early, at: work.at });
}

function startFailed(
  work: Work,
  guest: { target: Target },
  event: Extract<VmEvent, { kind: "startFailed" }>,
): void {
  set(work, { guest: { kind: "off", untilMs: work.at } });
  if (event.failure === null) {
    return crashed(work, guest.target, {
      clean: false,
      reason: event.message,
    });
  }
  hostFailed(work, event.failure);
  disarm(work);
  // A disk that has just refused the ledger is not asked at once.
  if (!work.vm.unsaved) save(work, "progress");
}

function stopEnded(
  work: Work,
  event: Extract<VmEvent, { kind: "stopped" | "stopFailed" }>,
): void {
  const { guest } = work.vm;
  if (guest.kind !== "stopping" || guest.op !== event.op) return;
  if (event.kind === "stopFailed") {
    set(work, { guest: guest.was });
    disarm(work);
    return hostFailed(work, event.failure);
  }
  set(work, { guest: { kind: "off", untilMs: work.at } });
  if (work.vm.ledger.switched != null) setLedger(work, { switched: null });
  const { attempt } = work.vm.ledger;
  if (attempt === null) return;
  if (sameRuntime(attempt.target, guest.was.target)) {
    setAttempt(work, { startedAtMs: null, healthySinceMs: null });
  } else {
    // Stopping the former guest took time that is not the next one's: it is armed again with its start.
    setAttempt(work, { deadlineMs: null });
  }
}

function exited(work: Work, event: ExitEvent): void {
  const { guest } = work.vm;
  if (guest.kind === "starting") {
    return set(work, { guest: { ...guest, early: event } });
  }
  // An end while it is being stopped is what was asked for.
  if (guest.kind !== "on" && guest.kind !== "switching") return;
  if (work.vm.ledger.switched != null) setLedger(work, { switched: null });
  set(work, { change: "" });
  if (event.fenced) {
    set(work, { guest: { kind: "off", untilMs: work.at } });
    return endedByFence(work);
  }
  if (guest.kind === "switching") return exitedInSwitch(work, guest, event);
  const upMs = work.at - guest.health.startedAtMs;
  // A guest that stayed up for the longest back-off has recovered.
  if (upMs >= guest.target.spec.restart.maxDelayMs) {
    setLedger(work, { crashes: 0 });
  }
  set(work, { guest: { kind: "off", untilMs: work.at } });
  crashed(work, guest.target, event);
}

/** It ended by itself: started again after a wait, or left, as its policy says. */
export function crashed(
  work: Work,
  target: Target,
  end: { clean: boolean; reason: string },
): void {
  const { ledger, desired } = work.vm;
  const attempt = ledger.attempt;
  if (attempt === null || desired.kind !== "order") return;
  // It was about to be replaced: the next one comes up as soon as it can.
  if (!sameRuntime(attempt.target, target)) return;
  const { restart } = target.spec;
  set(work, { lastEnd: end.reason });
  setAttempt(work, { startedAtMs: null, healthySinceMs: null });
  if (!mayRestart(restart, end.clean)) {
    const reason = `${end.reason}, restart policy ${restart.policy}`;
    const { orderRevision } = desired.order;
    set(work, {
      guest: { kind: "ended", target, orderRevision, reason },
    });
    return save(work, "progress");
  }
  const crashes = ledger.crashes + 1;
  setLedger(work, { crashes, restarts: ledger.restarts + 1 });
  const untilMs = work.at + restartDelayMs(restart, work.vm.ledger.crashes);
  set(work, { guest: { kind: "off", untilMs } });
  save(work, "progress");
}

function probeEnded(
  work: Work,
  event: Extract<VmEvent, { kind: "probed" }>,
): void {
  const { guest } = work.vm;
  if (guest.kind !== "on" || isPaused(work.vm)) return;
  if (guest.health.startedAtMs !== event.startedAtMs) return;
  const checks = guest.target.spec.healthChecks;
  const health = probed(guest.health, checks, event, work.at);
  const on = { ...guest, health };
  set(work, { guest: on });
  noteHealth(work, on);
}

/** Carries what the ledger keeps of a guest's health into it. */
export function noteHealth(work: Work, guest: GuestOn): void {
  const { attempt } = work.vm.ledger;
  if (attempt === null || !runs(guest, attempt.target)) return;
  const { firstAnswerAtMs, healthySinceMs, watchedFromMs } = guest.health;
  if (healthySinceMs !== null) set(work, { lastEnd: "" });
  const hasBooted = firstAnswerAtMs !== null && attempt.seconds.boot === null;
  if (hasBooted) {
    const boot = secondsBetween(watchedFromMs, firstAnswerAtMs);
    setAttempt(work, { seconds: { ...attempt.seconds, boot } });
  }
  if (healthySinceMs !== attempt.healthySinceMs) {
    setAttempt(work, { healthySinceMs });
  } else if (!hasBooted) return;
  save(work, "progress");
}
