/**
 * Decides whether an upstream is asked or passed over, by how it answered
 * before. A pass that comes once it was down for a while is its trial.
 *
 *     closed --- third failure in a row ---> open --- pause over ---> trying
 *       ^                                      ^                        |
 *       |                                      +------- failure --------+
 *       +------------------------- success -----------------------------+
 *
 * @module
 */

/** One failure is a lost packet, three in a row are an upstream that is down. */
const FAILURES = 3;
/** The first pause: about how long a service takes to restart. */
const FIRST_PAUSE_MS = 10_000;
/** Pauses double up to this: what it has is not there for our clients meanwhile. */
const MAX_PAUSE_MS = 60_000;
/** A trial that was never reported back counts as failed after this: longer than any answer's time-out. */
const TRIAL_MS = 2 * 60_000;

export type Circuit =
  | { state: "closed"; failures: number }
  | { state: "open"; untilMs: number; pauseMs: number; why: string }
  | { state: "trying"; sinceMs: number; pauseMs: number; why: string };

/** Of an upstream that nobody has asked yet, and of one that has just answered. */
export const FRESH: Circuit = { state: "closed", failures: 0 };

/** The circuit to go on with when it may be asked now, else undefined. */
export function ask(circuit: Circuit, nowMs: number): Circuit | undefined {
  switch (circuit.state) {
    case "closed":
      return circuit;
    case "open": {
      const { pauseMs, why, untilMs } = circuit;
      if (nowMs < untilMs) return undefined;
      return { state: "trying", sinceMs: nowMs, pauseMs, why };
    }
    case "trying":
      return nowMs - circuit.sinceMs < TRIAL_MS
        ? undefined
        : { ...circuit, sinceMs: nowMs };
  }
}

/** After it failed to answer. */
export function failed(
  circuit: Circuit,
  { nowMs, why }: { nowMs: number; why: string },
): Circuit {
  switch (circuit.state) {
    case "closed":
      return circuit.failures + 1 < FAILURES
        ? { state: "closed", failures: circuit.failures + 1 }
        : open(FIRST_PAUSE_MS, nowMs, why);
    case "open":
      // Of a request that began before it opened: known already.
      return circuit;
    case "trying":
      return open(Math.min(circuit.pauseMs * 2, MAX_PAUSE_MS), nowMs, why);
  }
}

function open(pauseMs: number, nowMs: number, why: string): Circuit {
  return { state: "open", untilMs: nowMs + pauseMs, pauseMs, why };
}

/** Why it is passed over, undefined when it is not. */
export function troubleOf(circuit: Circuit): string | undefined {
  return circuit.state === "closed" ? undefined : circuit.why;
}
