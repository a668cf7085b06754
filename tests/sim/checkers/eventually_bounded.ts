/**
 * Nothing piles up: sessions, what they hold, placements, waiting events.
 *
 * @module
 */
import type { Eventually } from "./checker.ts";

/** Connections of one worker in calm: its own, and one that a keep-alive has not yet found dead. */
const SESSIONS_PER_WORKER = 3;
/** Calls under way on one session: a poll and a report, and as many just ended. */
const MAX_CALLS = 8;
/** Capabilities one session holds: gate, session, link, the worker's own. */
const MAX_CAPABILITIES = 12;
/** Timers of one process: loops, time-outs of calls that have ended. */
const TIMERS_PER_PROCESS = 100;

export const eventuallyBounded: Eventually = (world) => {
  const { master, workers, transitions, kernel } = world;
  const most = workers.length * SESSIONS_PER_WORKER + 2;
  if (master.sessions.size > most) {
    return `the master holds ${master.sessions.size} sessions`;
  }
  for (const session of master.sessions) {
    const { questions, answers, exports, imports } = session.sizes();
    if (questions > MAX_CALLS || answers > MAX_CALLS) {
      return `a session with ${session.peer} has ${answers} answers and ${questions} questions open`;
    }
    if (exports > MAX_CAPABILITIES || imports > MAX_CAPABILITIES) {
      return `a session with ${session.peer} holds ${exports} exports and ${imports} imports`;
    }
  }
  const busy = workers.find(({ sessions }) => sessions > SESSIONS_PER_WORKER);
  if (busy !== undefined) return `${busy.name} holds ${busy.sessions} sessions`;
  const leaving = [...transitions.placements.values()].find((doc) =>
    doc.leaving
  );
  if (leaving !== undefined) {
    return `${leaving.vm} never left ${leaving.worker}`;
  }
  const events = (workers.length + 1) * TIMERS_PER_PROCESS;
  return kernel.pending > events ? `${kernel.pending} events wait` : null;
};
