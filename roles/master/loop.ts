/**
 * The tick loop: on signal and on period, and again after an error. Told
 * nothing about what changed.
 *
 * @module
 */
import type { Clock } from "../model/ports.ts";
import { BrokenInvariant } from "./core/plan_check.ts";
import type { MasterService } from "./service.ts";

/** Ticks in a row without a pause: a commit's way through all its steps takes fewer. */
const MAX_IN_A_ROW = 16;
/**
 * The pause after so many, or a period if that is shorter. Callers have their
 * turn between ticks as well: this bounds what a plan that never comes to rest
 * costs, and is short enough that orders of a busy hour are not late.
 */
const PAUSE_MS = 100;

/**
 * Runs until `signal` aborts; `onError` hears of ticks that failed, which the
 * next period repeats.
 *
 * @throws {BrokenInvariant} when a plan broke one: nothing of it is committed, and the process has to end.
 */
export async function runTickLoop(
  service: Pick<MasterService, "tick" | "hasWork" | "waitForWork">,
  options: {
    clock: Clock;
    tickMs: number;
    signal: AbortSignal;
    onError: (error: unknown) => void;
  },
): Promise<void> {
  const { clock, tickMs, signal, onError } = options;
  let inARow = 0;
  while (!signal.aborted) {
    try {
      // A turn first: who was answered by what woke us has the answer before we look at 1000 VMs again, which takes 3 ms.
      await clock.sleep(0, signal);
      if (signal.aborted) return;
      await service.tick();
      inARow = service.hasWork ? inARow + 1 : 0;
      if (inARow < MAX_IN_A_ROW) await service.waitForWork(tickMs, signal);
      else {
        inARow = 0;
        await clock.sleep(Math.min(PAUSE_MS, tickMs), signal);
      }
    } catch (error) {
      // A bug, which the next tick would only repeat.
      if (error instanceof BrokenInvariant) throw error;
      onError(error);
      await clock.sleep(tickMs, signal);
    }
  }
}
