/**
 * Promises that wait for nothing but turns of the event loop, and for time on a
 * virtual clock.
 *
 * @module
 */
import type { VirtualClock } from "./virtual_clock.ts";

/** Between two moves of the clock: what is slept for by the second is woken near its time. */
const STEP_MS = 500;

/** Lets everything that waits for nothing but turns happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Moves time until `promise` has settled. */
export async function whileTimeGoes<T>(
  clock: VirtualClock,
  promise: Promise<T>,
): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  promise.then(over, over);
  for (await settle(); !isOver; await settle()) clock.advance(STEP_MS);
  return await promise;
}
