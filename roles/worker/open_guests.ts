/**
 * Opens the way to the inside of this host's guests.
 *
 * @module
 */
import type { Clock, Random } from "../model/ports.ts";
import { GuestChannels, type Guests } from "../../vmm/guest/mod.ts";
import type { Vmm } from "../../vmm/mod.ts";

/** The stack ends it: no guest notices. */
export function openGuests(options: {
  vmm: Vmm;
  clock: Clock;
  random: Random;
  stack: AsyncDisposableStack;
}): Guests {
  const guests = new GuestChannels(options);
  options.stack.defer(() => guests.close());
  return guests;
}
