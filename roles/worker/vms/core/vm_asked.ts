/**
 * What people ask of one guest beside its order: a pause, a start now. The
 * order stays what counts: a change of it ends a paused guest as any other.
 * Pure.
 *
 * @module
 */
import { resumeHealth } from "./health.ts";
import { slept } from "./vm_events.ts";
import { isPaused } from "./vm_state.ts";
import { save, set, setLedger, stopGuest, type Work } from "./work.ts";

/** The time of a pause counts neither against a change nor for it. */
export function pausedOrResumed(work: Work, pauses: boolean): void {
  const { guest } = work.vm;
  if (guest.kind !== "on" || isPaused(work.vm) === pauses) return;
  if (pauses) {
    set(work, { guest: { ...guest, pausedAtMs: work.at } });
    setLedger(work, { pausedAtMs: work.at });
    return save(work, "progress");
  }
  const { pausedAtMs = work.at, ...running } = guest;
  const health = resumeHealth(guest.health, work.at);
  set(work, { guest: { ...running, health } });
  setLedger(work, { pausedAtMs: null });
  slept(work, work.at - pausedAtMs);
  save(work, "progress");
}

/** What waits for a back-off or was left by its policy need not any more. */
export function again(work: Work, stops: boolean): void {
  const { guest } = work.vm;
  if (guest.kind === "off" || guest.kind === "ended") {
    set(work, { failure: null, guest: { kind: "off", untilMs: work.at } });
  } else if (guest.kind === "on" && stops) {
    set(work, { failure: null });
    stopGuest(work, guest);
  }
}
