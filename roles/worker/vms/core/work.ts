/**
 * The state of a VM while one step of its machine is made, and the changes all
 * parts of the machine have in common. Pure.
 *
 * @module
 */
import type { HostFailure } from "../../../model/observed.ts";
import type { Attempt, Ledger } from "./ledger.ts";
import { hostRetryMs } from "./restart.ts";
import type { Action, SaveReason } from "./vm_messages.ts";
import type { GuestOn, Vm } from "./vm_state.ts";

/** The state while a step is made. */
export interface Work {
  vm: Vm;
  readonly actions: Action[];
  readonly at: number;
}

export function set(work: Work, change: Partial<Vm>): void {
  work.vm = { ...work.vm, ...change };
}

export function setLedger(work: Work, change: Partial<Ledger>): void {
  set(work, { ledger: { ...work.vm.ledger, ...change } });
}

export function setAttempt(work: Work, change: Partial<Attempt>): void {
  const { attempt } = work.vm.ledger;
  if (attempt !== null) setLedger(work, { attempt: { ...attempt, ...change } });
}

export function save(work: Work, reason: SaveReason): void {
  set(work, { unsaved: false });
  work.actions.push({ kind: "save", ledger: work.vm.ledger, reason });
}

export function takeOp(work: Work): number {
  const op = work.vm.nextOp;
  set(work, { nextOp: op + 1 });
  return op;
}

export function hostFailed(work: Work, host: HostFailure): void {
  const { failure } = work.vm;
  // Nothing is tried while one stands in the way: this is of the same try.
  if (failure !== null && isBlocked(work)) {
    return set(work, { failure: { ...failure, host } });
  }
  const attempts = (work.vm.failure?.attempts ?? 0) + 1;
  const untilMs = work.at + hostRetryMs(attempts);
  set(work, { failure: { host, attempts, untilMs } });
}

/** Ends the guest; what never answered, or stands still, is not asked for long. */
export function stopGuest(work: Work, guest: GuestOn): void {
  if (isBlocked(work)) return;
  const op = takeOp(work);
  set(work, { guest: { kind: "stopping", was: guest, op } });
  const gentle = guest.health.firstAnswerAtMs !== null &&
    guest.pausedAtMs === undefined;
  work.actions.push({ kind: "stop", op, gentle });
}

export function isBlocked(work: Work): boolean {
  return work.vm.failure !== null && work.at < work.vm.failure.untilMs;
}
