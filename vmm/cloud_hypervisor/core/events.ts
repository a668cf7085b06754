/**
 * What cloud-hypervisor's event monitor writes, and what it tells about a VM's
 * end. Pure: takes text as it comes, keeps what is unfinished.
 *
 * Events are JSON objects over several lines with a blank line behind each.
 * What is no event is passed over: a guest decides how many there are (each
 * reset of a device is one), and a pipe that was full has lost some.
 *
 * ```text
 *  booted --guest powers off--> shutdown, deleted, vmm shutdown, process ends
 *         --guest resets------> rebooting, rebooted: it would run on
 *         --guest panics------> guest panic, then as it likes
 * ```
 *
 * @module
 */
import { z } from "zod";

/** One event takes some 200 bytes; what is longer than this and has no end is none. */
const MAX_UNFINISHED = 16 * 1024;

const Event = z.object({
  source: z.string().max(64),
  event: z.string().max(64),
});
export type VmmEvent = z.output<typeof Event>;

function eventOf(text: string): VmmEvent | null {
  try {
    const event = Event.safeParse(JSON.parse(text));
    return event.success ? event.data : null;
  } catch {
    return null;
  }
}

/** The events in `text`, and the rest, which may be the beginning of one. */
export function parseEvents(
  text: string,
): { events: VmmEvent[]; rest: string } {
  const parts = text.replaceAll("\0", "").split("\n\n");
  const rest = parts.pop() ?? "";
  const events = parts.map(eventOf).filter((event) => event !== null);
  return { events, rest: rest.length > MAX_UNFINISHED ? "" : rest };
}

/** What has been heard of a VM's end. */
export interface EndSigns {
  panicked: boolean;
  /** The guest reset itself: the VMM would boot it again. */
  reset: boolean;
  /** The VM was shut down in order. */
  shutdown: boolean;
}

export const NO_SIGNS: EndSigns = {
  panicked: false,
  reset: false,
  shutdown: false,
};

/** What is known after one more event. */
export function withEvent(signs: EndSigns, event: VmmEvent): EndSigns {
  switch (`${event.source} ${event.event}`) {
    case "guest panic":
      return { ...signs, panicked: true };
    case "vm rebooting":
      return { ...signs, reset: true };
    case "vm shutdown":
      return { ...signs, shutdown: true };
    default:
      return signs;
  }
}

/** How a VM ended that was not asked to. A reset begins with a shutdown, so it is looked for first. */
export function endOf(
  signs: EndSigns,
  lastWords: string,
): { clean: boolean; reason: string } {
  if (signs.panicked) return { clean: false, reason: "the guest panicked" };
  if (signs.reset) return { clean: false, reason: "the guest reset itself" };
  if (signs.shutdown) {
    return { clean: true, reason: "the guest powered itself off" };
  }
  return {
    clean: false,
    reason: lastWords === ""
      ? "the VMM ended without a word"
      : `the VMM ended: ${lastWords}`,
  };
}
