/**
 * Bounds how much runs at once: so many pieces of work run, so many wait in
 * line, the rest is refused.
 *
 * Owns the order: who came first runs first. Knows nothing of the work, and
 * has no timer: who waits for too long aborts.
 *
 * @module
 */
export { TurnsByKey } from "./by_key.ts";
export { Pace } from "./pace.ts";
export { Turns, type TurnsBounds } from "./turns.ts";
