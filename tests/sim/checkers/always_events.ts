/**
 * A reader of events that resumes where it was has every event once: each is
 * the one that was committed under its number, without a gap or a double.
 *
 * @module
 */
import type { NewEvent } from "../../../roles/master/core/events.ts";
import type { MakeChecker } from "./checker.ts";

export const alwaysEvents: MakeChecker = ({ trace }) => {
  const committed: NewEvent[] = [];
  let last = 0;
  return {
    eventsCommitted: (events) => void committed.push(...events),
    eventRead({ index, subject, message }) {
      if (index !== last + 1) {
        trace.broken("always_events", `event ${index} is read after ${last}`);
      }
      last = index;
      const known = committed[index - 1];
      if (known?.subject === subject && known.message === message) return;
      trace.broken(
        "always_events",
        `event ${index} is read as "${subject}: ${message}", committed was "${known?.subject}: ${known?.message}"`,
      );
    },
  };
};
