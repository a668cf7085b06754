/**
 * The state machine of one VM: what an event makes of it, and what is to be
 * done. Pure and level-triggered: after every event `decide` compares what
 * should run with what does, whatever the event was.
 *
 * ```text
 *            fetched            started           healthy for minHealthyTime
 *   off ──▶ (fetching) ──▶ starting ──▶ on ·········▶ on, settled
 *    ▲          │ save "armed"│           │ │              │ ended
 *    │ back-off └─────────────┘ failed    │ │ deadline     ▼
 *    ├──────────────────────◀─────────────┘ │         off (back-off) or
 *    │                      ended           ▼         ended (policy)
 *    └───────────◀── stopping ◀── save "rolledBack": the wanted target is now the fallback
 *
 *   no order: on ──▶ stopping ──▶ off ──▶ forgetting ──▶ forgotten
 * ```
 *
 * A new runtimeHash is fetched while the old guest runs; then the deadline is
 * armed in the ledger, the old one stopped, the new one started. Failures of
 * the host disarm it: they are retried, they do not roll back.
 *
 * @module
 */
import type { Order } from "../../model/assignment.ts";
import type { HostFailure } from "../../model/observed.ts";
import {
  dueChecks,
  probeBegun,
  probed,
  restoreHealth,
  startHealth,
  withChecks,
} from "./health.ts";
import {
  type Attempt,
  emptyLedger,
  type Ledger,
  sameRuntime,
  type Target,
} from "./ledger.ts";
import { hostRetryMs, mayRestart, restartDelayMs } from "./restart.ts";
import {
  type Action,
  type ExitEvent,
  fallbackTarget,
  type GuestOn,
  orderTarget,
  type SaveReason,
  secondsBetween,
  type Vm,
  type VmEvent,
  wantedOf,
} from "./vm_state.ts";

/** What a step makes of a VM. */
export interface Step {
  vm: Vm;
  actions: Action[];
}

/** The state while a step is made. */
interface Work {
  vm: Vm;
  readonly actions: Action[];
  readonly at: number;
}

/** Longest reason kept of a rollback. */
const MAX_REASON = 1000;

/** A VM that is not known yet. */
export function newVm(id: string, bootId: string): Vm {
  return {
    id,
    desired: { kind: "unknown" },
    supply: { kind: "none" },
    guest: { kind: "off", untilMs: 0 },
    ledger: emptyLedger(id, bootId),
    failure: null,
    unsaved: false,
    nextOp: 1,
  };
}

/** The VM after an event, and what is to be done. */
export function step(vm: Vm, event: VmEvent): Step {
  const work: Work = { vm, actions: [], at: event.at };
  absorb(work, event);
  decide(work);
  return { vm: work.vm, actions: work.actions };
}

function set(work: Work, change: Partial<Vm>): void {
  work.vm = { ...work.vm, ...change };
}

function setLedger(work: Work, change: Partial<Ledger>): void {
  set(work, { ledger: { ...work.vm.ledger, ...change } });
}

function setAttempt(work: Work, change: Partial<Attempt>): void {
  const { attempt } = work.vm.ledger;
  if (attempt !== null) setLedger(work, { attempt: { ...attempt, ...change } });
}

function save(work: Work, reason: SaveReason): void {
  set(work, { unsaved: false });
  work.actions.push({ kind: "save", ledger: work.vm.ledger, reason });
}

function takeOp(work: Work): number {
  const op = work.vm.nextOp;
  set(work, { nextOp: op + 1 });
  return op;
}

function hostFailed(work: Work, host: HostFailure): void {
  const attempts = (work.vm.failure?.attempts ?? 0) + 1;
  const untilMs = work.at + hostRetryMs(attempts);
  set(work, { failure: { host, attempts, untilMs } });
}

// ---- events ----

