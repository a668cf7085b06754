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

/** It stands still. One that is not kept is over with this process. */
export function paused(
  work: Work,
  { isKept = true }: { isKept?: boolean },
): void {
  const { guest } = work.vm;
  if (guest.kind !== "on" || isPaused(work.vm)) return;
  set(work, { guest: { ...guest, pausedAtMs: work.at } });
  if (!isKept) return;
  setLedger(work, { pausedAtMs: work.at });
  save(work, "progress");
}

/** The time of a pause counts neither against a change nor for it. */
export function resumed(work: Work): void {
  const { guest } = work.vm;
  if (guest.kind === "stopping") {
    // It may be found to run on.
    const { pausedAtMs: _, ...was } = guest.was;
    return set(work, { guest: { ...guest, was } });
  }
  if (guest.kind !== "on" || !isPaused(work.vm)) return;
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
