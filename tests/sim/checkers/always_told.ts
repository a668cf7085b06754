/**
 * A worker that waits for orders is told at once: a poll that was open when its
 * orders changed is answered by then, unless something came in between. Claimed
 * where messages are never delayed for long.
 *
 * @module
 */
import type { MakeChecker } from "./checker.ts";

/** A commit on a slow disk and the slowest line there and back take less. */
const WITHIN_MS = 2500;
/** Keep-alives find a connection dead within less. */
const HALF_OPEN_MS = 60_000;
/** A poll that was opened this long ago has arrived. */
const ARRIVED_MS = 1500;

export const alwaysTold: MakeChecker = (
  { plan, trace, kernel, network, workers },
) => {
  if (plan.faults.has("delay")) return {};
  return {
    ordersCommitted(name, revision) {
      const worker = workers.find((each) => each.name === name);
      const poll = worker?.openPoll ?? null;
      if (worker === undefined || poll === null) return;
      if (network.isCut || kernel.nowMs - poll.begunMs < ARRIVED_MS) return;
      kernel.after(WITHIN_MS, () => {
        if (worker.openPoll !== poll) return;
        if (kernel.nowMs - network.disturbedMs < HALF_OPEN_MS) return;
        trace.broken(
          "always_told",
          `${name} still waits ${WITHIN_MS} ms after its orders rose to revision ${revision}`,
        );
      });
    },
  };
};