function absorb(work: Work, event: VmEvent): void {
  switch (event.kind) {
    case "ordered":
      return ordered(work, event.order);
    case "fetched":
    case "fetchFailed":
      return fetchEnded(work, event);
    case "started":
    case "startFailed":
      return startEnded(work, event);
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
    case "forgotten":
      return forgotten(work, event.op);
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

function forgotten(work: Work, op: number): void {
  const { guest, desired, ledger } = work.vm;
  if (guest.kind !== "forgetting" || guest.op !== op) return;
  if (desired.kind === "none") {
    return set(work, { guest: { kind: "forgotten" } });
  }
  // Ordered again meanwhile: it begins as one that was never here.
  set(work, {
    guest: { kind: "off", untilMs: work.at },
    ledger: {
      ...emptyLedger(ledger.vm, ledger.bootId),
      order: ledger.order,
    },
  });
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

function fetchEnded(
  work: Work,
  event: Extract<VmEvent, { kind: "fetched" | "fetchFailed" }>,
): void {
  const { supply } = work.vm;
  if (supply.kind !== "fetching" || supply.op !== event.op) return;
  if (event.kind === "fetchFailed") {
    set(work, { supply: { kind: "none" } });
    return hostFailed(work, event.failure);
  }
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
  setAttempt(work, { startedAtMs: event.startedAtMs, healthySinceMs: null });
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
  save(work, "progress");
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
  const { attempt } = work.vm.ledger;
  if (attempt !== null && sameRuntime(attempt.target, guest.was.target)) {
    setAttempt(work, { startedAtMs: null, healthySinceMs: null });
  }
}

function exited(work: Work, event: ExitEvent): void {
  const { guest } = work.vm;
  if (guest.kind === "starting") {
    return set(work, { guest: { ...guest, early: event } });
  }
  // An end while it is being stopped is what was asked for.
  if (guest.kind !== "on") return;
  const upMs = work.at - guest.health.startedAtMs;
  // A guest that stayed up for the longest back-off has recovered.
  if (upMs >= guest.target.spec.restart.maxDelayMs) {
    setLedger(work, { crashes: 0 });
  }
  set(work, { guest: { kind: "off", untilMs: work.at } });
  crashed(work, guest.target, event);
}

/** It ended by itself: started again after a wait, or left, as its policy says. */
function crashed(
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
  if (guest.kind !== "on") return;
  if (guest.health.startedAtMs !== event.startedAtMs) return;
  const checks = guest.target.spec.healthChecks;
  const health = probed(guest.health, checks, event, work.at);
  const on = { ...guest, health };
  set(work, { guest: on });
  noteHealth(work, on);
}

/** Carries what the ledger keeps of a guest's health into it. */
function noteHealth(work: Work, guest: GuestOn): void {
  const { attempt } = work.vm.ledger;
  if (attempt === null || !sameRuntime(attempt.target, guest.target)) return;
  const { firstAnswerAtMs, healthySinceMs, startedAtMs } = guest.health;
  if (firstAnswerAtMs !== null && attempt.seconds.boot === null) {
    const boot = secondsBetween(startedAtMs, firstAnswerAtMs);
    setAttempt(work, { seconds: { ...attempt.seconds, boot } });
  }
  if (healthySinceMs !== attempt.healthySinceMs) {
    setAttempt(work, { healthySinceMs });
    save(work, "progress");
  }
}

// ---- decisions ----

function decide(work: Work): void {
  if (work.vm.unsaved && !isBlocked(work)) {
    set(work, { failure: null });
    save(work, "progress");
  }
  judge(work);
  const wanted = wantedOf(work.vm);
  if (wanted.kind === "target") begin(work, wanted.target);
  dropStaleSupply(work, wanted.kind === "target" ? wanted.target : null);
  const { guest } = work.vm;
  switch (guest.kind) {
    case "starting":
    case "stopping":
    case "forgetting":
    case "forgotten":
      return;
    case "on":
      if (wanted.kind === "nothing") return stop(work, guest);
      if (
        wanted.kind === "target" && !sameRuntime(guest.target, wanted.target)
      ) {
        replace(work, guest, wanted);
      } else if (wanted.kind === "target") keep(work, guest, wanted.target);
      return probeDue(work);
    case "off":
    case "ended":
      if (wanted.kind === "target") return bringUp(work, wanted);
      if (wanted.kind === "nothing" && work.vm.desired.kind === "none") {
        forget(work);
      }
  }
}

function isBlocked(work: Work): boolean {
  return work.vm.failure !== null && work.at < work.vm.failure.untilMs;
}

/** Opens an attempt when the target is another one than that of the last. */
function begin(work: Work, target: Target): void {
  const { attempt, lastHealthy } = work.vm.ledger;
  if (attempt !== null && sameRuntime(attempt.target, target)) {
    // The same runtime under another policy or generation.
    setAttempt(work, { target });
    return;
  }
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
}

function judge(work: Work): void {
  const wanted = wantedOf(work.vm);
  const { attempt } = work.vm.ledger;
  if (wanted.kind !== "target" || attempt === null || attempt.settled) return;
  if (!sameRuntime(attempt.target, wanted.target)) return;
  const { guest } = work.vm;
  const on = guest.kind === "on" && sameRuntime(guest.target, wanted.target)
    ? guest
    : null;
  const since = on?.health.healthySinceMs ?? null;
  if (since !== null && on !== null) {
    const { minHealthyTimeMs } = wanted.target.spec.update;
    if (work.at >= since + minHealthyTimeMs) settle(work, wanted.target, on);
    return;
  }
  if (!wanted.judged) return;
  if (guest.kind === "ended" && sameRuntime(guest.target, wanted.target)) {
    return rollBack(work, `${guest.reason}, before it was healthy`);
  }
  if (work.vm.failure !== null || attempt.deadlineMs === null) return;
  if (work.at < attempt.deadlineMs) return;
  rollBack(work, deadlineReason(work.vm, wanted.target));
}

function deadlineReason(vm: Vm, target: Target): string {
  const { healthyDeadlineMs } = target.spec.update;
  const why = vm.guest.kind === "on"
    ? Object.entries(vm.guest.health.checks)
      .filter(([, { status }]) => status !== "passing")
      .map(([name, { message }]) => `${name}: ${message || "no result"}`)
      .join("; ")
    : `it ended ${vm.ledger.crashes} times`;
  return `not healthy within ${healthyDeadlineMs} ms: ${why}`;
}

function settle(work: Work, target: Target, guest: GuestOn): void {
  const { attempt, order } = work.vm.ledger;
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
  if (order?.fallback.kind === "spec") keep.add(order.fallback.runtimeHash);
  work.actions.push({ kind: "prune", keep: [...keep] });
}

/** Refuses the order's hash: from here on the fallback is what is wanted. */
function rollBack(work: Work, reason: string): void {
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
  set(work, { supply: { kind: "fetching", target, op } });
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
  arm(work, wanted.judged);
  stop(work, guest);
}

function stop(work: Work, guest: GuestOn): void {
  if (isBlocked(work)) return;
  const op = takeOp(work);
  set(work, { guest: { kind: "stopping", was: guest, op } });
  const gentle = guest.health.firstAnswerAtMs !== null;
  work.actions.push({ kind: "stop", op, gentle });
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
  arm(work, wanted.judged);
  const op = takeOp(work);
  const { target } = wanted;
  set(work, { guest: { kind: "starting", target, op, early: null } });
  work.actions.push({ kind: "start", op, target });
}

/** The right guest runs: a change of policy is taken over without touching it. */
function keep(work: Work, guest: GuestOn, target: Target): void {
  const { spec, generation } = guest.target;
  if (spec === target.spec && generation === target.generation) return;
  const health = withChecks(guest.health, target.spec.healthChecks, work.at);
  const on = { ...guest, target, health };
  set(work, { guest: on });
  noteHealth(work, on);
}

function probeDue(work: Work): void {
  const { guest } = work.vm;
  if (guest.kind !== "on") return;
  let { health } = guest;
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
  set(work, { guest: { ...guest, health } });
}

function forget(work: Work): void {
  if (isBlocked(work)) return;
  const op = takeOp(work);
  set(work, { guest: { kind: "forgetting", op } });
  work.actions.push({ kind: "forget", op });
}

// ---- after a restart of the worker ----

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

/**
 * The VM as a new worker process takes it over. `guest` is adopted when its
 * target is known, else `null` is returned for it: it has to be ended first.
 */
export function restoreVm(
  known: { ledger: Ledger; order: Order | null; found: FoundGuest | null },
  at: number,
): Vm | null {
  const { ledger, found } = known;
  const base: Vm = { ...newVm(ledger.vm, ledger.bootId), ledger };
  const order = known.order ?? ledger.order;
  const vm: Vm = order === null
    ? base
    : { ...base, desired: { kind: "order", order } };
  if (found === null) return endedWhileAway(vm, at);
  const target = knownTargets(ledger, known.order).find((candidate) =>
    sameRuntime(candidate, found)
  );
  if (target === undefined) return null;
  const { attempt } = ledger;
  const healthySinceMs =
    attempt !== null && sameRuntime(attempt.target, found) &&
      attempt.startedAtMs === found.startedAtMs
      ? attempt.healthySinceMs
      : null;
  const { startedAtMs, host, ports } = found;
  const health = restoreHealth(target.spec.healthChecks, {
    startedAtMs,
    healthySinceMs,
  });
  const adopted = attempt !== null && sameRuntime(attempt.target, found)
    ? { ...ledger, attempt: { ...attempt, startedAtMs } }
    : ledger;
  return {
    ...vm,
    ledger: adopted,
    guest: { kind: "on", target, host, ports, health },
  };
}

/** A guest that the ledger saw running and that is gone has ended while nobody watched. */
function endedWhileAway(vm: Vm, at: number): Vm {
  const { attempt } = vm.ledger;
  if (attempt === null || attempt.startedAtMs === null) return vm;
  const work: Work = { vm, actions: [], at };
  crashed(work, attempt.target, {
    clean: false,
    reason: "it ended while the worker was away",
  });
  return work.vm;
}
