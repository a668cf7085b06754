/**
 * The part of the state machine in which a guest that runs gets another user
 * space. Pure.
 *
 * ```text
 *   on A ── save "armed" ──▶ switching ── switched ──▶ on B, judged as after a start
 *    ▲                          │ │ │
 *    └──── refused: restarted ──┘ │ └── lost ──▶ on B mixed: rolled back, and restarted
 *                                 └── failed ──▶ on B mixed: rolled back by switching to A
 * ```
 *
 * From the save on the ledger says that the user space may be a mixture: a new
 * worker process switches again, or restarts. The VMM stays the one that was
 * started for A, which is how the driver knows it.
 *
 * @module
 */
import { startHealth } from "./health.ts";
import { type Ledger, sameRuntime, type Target } from "./ledger.ts";
import { switchMs } from "./switching.ts";
import { crashed, noteHealth } from "./vm_events.ts";
import { rollBack } from "./vm_judge.ts";
import type { ExitEvent, VmEvent } from "./vm_messages.ts";
import { type Guest, type GuestOn, wantedOf } from "./vm_state.ts";
import {
  hostFailed,
  save,
  set,
  setAttempt,
  setLedger,
  takeOp,
  type Work,
} from "./work.ts";

type Switching = Extract<Guest, { kind: "switching" }>;
type SwitchEnd = Extract<VmEvent, { kind: "switched" | "switchFailed" }>;

/** What the VMM of this guest was started as, and when. */
function booted(ledger: Ledger, guest: GuestOn) {
  return ledger.switched ?? {
    booted: guest.target.runtimeHash,
    startedAtMs: guest.health.startedAtMs,
  };
}

/** Begins a switch; `arm` saves the ledger, which says so, before it is asked for. */
export function beginSwitch(
  work: Work,
  guest: GuestOn,
  { target, arm }: { target: Target; arm: () => void },
): void {
  const { switched: former = null } = work.vm.ledger;
  const vmm = booted(work.vm.ledger, guest);
  setLedger(work, { switched: { ...vmm, now: target, isMixed: true } });
  arm();
  const op = takeOp(work);
  set(work, {
    guest: { kind: "switching", was: guest, target, op, former },
    change: "switching in place",
  });
  const timeoutMs = switchMs(target);
  work.actions.push({ kind: "switch", op, target, timeoutMs });
}

export function switchEnded(work: Work, event: SwitchEnd): void {
  const { guest } = work.vm;
  if (guest.kind !== "switching" || guest.op !== event.op) return;
  if (event.kind === "switched") return switched(work, guest);
  const { was, target, former } = guest;
  const reason = event.message;
  switch (event.outcome) {
    case "unsaved":
      // Nothing was asked of the guest, and the disk knows nothing of a switch.
      setLedger(work, { switched: former });
      set(work, { guest: was });
      if (event.failure !== null) hostFailed(work, event.failure);
      return;
    case "refused":
      setLedger(work, { switched: former });
      return set(work, { guest: { ...was, noSwitch: reason } });
    case "failed":
      set(work, { guest: mixed(was, target) });
      return broken(work, target, reason);
    case "lost": {
      const noSwitch = `the switch got lost: ${reason}`;
      set(work, { guest: { ...mixed(was, target), noSwitch } });
      return broken(work, target, noSwitch);
    }
  }
}

/** What runs is neither the one nor the other. */
function mixed(was: GuestOn, target: Target): GuestOn {
  return { ...was, target, isMixed: true };
}

function switched(work: Work, { was, target }: Switching): void {
  const { switched: note } = work.vm.ledger;
  if (note == null) return;
  setLedger(work, { switched: { ...note, now: target, isMixed: false } });
  const { isMixed: _, noSwitch: __, ...rest } = was;
  const on: GuestOn = {
    ...rest,
    target,
    // From now on: what probes found before says nothing of this user space.
    health: startHealth(target.spec.healthChecks, work.at),
  };
  set(work, { guest: on, failure: null, change: "switched in place" });
  const { attempt } = work.vm.ledger;
  if (attempt !== null && sameRuntime(attempt.target, target)) {
    const { startedAtMs } = note;
    setAttempt(work, { startedAtMs, healthySinceMs: null });
  }
  save(work, "progress");
  noteHealth(work, on);
}

/** A switch that broke what ran: the image's fault, unless this is the way back already. */
function broken(work: Work, target: Target, reason: string): void {
  const wanted = wantedOf(work.vm);
  const { guest, ledger: { attempt } } = work.vm;
  const isJudged = wanted.kind === "target" && wanted.judged &&
    sameRuntime(wanted.target, target) && attempt?.settled === false;
  if (isJudged) return rollBack(work, reason);
  // It was healthy once: a boot puts it together as it was.
  if (guest.kind === "on") {
    set(work, { guest: { noSwitch: reason, ...guest } });
  }
}

/** Gives up a switch that is not worth waiting for: the guest is restarted, or ended. */
export function giveUpSwitch(work: Work, guest: Switching): GuestOn {
  const on: GuestOn = {
    ...mixed(guest.was, guest.target),
    noSwitch: "its switch did not end",
  };
  set(work, { guest: on });
  return on;
}

/** It ended while it was switched: as any guest of the new user space that crashes. */
export function exitedInSwitch(
  work: Work,
  { target }: Switching,
  event: ExitEvent,
): void {
  set(work, { guest: { kind: "off", untilMs: work.at } });
  crashed(work, target, event);
}
