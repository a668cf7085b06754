/**
 * A worker process' side of its host's guard: after the process' end it does
 * nothing and is told nothing.
 *
 * @module
 */
import type { SimulatedGuard } from "../../roles/worker/fencing/simulated_fence.ts";
import { never, type Process } from "./kernel.ts";

type Guarding = ReturnType<SimulatedGuard["fence"]>;

export function guardOf(guard: SimulatedGuard, process: Process): Guarding {
  const fence = guard.fence();
  process.onKill(() => void fence.close());
  const during = <T>(work: () => Promise<T>): Promise<T> =>
    process.isDead ? never() : process.alive(work());
  return {
    get state() {
      return fence.state;
    },
    extend: (deadlineMs) => during(() => fence.extend(deadlineMs)),
    watch: (onChange) => fence.watch(onChange),
    close: () => fence.close(),
    spawn: (start) => during(() => fence.spawn(start)),
    list: () => during(() => fence.list()),
    kill: (marker) => during(() => fence.kill(marker)),
    endOf: (marker) => during(() => fence.endOf(marker)),
  };
}
