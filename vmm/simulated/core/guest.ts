/**
 * What a simulated guest is doing at a moment, by its script and the clock.
 * Time in which it was paused does not pass for it. Pure.
 *
 * @module
 */
import { type SimulatedScript, simulatedScript } from "./script.ts";

/** What of a simulated VM its guest depends on. */
export interface SimulatedGuest {
  readonly cmdline: string;
  readonly startedAtMs: number;
  /** Milliseconds it was paused for, before the pause it may be in. */
  readonly pausedMs?: number | undefined;
  readonly pausedAtMs?: number | undefined;
  /** It went on from a snapshot: this boot's log has nothing of its beginning. */
  readonly isRestored?: boolean | undefined;
}

/** How a guest ended by itself. */
export interface GuestEnd {
  clean: boolean;
  reason: string;
}

/** Scripts by guest: each is looked at many times. */
const scripts = new WeakMap<SimulatedGuest, SimulatedScript>();

export function scriptOf(guest: SimulatedGuest): SimulatedScript {
  let script = scripts.get(guest);
  if (script === undefined) {
    script = simulatedScript(guest.cmdline);
    scripts.set(guest, script);
  }
  return script;
}

/** For how long its processors have run. */
export function ageMs(guest: SimulatedGuest, nowMs: number): number {
  const { startedAtMs, pausedMs = 0, pausedAtMs } = guest;
  return (pausedAtMs ?? nowMs) - startedAtMs - pausedMs;
}

/** How it has ended by now; null while it runs. */
export function endOf(guest: SimulatedGuest, nowMs: number): GuestEnd | null {
  const { outcome, bootMs, afterMs } = scriptOf(guest);
  if (outcome !== "crash" && outcome !== "poweroff") return null;
  if (ageMs(guest, nowMs) < bootMs + afterMs) return null;
  return outcome === "poweroff"
    ? { clean: true, reason: "the VM ended: guest-shutdown" }
    : { clean: false, reason: "the VM ended: guest-panic" };
}

/** Whether it has booted, whoever it answers. */
function hasBooted(guest: SimulatedGuest, nowMs: number): boolean {
  const { outcome, bootMs } = scriptOf(guest);
  return outcome !== "never" && ageMs(guest, nowMs) >= bootMs &&
    endOf(guest, nowMs) === null;
}

/** Whether it answers now. */
export function isUp(guest: SimulatedGuest, nowMs: number): boolean {
  return guest.pausedAtMs === undefined && hasBooted(guest, nowMs);
}

/** What it has written by itself. */
export function logOf(guest: SimulatedGuest, nowMs: number): string {
  const isEnded = endOf(guest, nowMs) !== null;
  if (guest.isRestored === true) return isEnded ? "simulated: ended\n" : "";
  if (isEnded) return "simulated: booting\nsimulated: ended\n";
  return hasBooted(guest, nowMs)
    ? "simulated: booting\nsimulated: ready\nprocurator: ready\n"
    : "simulated: booting\n";
}
