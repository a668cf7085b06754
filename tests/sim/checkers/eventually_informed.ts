/**
 * Who follows the events has read them all.
 *
 * @module
 */
import type { Eventually } from "./checker.ts";

export const eventuallyInformed: Eventually = ({ reader, transitions }) =>
  reader.after >= transitions.events
    ? null
    : `${transitions.events} events are committed, ${reader.after} are read`;
