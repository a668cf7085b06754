/**
 * How a guest that runs becomes another: switched inside, or restarted, and
 * why. Pure.
 *
 * @module
 */
import { switchHindrance } from "../../../model/user_space.ts";
import type { Target } from "./ledger.ts";
import type { GuestOn } from "./vm_state.ts";

/** How, and for a restart why, for people; empty when nobody would expect a switch. */
export type ChangeWay =
  | { readonly kind: "switch" }
  | { readonly kind: "restart"; readonly reason: string };

/**
 * Longest time a switch is given, whatever its deadline: a guest that takes
 * longer than ten minutes to start a few services would be up sooner by a boot.
 */
const MAX_SWITCH_MS = 600_000;

/** How this guest becomes `target`. */
export function changeWay(guest: GuestOn, target: Target): ChangeWay {
  const restart = (reason: string): ChangeWay => ({ kind: "restart", reason });
  const hindrance = switchHindrance(guest.target.spec, target.spec);
  if (hindrance !== null) {
    return restart(guest.target.spec.image.root === "store" ? hindrance : "");
  }
  if (guest.noSwitch !== undefined) return restart(guest.noSwitch);
  if (guest.pausedAtMs !== undefined) return restart("it is paused");
  return { kind: "switch" };
}

/** How long the switch to `target` may take. */
export function switchMs({ spec }: Target): number {
  return Math.min(MAX_SWITCH_MS, spec.update.healthyDeadlineMs);
}
