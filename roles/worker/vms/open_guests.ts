/**
 * Opens the way to the inside of this host's guests.
 *
 * @module
 */
import type { Clock, Random } from "../../model/ports.ts";
import { GuestChannels, type Guests } from "../../../vmm/guest/mod.ts";
import type { Vmm } from "../../../vmm/mod.ts";

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

/** `switch`: a guest of this host sees closures that come after it, and can be told of them. Said either way: a configuration cannot claim it. */
export function switchAttributes(
  { capabilities }: Vmm,
  { store }: Readonly<Record<string, string>>,
): Record<string, string> {
  const can = capabilities.switch && capabilities.guestChannel;
  return { switch: String(can && store === "virtiofs") };
}
